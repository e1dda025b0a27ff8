"""``pytest --board``: with xdist a worker is a unit; what the rig ends is tried on another one. Also without xdist."""

import json
import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from plugin_runs import BOARD, digits_plan, pytest_in
from spread_watch import Watch

from harness.bench import lease, rackstate
from harness.evidence import read_record
from harness.evidence.history import History
from harness.plans.bench import load_bench
from harness.testing.rack import VirtualRack

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at locks in /proc")

FULL = os.environ.get("HIL_FULL") == "1"
OTHER = "cy8cproto_062_4343w"
TESTS = """
import os, signal
from pathlib import Path
import pytest

def note(dut, name):
    with open(name, "a") as file:
        file.write(f"{dut.uid} {os.environ.get('PYTEST_XDIST_WORKER')}\\n")

@pytest.mark.requires("camera")
def test_tagged(dut):
    note(dut, "tagged")

@pytest.mark.requires("camera", "oven")
def test_nowhere(dut):
    pass

@pytest.mark.requires("oven")
def test_nowhere_either():
    pass

@pytest.fixture(scope="class")
def shared():
    with open("shared", "a") as file:
        file.write("up\\n")
    yield
    with open("shared", "a") as file:
        file.write("down\\n")

@pytest.mark.requires("camera")  # which one unit has: with another, the two tests may run side by side
class TestShared:
    def test_one(self, shared):
        pass

    def test_two(self, shared):
        pass

def test_product(dut):
    note(dut, "product")
    assert False

@pytest.mark.board("nucleo_f446re")
def test_kills_once(dut, dataset):
    note(dut, "killed")
    if len(Path("killed").read_text().splitlines()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    dut.classify(dataset("digits").test[:5])
"""


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    """Two units of a kind and one of another, and where their state is kept."""
    with tempfile.TemporaryDirectory(prefix="hil-") as runtime, pytest.MonkeyPatch.context() as patched:
        patched.setenv("HIL_RUNTIME_DIR", runtime)  # the path of a Unix socket stays below 100 bytes
        patched.setenv("HIL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        with VirtualRack({BOARD: 2, OTHER: 1}, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
            yield rack


@pytest.fixture
def bench(rack):
    """The bench file with the second unit tagged; every unit is alive, free and good."""
    for uid in rack.uids:
        if not rack.alive(uid):
            rack.start(uid)
        rackstate.move(uid, rackstate.State.GOOD, reason="a new test", by="tests")
    rack.write(**{rack.uids[1].replace("-", "_"): {"tags": ["camera"]}})
    return rack.bench


def outcomes(path):
    return {
        case.get("name"): [child.tag for child in case if child.tag != "properties"]
        for case in ElementTree.parse(path).iter("testcase")
    }


def properties(path, name):
    return [
        each.get("value")
        for case in ElementTree.parse(path).iter("testcase")
        if case.get("name") == name
        for each in case.iter("property")
        if each.get("name") == "flaky"
    ]


def test_tests_go_to_units_that_can_run_them_and_a_killed_one_is_tried_on_another(rack, bench, tmp_path):
    (tmp_path / "test_mine.py").write_text(TESTS)
    with Watch(Path(os.environ["HIL_RUNTIME_DIR"]), f"HIL_WATCHED={tmp_path}".encode()) as watch:
        run = pytest_in(tmp_path, *("--board", "all", "--bench", bench, "-n", "9", "-rs"),
                        *("--report-dir", "out", "--junitxml", "j.xml", "test_mine.py"), HIL_WATCHED=str(tmp_path))  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 1, said
    assert re.search("2 failed, 4 passed, 4 skipped", said), said
    # As many as units work, each with its own.
    assert "hil: 3 of 9 workers: a worker is a unit, and 3 are free" in said
    assert sorted(re.findall(r"hil: gw\d: (\S+) \(", said)) == sorted(rack.uids)
    # The one that killed its worker was tried once more on the other unit of its kind, and nothing hides it.
    killed = (tmp_path / "killed").read_text().split()[::2]
    assert sorted(killed) == sorted(rack.uids[:2])
    assert re.search(rf"test_kills_once\S*: a first try on {killed[0]} ended as killed", said)
    assert rackstate.State.SUSPECT in {move.state for move in rackstate.moves(killed[0])}
    name = f"test_kills_once[{BOARD}]"
    assert outcomes(tmp_path / "j.xml")[name] == []
    (flaky,) = properties(tmp_path / "j.xml", name)
    assert flaky.startswith(f"a first try on {killed[0]} ended as killed")
    record = read_record(next((tmp_path / "out" / "tests").glob("*/test_kills_once*")))
    assert [(each.unit, each.ended) for each in record.tries] == [(killed[0], "killed")]
    strict = (tmp_path / "out" / "junit.xml").read_text()
    assert f"[[PROPERTY|flaky=a first try on {killed[0]} ended as killed" in strict
    assert "flakyError" not in strict
    # Tags are kept to; what no unit has is skipped with the reason; a fixture of a class is made once.
    assert set((tmp_path / "tagged").read_text().split()[::2]) == {rack.uids[1]}
    assert re.search(r"requires camera, oven: no nucleo_f446re of this bench has that", said)
    assert re.search(r"requires oven: no unit of this bench has that", said)
    assert (tmp_path / "shared").read_text().split() == ["up", "down"]
    # The product's failure is the product's.
    assert len((tmp_path / "product").read_text().splitlines()) == 2
    # No unit was used by two at once, and nobody has one now.
    assert set(watch.seen["reservations"]) >= set(rack.uids)
    assert set(watch.seen["leases"]) & set(rack.uids)
    assert watch.twice == []
    assert all(lease.holder(uid) is None for uid in rack.uids)


# Over xdist a killed worker is shown by default, and a dead unit by the campaign.
@pytest.mark.skipif(not FULL, reason="waits for a dead unit; with HIL_FULL=1")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=lambda it: "xdist" if it else "alone")
def test_what_a_dead_unit_ends_is_tried_on_another_one(rack, bench, workers, tmp_path):
    plan = digits_plan(tmp_path)
    dead, alive = rack.uids[:2]
    rack.kill(dead)
    run = pytest_in(tmp_path, *("--board", BOARD, "--bench", bench, "--samples", "10", *workers),
                    *("--report-dir", "out", plan), HIL_DB=f"sqlite:///{tmp_path}/history.db")  # fmt: skip
    said = run.stdout + run.stderr
    assert "1 passed" in said, said
    record = read_record(tmp_path / "out" / "digits" / BOARD / "digits_cnn_int8")
    assert record.unit.uid == alive
    if not record.tries:
        pytest.skip("the unit that lives was free first")
    (earlier,) = record.tries
    assert (earlier.unit, earlier.ended, earlier.folder) == (dead, "error", "try1")
    first = read_record(tmp_path / "out" / "digits" / BOARD / "digits_cnn_int8" / "try1")
    assert first.verdict == "error"
    assert f"a first try on {dead} ended as error" in said
    (entry,) = json.loads((tmp_path / "out" / "run.json").read_text())["entries"]
    assert entry["verdict"] == "pass"
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        assert {run.run_id for run in history.runs()} == {record.run_id, first.run_id}


def test_what_no_unit_is_left_for_ends_as_an_error_with_its_record(rack, bench, tmp_path):
    digits_plan(tmp_path)
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")
    with lease.reserve(rack.uids[2], what="somebody else"):
        run = pytest_in(tmp_path, *("--board", BOARD, "--board", OTHER, "--bench", bench, "--samples", "5", "-n", "auto"),
                        *("--report-dir", "out", "testplans", "test_plain.py"))  # fmt: skip
    said = run.stdout + run.stderr
    assert re.search("2 passed, 1 error", said), said
    record = read_record(tmp_path / "out" / "digits" / OTHER / "digits_cnn_int8")
    assert record.verdict == "error"
    assert record.reasons[0] == f"not run: no {OTHER} is left"
    assert "somebody else" in record.reasons[1]


@pytest.mark.skipif(not FULL, reason="with HIL_FULL=1")
def test_a_case_that_spreads_its_samples_has_the_units_of_idle_workers(rack, bench, tmp_path):
    plan = digits_plan(tmp_path)
    plan.write_text(plan.read_text() + "shards: auto\n")
    run = pytest_in(tmp_path, *("--board", "all", "--bench", bench, "-n", "auto", "--samples", "60"),
                    *("--report-dir", "out", plan))  # fmt: skip
    said = run.stdout + run.stderr
    assert "2 passed" in said, said
    assert f"hil: digits/{BOARD}/digits_cnn_int8 has 1 more unit" in said
    record = read_record(tmp_path / "out" / "digits" / BOARD / "digits_cnn_int8")
    assert sorted(share.unit.uid for share in record.units) == sorted(rack.uids[:2])
    assert all(lease.holder(uid) is None for uid in rack.uids)
    assert not list((Path(os.environ["HIL_RUNTIME_DIR"]) / "loans").glob("*.json"))


def test_what_goes_wrong_when_a_shared_fixture_is_taken_down_is_an_error_of_the_test_before(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "import pytest\n"
        "@pytest.fixture(scope='session', autouse=True)\n"
        "def shared():\n"
        "    yield\n"
        "    raise RuntimeError('it does not come down')\n"
        "@pytest.mark.parametrize('n', range(2))\n"
        "def test_plain(n):\n"
        "    pass\n"
    )
    run = pytest_in(tmp_path, "--board", BOARD, "--backend", "virtual", "-n", "1", "test_mine.py")
    assert "2 passed, 1 error" in run.stdout, run.stdout
    assert "ERROR test_mine.py::test_plain[1] - RuntimeError: it does not come down" in run.stdout
    assert "INTERNALERROR" not in run.stdout


def test_a_way_of_xdist_that_knows_nothing_of_boards_is_refused_with_the_reason(tmp_path):
    digits_plan(tmp_path)
    run = pytest_in(tmp_path, "--board", BOARD, "-n", "2", "--dist", "loadgroup")
    assert run.returncode == 4, run.stdout + run.stderr
    assert "--dist loadgroup does not go with --board: it pins tests to workers by a name" in run.stderr


def test_a_plan_that_requires_a_tag_is_skipped_where_no_unit_has_it(tmp_path):
    plan = digits_plan(tmp_path)
    plan.write_text(plan.read_text() + "requires: oven\n")
    run = pytest_in(tmp_path, "--board", BOARD, "--backend", "virtual", plan)
    assert "1 skipped" in run.stdout, run.stdout + run.stderr
    assert re.search(
        rf"SKIP +digits/{BOARD}/digits_cnn_int8 +requires oven: there is no bench with a {BOARD}", run.stdout
    )


def test_the_bench_file_of_the_rack_is_what_these_tests_take_it_for(rack, bench):
    assert [unit.tags for unit in load_bench(bench).units] == [(), ("camera",), ()]

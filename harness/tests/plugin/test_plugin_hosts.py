"""A host that does not answer costs a run what its first test on it waited for, and not as much for each of its units."""

import os
import shlex
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plugin_runs import BOARD, pytest_in

from harness.bench import remote
from harness.bench.places import Place
from harness.bench.remote import ssh
from harness.bench.sources.local import Local
from harness.farm.schedule import Job, Outcome, Schedule
from harness.findings import RigFault
from harness.plugin.ours import RECORD
from harness.plugin.spread.crew import Crew
from harness.plugin.spread.hosts import SCOUTS, Hosts
from harness.plugin.spread.pool import Pool
from harness.records import Record, UnitFacts, Verdict
from harness.testing.rack import VirtualRack

FAR = [Place(BOARD, f"f{n}", "/dev/x", via="far") for n in range(3)]
NEAR = Place(BOARD, "n0", "/dev/x")


def said(whose=None, *, unit=True):
    """The properties of a report whose case met a unit, or was ended by its host."""
    rig = RigFault(whose=whose, unit="", row="rig", wedged=False) if whose else None
    now = datetime.now(UTC)
    why = ("the host does not answer\n  where:    far",) if whose == "host" else ()
    record = Record(
        run_id="r", case_id="p/b/m", started=now, finished=now, verdict=Verdict.ERROR if whose else Verdict.PASS, reasons=why,
        plan="p", board="b", model="m", unit=UnitFacts(uid="u") if unit else None, backend="probe", evidence="emulated",
        firmware=None, dataset=None, reference=None, link=None, rig=rig,
    )  # fmt: skip
    return [(RECORD, record.model_dump_json(by_alias=True))]


GONE, MET = said("host", unit=False), said()


def test_a_host_is_gone_from_a_test_that_it_has_ended_until_one_of_its_units_is_met():
    hosts = Hosts()
    assert hosts.heard(FAR[0], said("unit")) is None
    assert "host far cannot be reached" in hosts.heard(FAR[0], GONE)
    assert all(map(hosts.is_gone, FAR))
    assert not hosts.is_gone(NEAR)
    assert hosts.heard(FAR[1], []) is None  # a test that met no unit says nothing
    assert hosts.is_gone(FAR[2])
    assert hosts.heard(FAR[1], MET) == "host far is reached again"
    assert not hosts.is_gone(FAR[2])


def test_what_goes_wrong_on_this_host_itself_is_told_of_no_other():
    hosts = Hosts()
    assert hosts.heard(NEAR, GONE) is None
    assert not hosts.is_gone(NEAR)


def test_tests_that_a_host_takes_along_are_no_scouts_and_so_many_scouts_give_it_up():
    hosts = Hosts()
    for place in FAR:
        hosts.heard(place, GONE)
    assert hosts.given_up(FAR[0]) is None
    for n in range(SCOUTS):
        assert hosts.given_up(FAR[1]) is None, n
        hosts.begin(FAR[1])
        assert hosts.has_scout(FAR[2])
        told = hosts.heard(FAR[1], GONE)
        assert not hosts.has_scout(FAR[2])
    assert (
        told
        == f"no unit of it is tried any more: its host far could not be reached {SCOUTS + 1} times: the host does not answer"
    )
    assert hosts.given_up(FAR[0])
    assert hosts.given_up(NEAR) is None


def test_a_scout_that_is_given_back_scouts_no_more():
    hosts = Hosts()
    hosts.heard(FAR[0], GONE)
    hosts.begin(FAR[1])
    hosts.end("f1")
    assert not hosts.has_scout(FAR[0])


def test_a_unit_of_a_gone_host_gets_as_the_only_one_there_what_nobody_else_can_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path))
    pool = Pool([*FAR, NEAR], Local(None), "a test")
    crew = object.__new__(Crew)  # what it decides, without a run of pytest
    crew.pool, crew.virtual, crew._units = pool, frozenset(), {"gw0": FAR[0], "gw1": FAR[1], "gw2": NEAR}
    plan = Schedule((Job("any", frozenset([BOARD])), Job("far", frozenset([BOARD]), uid="f1"), Job("plain")))
    for worker in crew._units:
        plan.add_worker(crew.as_worker(worker))
    pool.hosts.heard(FAR[0], GONE)
    assert plan.peek(crew.as_worker("gw0"), crew.only(FAR[0], plan)).id == "plain"
    assert plan.next_for("gw1", crew.only(FAR[1], plan)).id == "far"
    pool.hosts.begin(FAR[1])
    assert plan.next_for("gw2", crew.only(NEAR, plan)).id == "any"
    plan.done("gw2", "any", Outcome.ERROR)  # a second try, and nobody else for it: but one scout is enough
    assert plan.peek(crew.as_worker("gw0"), crew.only(FAR[0], plan)).id == "plain"
    assert plan.peek(crew.as_worker("gw2"), crew.only(NEAR, plan)).id == "plain"
    pool.hosts.end("f1")
    assert plan.next_for("gw0", crew.only(FAR[0], plan)).id == "any"
    assert [place.uid for place in pool.may_come()] == ["n0", "f0", "f1", "f2"]


SSH = """
    import os, sys
    host, command = sys.argv[-2:]
    if host == "dead":
        with open("asked", "a") as file:
            file.write("once\\n")
        print("ssh: connect to host dead port 22: Connection timed out", file=sys.stderr)
        sys.exit(255)
    os.execv(sys.executable, [sys.executable, "-m", "harness.testing.far_host", host, command])
"""
TESTS = """
    import pytest

    @pytest.mark.parametrize("n", range(6))
    def test_one(dut, dataset, n):
        assert dut.classify(dataset("digits").test[:2]).lost == 0
"""


def test_what_is_said_of_a_host_that_is_gone_is_what_the_link_says():
    said = "".join(path.read_text() for path in Path(remote.__file__).parent.glob("*.py") if path.name != "ssh.py")
    said += Path(ssh.__file__).read_text().partition("GONE")[2].partition("}")[2]
    known = {what for _, what, _ in (*ssh._OF_SSH, *ssh._OF_SHELL)}
    assert [what for what in ssh.GONE - known if f'"{what}"' not in said] == []


@pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="flashes units; with HIL_FULL=1")
@pytest.mark.parametrize(("workers", "most"), [((), 1), (("-n", "4"), 2)], ids=["alone", "xdist"])
def test_a_dead_host_is_asked_by_the_tests_that_meet_it_first_and_by_no_other(workers, most, tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "ssh.py").write_text(textwrap.dedent(SSH))
    (tmp_path / "test_mine.py").write_text(textwrap.dedent(TESTS))
    python = shlex.quote(sys.executable)
    with VirtualRack({BOARD: 4}, tmp_path / "bench.yaml", prefix="h") as rack:
        rack.bench.rename(tmp_path / "there.yaml")
        hosts = zip(rack.uids, ("dead", "dead", "near", "near"), strict=True)
        rack.write(**{uid.replace("-", "_"): {"via": host} for uid, host in hosts})
        run = pytest_in(
            tmp_path, "--board", BOARD, "--bench", rack.bench, "--report-dir", "out", *workers, "test_mine.py",
            HIL_SSH=f"{python} {shlex.quote(str(tmp_path / 'ssh.py'))}",
            HIL_UNIT_SERVER=f"{python} -m harness unit-server --bench {shlex.quote(str(tmp_path / 'there.yaml'))}",
        )  # fmt: skip
    assert "6 passed" in run.stdout, run.stdout + run.stderr
    assert "host dead cannot be reached" in run.stdout
    assert 1 <= len((tmp_path / "asked").read_text().splitlines()) <= most

"""What the safety valve has stopped gets to no unit, over xdist and alone; tests of other images go on."""

import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from plugin_runs import BOARD, digits_plan, pytest_in

from harness.bench import rackstate
from harness.bench.boards import load_board
from harness.evidence import read_record
from harness.farm import valve
from harness.models import load_model
from harness.run.options import RunOptions
from harness.run.product import product_for
from harness.testing.rack import VirtualRack

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="virtual units")

TESTS = """
import pytest

@pytest.fixture(scope="module", autouse=True)
def torn_down():
    yield
    open("torn down", "a").write("once ")

def test_of_the_same_image(dut, dataset):
    dut.classify(dataset("digits").test[:5], model="digits_cnn_int8")

def test_of_another_image(dut, dataset):
    assert dut.classify(dataset("digits").test[:5], model="digits_cnn_f32").lost == 0

def test_that_is_stopped(dut):
    open("begun", "w")
"""


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with VirtualRack({BOARD: 2}, tmp_path_factory.mktemp("rack") / "bench.yaml", prefix="s") as rack:
        yield rack


def stop(what, name, *tests):
    valve._write(
        valve.Stop(what, name, "3 of 8 units would be suspect by it", datetime.now(UTC) + timedelta(hours=1), tests)
    )


WAYS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=lambda it: "xdist" if it else "alone")


@pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="flashes units; with HIL_FULL=1")
@WAYS
def test_what_is_stopped_ends_as_an_error_with_one_record_and_no_unit_sees_it(rack, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    image = product_for(load_model("digits_cnn_int8"), load_board(BOARD), RunOptions(), 600.0).elf_sha256
    stop("image", image, "elsewhere/b/m")
    stop("test", f"test_mine.py::test_that_is_stopped[{BOARD}] #2")
    digits_plan(tmp_path)
    (tmp_path / "test_mine.py").write_text(TESTS)
    run = pytest_in(tmp_path, *("--board", BOARD, "--bench", rack.bench, "--samples", "5", "--report-dir", "out"),
                    *(*workers, "testplans", "test_mine.py"))  # fmt: skip
    said = run.stdout + run.stderr
    assert "1 passed, 3 errors" in said, said
    shut = f"the safety valve is shut: image {image[:12]} is stopped: 3 of 8 units would be suspect by it"
    assert f"not run: test test_mine.py::test_that_is_stopped[{BOARD}] #2 is stopped: 3 of 8 units" in said
    assert "once more on" not in said  # another unit would not see it either
    records = {record.case_id: record for record in map(read_record, (tmp_path / "out").rglob("record.json"))}
    assert sorted(record.verdict for record in records.values()) == ["error", "error", "pass"]
    plans = records[f"digits/{BOARD}/digits_cnn_int8"]
    assert plans.reasons[0].startswith(shut)
    assert (plans.rig.whose, plans.unit, plans.firmware.elf_sha256) == ("nobody", None, image)
    assert not (tmp_path / "begun").exists()
    assert set((tmp_path / "torn down").read_text().split()) == {"once"}
    assert rackstate.moves() == ()


@WAYS
def test_a_plan_that_is_stopped_leaves_its_record_and_names_the_way_out(rack, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    case = f"digits/{BOARD}/digits_cnn_int8"
    stop("test", case)
    run = pytest_in(tmp_path, *("--board", BOARD, "--bench", rack.bench, *workers, "--report-dir", "out"),
                    *(digits_plan(tmp_path),))  # fmt: skip
    assert "1 error" in run.stdout, run.stdout + run.stderr
    (record,) = map(read_record, (tmp_path / "out").rglob("record.json"))
    assert record.reasons[0] == f"not run: test {case} is stopped: 3 of 8 units would be suspect by it"
    assert "--forget-stops" in record.reasons[1]


def test_an_image_that_was_built_anew_is_run_although_the_test_had_a_stopped_one(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    stop("image", "3f" * 32, "digits/b/m")
    assert valve.stopped(test="digits/b/m") is not None
    assert valve.stopped(test="digits/b/m", image=valve.NOT_BUILT) is None
    valve.check("digits/b/m", "4e" * 32)
    with pytest.raises(valve.Stopped, match="image 3f3f3f3f3f3f is stopped"):
        valve.check("another/b/m", "3f" * 32)

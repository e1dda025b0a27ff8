"""A test with ``dut`` fails for a wrong product only."""

import xml.etree.ElementTree as ET

from plugin_runs import BOARD, cases_folder, digits_plan, pytest_in

TESTS = """
import pytest
from harness.errors import BenchError, DeviceError, HarnessBug, MisuseError

pytestmark = pytest.mark.board("nucleo_f446re")


@pytest.fixture
def dut():
    return None  # what a board does is tested elsewhere; here, what becomes of an error


def test_wrong_product(dut):
    raise DeviceError("silent")

def test_assertion(dut):
    assert 0.9 > 0.95

def test_a_fault_of_the_test(dut):
    {}["x"]

def test_rig(dut):
    raise BenchError("the port is gone")

def test_misuse(dut):
    raise MisuseError("no such model")

def test_bug(dut):
    raise HarnessBug("cannot be")

def test_traceback_from_us(dut):
    from harness.plans import load
    load(None)

def test_rig_without_a_board():
    raise BenchError("not ours to judge")

def test_no_data(dut, dataset):
    dataset("npz", path="nowhere.npz").test
"""


def test_only_evidence_against_the_product_is_a_failure(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    done = pytest_in(tmp_path, "--junitxml", "junit.xml", "-p", "no:xdist", TMPDIR=str(tmp_path))
    outcome = {
        case.get("name"): child.tag
        for case in ET.parse(tmp_path / "junit.xml").iter("testcase")
        for child in case
        if child.tag in ("failure", "error", "skipped")
    }
    assert outcome == {
        "test_wrong_product": "failure",
        "test_assertion": "failure",
        "test_a_fault_of_the_test": "failure",
        "test_rig": "error",
        "test_misuse": "error",
        "test_bug": "error",
        "test_traceback_from_us": "error",
        "test_rig_without_a_board": "failure",
        "test_no_data": "skipped",
    }, done.stdout
    assert done.stdout.count("hil itself is at fault") == 2
    assert len(list(tmp_path.glob("hil-fault-*.txt"))) == 2


def test_a_traceback_of_ours_in_a_plan_is_an_error_with_a_file_in_the_report(tmp_path):
    digits_plan(tmp_path)
    (tmp_path / "conftest.py").write_text(
        "import harness.run.runner\n\ndef broken(*_, **__):\n    {}['x']\n\nharness.run.runner.run_case = broken\n"
    )
    done = pytest_in(tmp_path, "--board", BOARD, "--report-dir", "out")
    assert "1 error" in done.stdout
    assert "failed" not in done.stdout
    assert "hil itself is at fault: KeyError" in done.stdout
    assert len(list(cases_folder(tmp_path).glob("hil-fault-*.txt"))) == 1

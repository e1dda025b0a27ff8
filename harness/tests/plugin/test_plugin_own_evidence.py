"""Tests of a user's own leave evidence like plans: in the folder, on the terminal, in the verdict; also over xdist."""

import json
import re
import xml.etree.ElementTree as ET

from plugin_runs import BOARD, pytest_in

from harness.evidence.history import History

TESTS = """
import pytest

pytestmark = pytest.mark.board("nucleo_f446re")

def test_good(dut, dataset):
    run = dut.classify(dataset("digits").test[:60])
    run.gate("accuracy >= 0.95")
    assert run.metric("f1.macro") > 0.9

def test_own_assert(dut, dataset):
    run = dut.classify(dataset("digits").test[:20])
    assert run.accuracy >= 1.5

def test_hard(dut, dataset):
    run = dut.classify(dataset("digits").test[:20], decide="threshold > 0.99")
    run.gate("unknown_rate <= 0.001")

class TestSoft:
    @pytest.mark.parametrize("n", [20])
    def test_two(self, dut, dataset, n):
        run = dut.classify(dataset("digits").test[:n], decide="threshold > 0.99")
        run.gate("unknown_rate <= 0.001", soft=True)
        run.gate("accuracy >= 0.999", soft=True)
        dut.classify(dataset("digits").test[:10]).gate("accuracy >= 0.9")

def test_undecided(dut, dataset):
    run = dut.classify(dataset("digits").test[:20])
    run.gate("latency_us.p99 <= 3000")

def test_no_figure(dut, dataset):
    assert dut.classify(dataset("digits").test[:5]).metric("latency_us.p99") < 3000
"""


def section(run, name):
    found = re.search(rf"^_+ {re.escape(name)} _+\n(.*?)\n(?=_{{3,}} |=+ )", run.stdout, re.DOTALL | re.MULTILINE)
    assert found, run.stdout + run.stderr
    return found[1].splitlines()


def test_each_use_of_dut_has_its_record_its_table_and_its_say_in_the_verdict(tmp_path):
    (tmp_path / "test_mine.py").write_text(TESTS)
    options = ("--backend", "virtual", "--report-dir", "out", "--junitxml", "j.xml", "-n", "2")
    run = pytest_in(tmp_path, *options, CI="1", HIL_DB=f"sqlite:///{tmp_path}/history.db")
    assert run.returncode == 1, run.stdout + run.stderr
    outcome = {
        case.get("name").partition("[")[0]: next((c.tag for c in case if c.tag != "properties"), "passed")
        for case in ET.parse(tmp_path / "j.xml").iter("testcase")
    }
    assert outcome == {
        "test_good": "passed",
        "test_own_assert": "failure",
        "test_hard": "failure",
        "test_two": "failure",
        "test_undecided": "skipped",
        "test_no_figure": "skipped",
    }
    below = tmp_path / "out" / "tests" / "test_mine"
    records = {str(path.parent.relative_to(below)): json.loads(path.read_text()) for path in below.rglob("record.json")}
    soft = f"TestSoft.test_two[{BOARD}-20]"
    assert {name: record["verdict"] for name, record in records.items()} == {
        f"test_good[{BOARD}]": "pass",
        f"test_own_assert[{BOARD}]": "fail",
        f"test_hard[{BOARD}]": "fail",
        soft: "fail",
        f"{soft}/2": "pass",
        f"test_undecided[{BOARD}]": "inconclusive",
        f"test_no_figure[{BOARD}]": "inconclusive",
    }
    for path in below.rglob("record.json"):
        assert {"samples.npz", "junit.xml", "report.html", "summary.md"} <= {
            each.name for each in path.parent.iterdir()
        }
    # Two workers have written them into the history, under the name of one run.
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        rows = history.runs()
    assert {row.run_id: row.verdict for row in rows} == {r["run_id"]: r["verdict"] for r in records.values()}
    assert len({row.session for row in rows}) == 1
    # What reaches the terminal is what was written.
    for record in records.values():
        assert f"{record['verdict'].upper()}  {record['case_id']}  " in run.stdout
    assert f"reports: {tmp_path / 'out'}" in run.stdout
    # Few lines, all that is wrong, and where the reports are.
    for name, head in (
        (f"test_hard[{BOARD}]", ["gate broken: unknown_rate <= 0.001"]),
        (f"TestSoft.test_two[{BOARD}-20]", ["gate broken: unknown_rate", "gate broken: accuracy"]),
        (f"test_own_assert[{BOARD}]", []),
    ):
        lines = [line for line in section(run, name) if not line.startswith("[gw")]
        assert len(lines) <= 15, lines
        assert [line[: len(start)] for line, start in zip(lines, head, strict=False)] == head
        assert any(line.startswith(f"reports: {below}") for line in lines), lines
    assert "met in:   test_mine.py:17" in "\n".join(section(run, f"test_hard[{BOARD}]"))
    assert ": stream" not in run.stdout  # a worker has no terminal to show progress on


def test_a_rig_that_is_not_there_leaves_its_record_and_progress_is_plain_without_a_terminal(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        TESTS.partition("def test_own_assert")[0] + "    dut.classify(dataset('digits').test[:5], samples=6)\n"
    )
    run = pytest_in(tmp_path, "--backend", "probe", "--report-dir", "out", CI="1")
    assert run.returncode == 1
    record = json.loads((tmp_path / "out" / "tests" / "test_mine" / f"test_good[{BOARD}]" / "record.json").read_text())
    assert record["verdict"] == "error"
    assert "no nucleo_f446re is attached" in record["reasons"][0]
    assert f"ERROR  test_mine.py::test_good[{BOARD}]  the rig is wrong" in run.stdout
    lines = section(run, f"ERROR at setup of test_good[{BOARD}]")
    assert len(lines) <= 15
    assert any(line.startswith("reports: ") for line in lines)

    again = pytest_in(tmp_path, "--backend", "virtual", "--report-dir", "out", CI="1")
    assert f"test_mine.py::test_good[{BOARD}]: stream" in again.stdout
    record = json.loads((tmp_path / "out" / "tests" / "test_mine" / f"test_good[{BOARD}]" / "record.json").read_text())
    # Its gate holds; what ended the test then was its own mistake, and is an error of its own.
    assert record["verdict"] == "pass"
    assert "the dataset has fewer samples than the plan asks for" in again.stdout
    assert "1 error" in again.stdout

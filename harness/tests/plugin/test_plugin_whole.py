"""The reports of the whole run, as pytest leaves them."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from plugin_runs import BOARD, digits_plan, pytest_in, without_data

from harness.evidence import read_record
from harness.evidence.history import History
from harness.paths import shipped

MODEL = "digits_cnn_int8"


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["alone", "xdist"])
def mixed(request, tmp_path_factory):
    """A plan that passes, one that fails, one that cannot be read, one without its data, and a test that is not ours."""
    folder = tmp_path_factory.mktemp("mixed")
    plan = digits_plan(folder)
    text = plan.read_text().replace("name: digits\ntitle", "name: {}\ntitle")
    plan.with_name("strict.yaml").write_text(text.format("strict").replace("accuracy >= 0.95", "accuracy <= 0.125"))
    plan.with_name("typo.yaml").write_text(text.format("typo").replace("decide:", "decode:"))
    shutil.copy(shipped("testplans") / "mnist.yaml", plan.with_name("mnist.yaml"))
    more = ("--samples", "40", "--continue-on-collection-errors", *request.param)
    kept = {"HIL_DB": f"sqlite:///{folder}/kept/history.db"}
    run = pytest_in(folder, "--board", BOARD, *more, **without_data(folder), **kept)
    return folder, run


def test_what_the_cases_came_to_is_in_the_history(mixed):
    folder, run = mixed
    name = (folder / "hil-reports" / "latest").resolve().name
    with History.open(f"sqlite:///{folder}/kept/history.db") as history:
        rows = history.runs()
        assert {row.case_id: row.verdict for row in rows} == {
            f"digits/{BOARD}/{MODEL}": "pass",
            f"strict/{BOARD}/{MODEL}": "fail",
        }, run.stdout
        for row in rows:
            assert (row.session, row.folder) == (name, f"{name}/{row.case_id}")
            record = read_record(folder / "hil-reports" / row.folder)
            assert (history.load(row.run_id).record, len(history.load(row.run_id).samples.ids)) == (record, 40)
    assert "not in the history" not in run.stdout


def test_the_runs_folder_tells_of_every_case_and_of_what_could_not_begin(mixed):
    folder, run = mixed
    root = (folder / "hil-reports" / "latest").resolve()
    assert f"reports: {root}" in run.stdout, run.stdout
    told = json.loads((root / "run.json").read_text())
    assert {entry["id"]: entry["verdict"] for entry in told["entries"]} == {
        f"digits/{BOARD}/{MODEL}": "pass",
        f"strict/{BOARD}/{MODEL}": "fail",
    }, run.stdout
    assert told["verdict"] == "fail"
    assert told["command"]["words"][0] == "pytest"
    assert "--board" in told["command"]["words"]
    assert told["command"]["exit_status"] == run.returncode == 1
    assert [case["id"] for case in told["refused"]] == ["testplans/typo.yaml"]
    assert sorted(case["id"] for case in told["skipped"]) == [
        f"mnist/{BOARD}/mnist_f446_{kind}" for kind in ("f32", "int8")
    ]
    assert told["interrupted"] == []
    assert (root / "index.html").read_text().count("report.html") >= 4
    assert (root / "summary.md").read_text().startswith("## ❌ FAIL: 1 fail, 1 pass, 2 skipped, 1 not begun")
    suites = {s.get("name"): s for s in ElementTree.parse(root / "junit.xml").iter("testsuite")}
    assert (suites["strict"].get("failures"), suites["digits"].get("failures")) == ("1", "0")


def test_a_run_without_boards_leaves_nothing(tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n")
    assert "1 passed" in pytest_in(tmp_path).stdout
    assert "1 passed" in pytest_in(tmp_path, "-n", "1").stdout
    assert not (tmp_path / "hil-reports").exists()


def test_only_collecting_leaves_nothing(tmp_path):
    digits_plan(tmp_path)
    assert pytest_in(tmp_path, "--board", BOARD, "--collect-only").returncode == 0
    assert not (tmp_path / "hil-reports").exists()


def test_a_run_that_is_named_elsewhere_is_not_the_latest_and_git_sees_none_in_hil_reports(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    digits_plan(tmp_path)
    pytest_in(tmp_path, "--board", BOARD, "--samples", "10", "--report-dir", "out")
    assert (tmp_path / "out" / "run.json").is_file()
    assert not (tmp_path / "hil-reports").exists()
    pytest_in(tmp_path, "--board", BOARD, "--samples", "10")
    status = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=tmp_path, capture_output=True, text=True)
    assert "out/run.json" in status.stdout
    assert "hil-reports" not in status.stdout


def test_a_fault_of_ours_in_a_summary_hides_no_verdict(tmp_path):
    digits_plan(tmp_path)
    (tmp_path / "conftest.py").write_text(
        "from harness.evidence.runreports import index\n\ndef broken(*_):\n    {}['x']\n\nindex.render = broken\n"
    )
    done = pytest_in(tmp_path, "--board", BOARD, "--samples", "30")
    assert "1 passed" in done.stdout, done.stdout
    assert "hil itself is at fault: KeyError" in done.stdout


def test_a_disk_that_takes_no_summary_changes_no_verdict_and_is_told(tmp_path):
    digits_plan(tmp_path)
    (tmp_path / "conftest.py").write_text(
        "from harness.evidence.runreports import index\n\n"
        "def full(*_):\n    raise OSError(28, 'No space left on device')\n\nindex.render = full\n"
    )
    done = pytest_in(tmp_path, "--board", BOARD, "--samples", "30", HIL_DB="sqlite:////dev/null/history.db")
    assert done.returncode == 0, done.stdout
    assert "1 of this run's records is not in the history: the history's folder cannot be made" in done.stdout
    assert "hil history import" in done.stdout
    assert "1 passed" in done.stdout
    assert "the summary of the run could not be written: [Errno 28] No space left on device" in done.stdout

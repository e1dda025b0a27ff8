"""`pytest --board NAME` from outside."""

import json
import os
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from plugin_runs import BOARD, cases_folder, digits_plan, pytest_in

from harness.bench.boards import load_board
from harness.models import metadata
from harness.paths import shipped
from harness.run.product import build_product


@pytest.fixture(scope="module")
def passed(tmp_path_factory):
    """One good run, looked at by several tests."""
    folder = tmp_path_factory.mktemp("good")
    digits_plan(folder)
    run = pytest_in(folder, "--board", BOARD, "--samples", "60", "--report-dir", "out", "--junitxml", "pytest.xml")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder, run


def test_board_alone_runs_the_plans_of_the_folder_and_says_what_it_ran_on(passed):
    _, run = passed
    assert "1 passed" in run.stdout
    assert f"hil: {BOARD}: virtual board (emulated: no cycles, no latency)" in run.stdout
    assert "virtual board: no cycles, no latency" in run.stdout
    assert "hil: at most 60 samples (--samples)" in run.stdout
    assert "shortened by --samples: 60 of 450 samples" in run.stdout
    for word in ("accuracy", "agreement", "flash_bytes", "link", "PASS"):
        assert word in run.stdout
    assert "samples_per_s" not in run.stdout, "how fast an emulator streams is no measurement"


def test_the_junit_file_of_pytest_itself_says_what_makes_the_verdict_worth_less(passed):
    folder, _ = passed
    (case,) = ElementTree.parse(folder / "pytest.xml").iter("testcase")
    said = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert said["evidence"] == "emulated"
    assert said["extent"] == "shortened by --samples: 60 of 450 samples"
    assert "no cycles" in said["note"]


def test_the_report_directory_has_its_five_files(passed):
    folder, _ = passed
    names = {path.name for path in cases_folder(folder).iterdir()}
    assert names == {"record.json", "samples.npz", "junit.xml", "report.html", "summary.md"}


def test_the_record_says_what_tools_rely_on(passed):
    folder, _ = passed
    record = json.loads((cases_folder(folder) / "record.json").read_text())
    assert record["schema"] == "hil.record/1"
    assert (record["verdict"], record["backend"], record["evidence"]) == ("pass", "virtual", "emulated")
    assert record["firmware"]["verified"] is True
    assert (record["dataset"]["n"], record["dataset"]["planned"]) == (60, 450)
    assert (record["inputs"]["clipped"], record["inputs"]["distinct"]) == (0.0, 17)
    assert record["link"]["lost"] == 0
    values = {m["name"]: m["value"] for m in record["measurements"]}
    assert values["agreement"] == 1.0
    assert not [name for name in values if name.startswith(("cycles", "latency", "samples_per_s", "line_use"))]


def test_the_samples_hold_the_raw_outputs_of_board_and_reference(passed):
    folder, _ = passed
    with np.load(cases_folder(folder) / "samples.npz", allow_pickle=False) as samples:
        assert samples["outputs"].shape == (60, 10)
        assert samples["outputs"].dtype == np.int8
        assert np.array_equal(samples["outputs"], samples["reference"])
        assert np.array_equal(samples["input_crc"], samples["sent_crc"])


def test_without_a_board_the_plug_in_runs_no_plan(tmp_path):
    digits_plan(tmp_path)
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n")
    run = pytest_in(tmp_path)
    assert "1 passed" in run.stdout
    assert "hil" not in run.stdout.replace("plugins: hil", "")


def test_an_unknown_board_is_refused_with_the_known_ones(tmp_path):
    run = pytest_in(tmp_path, "--board", "nucleo_f446er")
    assert run.returncode == 4
    assert "did you mean 'nucleo_f446re'?" in run.stderr


def test_a_mistake_in_a_plan_is_told_by_file_line_and_key_without_a_traceback(tmp_path):
    digits_plan(tmp_path, decide="decode")
    run = pytest_in(tmp_path, "--board", BOARD)
    assert run.returncode != 0
    lines = (tmp_path / "testplans" / "digits.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("decode"))
    assert f"digits.yaml:{line}:decode" in run.stdout
    assert "Traceback" not in run.stdout


def test_a_gate_that_does_not_hold_is_a_failure_with_its_numbers(tmp_path):
    digits_plan(tmp_path, **{"accuracy >= 0.95": "accuracy <= 0.125"})
    run = pytest_in(tmp_path, "--board", BOARD, "--samples", "60", "--junitxml", "pytest.xml", "--report-dir", "out")
    assert run.returncode == 1
    (case,) = ElementTree.parse(tmp_path / "pytest.xml").iter("testcase")
    assert case.find("failure") is not None
    assert case.find("error") is None
    assert "accuracy" in run.stdout
    assert "0.125" in run.stdout
    ours = ElementTree.parse(cases_folder(tmp_path) / "junit.xml")
    assert [e.tag for e in ours.iter() if e.tag in ("failure", "error")] == ["failure"]


def test_a_rig_that_fails_is_an_error_and_no_failure(tmp_path):
    digits_plan(tmp_path)
    run = pytest_in(tmp_path, "--board", BOARD, "--backend", "probe", "--junitxml", "pytest.xml", "--report-dir", "out")
    assert run.returncode == 1
    (case,) = ElementTree.parse(tmp_path / "pytest.xml").iter("testcase")
    assert case.find("error") is not None
    assert case.find("failure") is None
    assert "no nucleo_f446re is attached" in run.stdout
    assert json.loads((cases_folder(tmp_path) / "record.json").read_text())["verdict"] == "error"


def test_a_gate_that_needs_hardware_is_inconclusive_on_an_emulator(tmp_path):
    digits_plan(tmp_path, **{"- lost_samples == 0": "- lost_samples == 0\n  - latency_us.p99 <= 5000 needs hardware"})
    run = pytest_in(tmp_path, "--board", BOARD, "--samples", "30", "-rs")
    assert "1 skipped" in run.stdout
    assert "inconclusive" in run.stdout
    assert "passed" not in run.stdout.splitlines()[-1]


def test_firmware_of_another_model_fails_before_anything_is_flashed(tmp_path):
    digits_plan(tmp_path)
    other = build_product(metadata.load_model("mnist_f446_int8"), load_board(BOARD), out=tmp_path / "other.elf")
    run = pytest_in(tmp_path, "--board", BOARD, "--firmware", other.image.elf)
    assert run.returncode == 1
    assert "the firmware carries another model" in run.stdout
    assert "flash " not in run.stdout


def test_a_plan_without_its_data_is_skipped_with_the_way_to_get_it(tmp_path):
    plan = shutil.copy(shipped("testplans") / "mnist.yaml", tmp_path / "mnist.yaml")
    run = pytest_in(
        tmp_path,
        "--board",
        BOARD,
        plan,
        "-rs",
        HIL_DATA_DIR=os.fspath(tmp_path / "nothing"),
        XDG_CACHE_HOME=os.fspath(tmp_path / "cache"),
        HIL_FETCH="0",
    )
    assert "2 skipped" in run.stdout
    assert "hil data fetch mnist" in run.stdout


USERS_TEST = """
import pytest

@pytest.mark.board("nucleo_f446re")
def test_digits(dut, dataset):
    run = dut.classify(dataset("digits").test[:50])
    assert run.accuracy >= 0.95 and run.lost == 0
    assert run.agreement == 1.0

@pytest.mark.board("nucleo_f446re")
@pytest.mark.model("digits_cnn_f32")
def test_float(dut, dataset):
    assert dut.model.name == "digits_cnn_f32"
    assert dut.classify(dataset("digits").test[:20]).accuracy >= 0.9

@pytest.mark.board("nucleo_f446re")
@pytest.mark.hardware
def test_silicon(dut):
    raise AssertionError("an emulated unit must not get here")

@pytest.mark.board("steval_stwinkt1")
def test_elsewhere(dut):
    raise AssertionError("another board's test must not run here")
"""


def test_a_users_own_test_gets_a_flashed_unit(tmp_path):
    (tmp_path / "test_mine.py").write_text(USERS_TEST)
    run = pytest_in(tmp_path, "--board", BOARD, "test_mine.py", "-rs")
    assert "2 passed, 2 skipped" in run.stdout, run.stdout
    assert "needs hardware" in run.stdout


def test_xdist_spreads_cases_and_their_records_reach_the_terminal(tmp_path):
    plan = digits_plan(tmp_path)
    second = plan.with_name("again.yaml")
    second.write_text(plan.read_text().replace("name: digits\ntitle", "name: again\ntitle"))
    run = pytest_in(tmp_path, "--board", BOARD, "--samples", "30", "-n", "2", "--report-dir", "out")
    assert "2 passed" in run.stdout, run.stdout
    assert run.stdout.count("PASS  ") == 2
    assert (tmp_path / "out" / "digits" / BOARD / "digits_cnn_int8" / "record.json").is_file()
    assert (tmp_path / "out" / "again" / BOARD / "digits_cnn_int8" / "record.json").is_file()


def test_a_gate_that_cannot_decide_is_told_when_cases_are_only_collected(tmp_path):
    plan = digits_plan(tmp_path, **{"accuracy >= 0.95": "acuracy >= 0.95"})
    run = pytest_in(tmp_path, "--board", BOARD, "--collect-only", plan)
    assert run.returncode != 0
    assert "did you mean 'accuracy'" in run.stdout
    assert "digits.yaml:" in run.stdout
    assert "gates[0]" in run.stdout
    assert "Traceback" not in run.stdout

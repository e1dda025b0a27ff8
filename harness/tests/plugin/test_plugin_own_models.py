"""A network of the user's own, by file and by name, in a plan and in a test, from another folder than the project's."""

import json
import shutil

from plugin_runs import BOARD, digits_plan, pytest_in

from harness.models import load_model

DIGITS = load_model("digits_cnn_int8")
OWN_TEST = f"""
import pytest

@pytest.mark.board("{BOARD}")
@pytest.mark.model("../models/mine.tflite", classes=list("0123456789"))
def test_by_path(dut, dataset):
    assert dut.model.classes == tuple("0123456789")
    data = dataset("digits").test[:20]
    assert dut.classify(data).accuracy >= 0.9
    assert dut.classify(data, model="mine").agreement == 1
    assert dut.model.classes == ()

@pytest.mark.board("{BOARD}")
def test_unknown(dut, dataset):
    dut.classify(dataset("digits").test[:5], model="mina")
"""


def put(folder):
    (folder / "models").mkdir(parents=True)
    shutil.copy(DIGITS.path, folder / "models" / "mine.tflite")
    return folder


def test_a_plan_names_a_bare_file_and_the_record_says_which_it_was(tmp_path):
    project = put(tmp_path / "project")
    plan = digits_plan(project, digits_cnn_int8="../models/mine.tflite")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = pytest_in(elsewhere, plan, "--board", BOARD, "--samples", "20", "--report-dir", "out")
    assert run.returncode == 0, run.stdout + run.stderr
    record = json.loads(next((elsewhere / "out").glob("*/*/*/record.json")).read_text())
    assert (record["model"], record["network"]["name"]) == ("mine", "mine")
    assert record["network"]["sha256"] == record["firmware"]["model_sha256"] == DIGITS.sha256
    assert (project / "models" / "mine.tflite").samefile(record["network"]["file"])
    assert record["dataset"]["classes"] == list("0123456789")


def test_a_test_of_ones_own_finds_models_as_a_plan_does(tmp_path):
    project = put(tmp_path)
    (project / "tests").mkdir()
    (project / "testplans").mkdir()
    (project / "tests" / "test_own.py").write_text(OWN_TEST)
    run = pytest_in(tmp_path, "tests/test_own.py", "-rA")
    assert "PASSED tests/test_own.py::test_by_path" in run.stdout, run.stdout + run.stderr
    assert "ERROR tests/test_own.py::test_unknown" in run.stdout, run.stdout
    assert "did you mean 'mine'?" in run.stdout


def test_an_unknown_model_is_told_at_collection_with_its_line(tmp_path):
    digits_plan(put(tmp_path), digits_cnn_int8="mina")
    run = pytest_in(tmp_path, "--board", BOARD, "--collect-only")
    assert "there is no model 'mina'" in run.stdout
    assert "models[0]" in run.stdout
    assert "did you mean 'mine'?" in run.stdout


OWN_DATA = """
import pytest
from harness.data import DataMissing

def test_data(dataset):
    assert len(dataset("csv", path="../data/a.csv").test) == 2
    assert len(dataset("csv", path="data/a.csv").test) == 2
    with pytest.raises(DataMissing, match="tests/b.csv"):
        dataset("csv", path="b.csv").test
"""


def test_a_test_of_ones_own_finds_data_from_its_folder_and_from_where_pytest_was_started(tmp_path):
    for folder in ("tests", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data" / "a.csv").write_text("a,1\nb,2\n")
    (tmp_path / "tests" / "test_own.py").write_text(OWN_DATA)
    run = pytest_in(tmp_path, "tests/test_own.py")
    assert "1 passed" in run.stdout, run.stdout + run.stderr

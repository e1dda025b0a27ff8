"""What a person reads when something is wrong: our words, once, and few lines. CI is set: pytest then shortens nothing."""

import importlib.util
import os
import re

import numpy as np
import pytest
from plugin_runs import BOARD, digits_plan, pytest_in

from harness.paths import shipped
from harness.records import LinkFacts, Samples
from harness.run.dut import Run

OWN = """
import pytest

pytestmark = pytest.mark.board("nucleo_f446re")

def test_digits(dut, dataset):
    run = dut.classify(dataset("digits").test[:20])
    assert run.accuracy >= 1.95
"""
MODEL = """
import pytest

@pytest.mark.board("nucleo_f446re")
@pytest.mark.model("digits_cnn_int9")
def test_digits(dut, dataset):
    pass
"""
INSIDE = """
import pytest

@pytest.mark.board("nucleo_f446re")
def test_digits(dut, dataset):
    helper(dut)

def helper(dut):
    dut.load("digits_cnn_int9")
"""


def told(run, title):
    """The lines of pytest's section on what went wrong."""
    found = re.search(rf"=+ {title} =+\n(.*?)\n=+ ", run.stdout, re.DOTALL)
    assert found, run.stdout + run.stderr
    return found[1].splitlines()


FULL = os.environ.get("HIL_FULL") == "1"
HOW = {"bare": "", "verbose-xdist": "-v -n 1"} | ({"verbose": "-v", "xdist": "-n 1"} if FULL else {})


@pytest.fixture(params=HOW.values(), ids=HOW)
def how(request):
    """Further arguments: the words are the same however pytest is run. Each of them alone with HIL_FULL=1."""
    return request.param.split()


def test_a_failed_assertion_of_ones_own_is_15_lines_at_most_and_shows_the_figures(tmp_path, how):
    (tmp_path / "test_mine.py").write_text(OWN)
    run = pytest_in(tmp_path, "--backend", "virtual", *how, CI="1")
    lines = told(run, "FAILURES")
    assert len(lines) <= 15, run.stdout
    assert any("<Run of 20 samples: accuracy 1.0000, agreement 1.0000, 0 lost>" in line for line in lines)
    assert ">       assert run.accuracy >= 1.95" in lines


@pytest.mark.parametrize("text", [OWN, MODEL], ids=["rig", "model"])
def test_an_error_of_rig_or_model_in_ones_own_test_is_15_lines_at_most(tmp_path, text, how):
    (tmp_path / "test_mine.py").write_text(text)
    backend = "probe" if text is OWN else "virtual"
    run = pytest_in(tmp_path, "--backend", backend, *how, CI="1")
    lines = told(run, "ERRORS")
    assert len(lines) <= 15, run.stdout
    assert "Traceback" not in run.stdout
    assert "no nucleo_f446re is attached" in run.stdout if text is OWN else "there is no model" in run.stdout
    assert not any(line.startswith(("E  ", ">  ")) for line in lines)


def test_an_error_inside_ones_own_test_says_the_line_that_met_it(tmp_path):
    (tmp_path / "test_mine.py").write_text(INSIDE)
    run = pytest_in(tmp_path, "--backend", "virtual")
    assert "met in:   test_mine.py:9" in run.stdout
    assert len(told(run, "ERRORS")) <= 15


def test_who_asks_for_the_whole_traceback_gets_it(tmp_path):
    (tmp_path / "test_mine.py").write_text(MODEL)
    run = pytest_in(tmp_path, "--backend", "virtual", "--full-trace")
    assert "harness/models/metadata.py" in run.stdout


def test_without_any_unit_there_are_no_workers_and_each_case_says_so_in_its_record(tmp_path):
    digits_plan(tmp_path)
    run = pytest_in(tmp_path, "--board", BOARD, "--backend", "probe", "-v", "-n", "1", CI="1")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "hil: no workers: no unit takes work (there is none of that kind)" in run.stdout
    assert len(told(run, "ERRORS")) <= 15, run.stdout
    (record,) = (tmp_path / "hil-reports").rglob("record.json")
    assert f"no {BOARD} is attached" in record.read_text()


@pytest.mark.parametrize("how", [[], ["-v"]], ids=["bare", "verbose"])
def test_a_rig_error_of_a_plan_is_15_lines_at_most(tmp_path, how):
    digits_plan(tmp_path)
    run = pytest_in(tmp_path, "--board", BOARD, "--backend", "probe", "--report-dir", "out", *how, CI="1")
    assert len(told(run, "ERRORS")) <= 15, run.stdout
    assert f"reports: {tmp_path / 'out'}" in run.stdout
    assert run.stdout.count(f"{BOARD} is attached") == 2, run.stdout  # where it is told, and in the case's table


def test_a_typo_in_a_plan_is_12_lines_at_most(tmp_path, how):
    plan = digits_plan(tmp_path, decide="decode")
    run = pytest_in(tmp_path, "--board", BOARD, *how, CI="1")
    assert len(told(run, "ERRORS")) <= 12, run.stdout
    assert re.search(rf"{plan}:\d+:decode", run.stdout)
    assert "did you mean 'decide'?" in run.stdout
    assert "Traceback" not in run.stdout


def test_all_mistakes_of_a_plan_are_told_by_one_run_and_once(tmp_path, how):
    changes = {"digits_cnn_int8": "digits_cnn_int9", "decide": "decode", "steval_stwinkt1": "steval_stwinkt2"}
    digits_plan(tmp_path, **changes, **{"accuracy >=": "accurcy >="})
    run = pytest_in(tmp_path, "--board", BOARD, *how, CI="1")
    lines = told(run, "ERRORS")
    assert len(lines) <= 12, run.stdout
    for near in ("digits_cnn_int8", "decide", "steval_stwinkt1", "accuracy"):
        assert run.stdout.count(f"did you mean '{near}'?") == 1, run.stdout
    assert "nothing here is for" not in run.stdout  # nobody knows, while the plan cannot be read


def test_the_arrays_of_a_run_are_not_in_its_repr():
    n = 1000
    samples = Samples(
        ids=np.array([f"s{i}" for i in range(n)]),
        labels=np.zeros(n, np.int64),
        outputs=np.zeros((n, 3), np.int8),
        reference=np.zeros((n, 3), np.int8),
        cycles=np.zeros(n, np.uint64),
        input_crc=np.zeros(n, np.uint32),
        sent_crc=np.zeros(n, np.uint32),
        status=np.zeros(n, np.uint8),
        answered=np.arange(n) >= 10,
    )
    run = Run(samples, np.where(samples.answered, 0, -1), LinkFacts.model_construct())
    assert repr(run) == "<Run of 1000 samples: accuracy 0.9900, agreement 0.9900, 10 lost>"
    assert repr(samples) == "<Samples: 1000, 990 of them answered>"


def test_pytest_shows_our_fixtures_with_a_line_each(tmp_path):
    run = pytest_in(tmp_path, "--fixtures")
    assert run.returncode == 0, run.stdout + run.stderr
    ours = run.stdout.partition("fixtures defined from harness.plugin.fixtures")[2].partition("\n---")[0]
    shown = dict(re.findall(r"^(\w+)(?: \[\w+ scope\])? -- .*\n    (\S.*)$", ours, re.MULTILINE))
    assert set(shown) == {"board", "dut", "dataset", "reference"}


def test_so_it_does_in_a_checkout_whose_tests_extras_are_not_installed(tmp_path):
    checkout = shipped("testplans").parent
    if not (checkout / "harness" / "tests").is_dir():
        pytest.skip("hil is not installed in place")
    # A module that is not there, for the interpreter that pytest runs in.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name in ('hypothesis', 'pytest_timeout') else find(name, *rest)\n"
    )
    run = pytest_in(checkout, "--fixtures", "-p", "no:timeout", PYTHONPATH=str(tmp_path))
    assert "INTERNALERROR" not in run.stdout + run.stderr
    assert run.returncode == 0, run.stdout + run.stderr
    assert "fixtures defined from harness.plugin.fixtures" in run.stdout
    header = pytest_in(checkout, "--collect-only", "-p", "no:timeout", PYTHONPATH=str(tmp_path)).stdout
    assert "they need hypothesis, pytest-timeout: pip install -e '.[dev]'" in header
    assert importlib.util.find_spec("hypothesis") is not None

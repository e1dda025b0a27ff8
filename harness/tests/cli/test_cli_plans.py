"""``hil plan`` and ``hil metrics``, and what the command line imports before it works."""

import json
import subprocess
import sys

import pytest

from harness.cli import main
from harness.cli.app import Exit
from harness.errors import PlanError
from harness.paths import shipped
from harness.plans import discover
from harness.verdict import check_gates, relative
from harness.verdict.metrics import metric_names

GOOD = """\
name: mine
boards: [nucleo_f446re, steval_stwinkt1]
models: [digits_cnn_int8]
dataset: digits
gates: [accuracy >= 0.9]
"""


@pytest.fixture
def hil(capsys):
    """Run it here; (status, output)."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        return end.value.code, capsys.readouterr().out

    return run


@pytest.fixture
def plan(tmp_path):
    def write(text=GOOD, name="mine.yaml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_help_waits_for_none_of_the_large_packages():
    code = """
import sys
from harness.cli import main
try:
    main(["--help"])
except SystemExit:
    print(*{name.partition(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    *helped, modules = done.stdout.splitlines()
    assert "bench-link" in "".join(helped)
    large = "scipy matplotlib sklearn pyocd numpy pydantic ai_edge_litert elftools serial unicorn pytest"
    assert not set(modules.split()) & set(large.split())


def test_a_case_is_judged_and_reported_without_the_slow_packages():
    code = """
import sys
from harness.data import load
from harness.evidence import reports
from harness.run import runner
load("digits")
for name in reports.names():
    reports.load(name)
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert not {"scipy.stats", "scipy.optimize", "sklearn", "matplotlib"} & set(done.stdout.split())


def test_a_plan_is_read_without_the_functions_that_only_a_verdict_needs():
    code = "import sys; from harness.plugin import collect; from harness.run import runner; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert "scipy.special" not in done.stdout.split()


def test_a_right_plan_is_told_with_what_it_will_stream(hil, plan):
    status, said = hil("plan", "check", plan())
    assert (status, said.splitlines()[0]) == (Exit.PASS, f"{plan()}: right")
    assert "digits_cnn_int8: 450 samples" in said


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("accuracy >= 0.9", "accurcy >= 0.9", "did you mean 'accuracy'"),
        ("accuracy >= 0.9", "recall.eleven >= 0.9", "the dataset has no class 'eleven'"),
        ("nucleo_f446re", "nucleo_f446rf", "did you mean 'nucleo_f446re'"),
        ("digits_cnn_int8", "digits_cnn_int9", "did you mean 'digits_cnn_int8'"),
        ("dataset: digits", "dataset: {name: digits, split: last}", "last"),
        ("dataset: digits", "dataset: {name: digits, samples: 451}", "fewer samples"),
        ("digits_cnn_int8", "mnist_f446_int8", "mnist_f446_int8"),
        ("gates:", "decide: {rule: threshold, above: 5}\ngates:", "the threshold is never passed"),
        ("gates:", "min_samples: 500\ngates:", "min_samples"),
    ],
)
def test_what_is_wrong_is_told_before_any_board_is_looked_for(hil, plan, right, wrong, words):
    file = plan(GOOD.replace(right, wrong, 1))
    status, said = hil("plan", "check", file)
    assert (status, said.splitlines()[0]) == (Exit.MISTAKE, f"{file}: wrong")
    assert words in said
    assert len(said.splitlines()) <= 12


def test_every_plan_is_looked_at_though_one_is_wrong(hil, plan):
    bad, good = plan("name: [", "bad.yaml"), plan()
    status, said = hil("plan", "check", bad, good, "nothing")
    assert status == Exit.MISTAKE
    assert [line for line in said.splitlines() if not line.startswith(" ")] == [
        f"{bad}: wrong",
        f"{good}: right",
        "nothing: wrong",
    ]


def test_a_model_that_fits_no_such_board_is_told_for_that_board(hil, plan, monkeypatch):
    from harness.run import prepare

    def refuse(layout, board):
        if board.name == "steval_stwinkt1":
            raise PlanError(f"the model does not fit {board.name}")

    monkeypatch.setattr(prepare, "check_fit", refuse)
    status, said = hil("plan", "check", plan())
    assert status == Exit.MISTAKE
    assert said.count("does not fit") == said.count("does not fit steval_stwinkt1") == 1


def test_data_that_is_elsewhere_is_no_mistake_of_the_plan(hil, monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("HIL_FETCH", raising=False)
    status, said = hil("plan", "check", "mnist")
    assert status == Exit.PASS
    assert "not looked at" in said


def test_data_that_is_elsewhere_is_named_with_what_to_do(hil, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "name: a\nboard: nucleo_f446re\nmodel: digits_cnn_int8\ndataset: {name: npz, options: {path: gone.npz}}\n"
    (tmp_path / "a.yaml").write_text(text + "gates: [agreement == 1.0]\n", encoding="utf-8")
    status, said = hil("plan", "check", "a.yaml")
    assert status == Exit.PASS
    assert "not here: gone.npz" in said
    assert "next: put the data there" in said


def test_a_plan_that_lies_beside_is_told_of_when_it_is_asked_for_by_name(hil, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters.yaml").write_text("name: letters\n", encoding="utf-8")
    status, said = hil("plan", "check", "letters")
    assert status == Exit.MISTAKE
    assert "say letters.yaml, or put it into the folder testplans" in said


def test_the_schema_beside_the_shipped_plans_is_the_one_that_is_printed(hil):
    status, said = hil("plan", "schema")
    assert status == Exit.PASS
    folder = shipped("testplans")
    assert (folder / "plan.schema.json").read_text() == said, "hil plan schema > testplans/plan.schema.json"
    for plan in discover(folder):
        assert plan.read_text().startswith("# yaml-language-server: $schema=plan.schema.json\n"), plan


def test_metrics_are_all_there_with_unit_meaning_and_where_they_exist(hil):
    found = {one["name"]: one for one in json.loads(hil("metrics", "--json")[1])}
    assert sorted(name for name, one in found.items() if not one["baseline"]) == metric_names()
    assert [name for name, one in found.items() if one["baseline"]] == relative.names()
    assert found["latency_us.p99"]["emulator"] is False
    assert found["instructions.p50"]["hardware"] is False
    assert (found["recall.*"]["interval"], found["rmse"]["interval"]) == ("any", "none")
    table = hil("metrics")[1]
    assert all(f"{name} " in table and one["meaning"] in table for name, one in found.items())


def test_a_gate_may_ask_for_confidence_where_the_list_says_so(hil):
    from harness.plans.load import parse_plan

    for one in json.loads(hil("metrics", "--json")[1]):
        name = one["name"].replace("*", "3" if one["name"].startswith("vote") else "one")
        task = "classification" if one["tasks"] == "all" else one["tasks"].split(", ")[0]
        for level in ("0.95", "0.8"):
            gate = f"{name} <= 0.5 confidence {level}"
            if one["name"].startswith(("cycles", "instructions", "flash", "ram", "stack", "board", "lost", "failed")):
                gate = f"{name} <= 5 confidence {level}"
            plan = parse_plan(GOOD.replace("accuracy >= 0.9", gate), "mine.yaml")
            if one["interval"] in ("any", level):
                check_gates(plan.gates, task=task)
            else:
                with pytest.raises(PlanError, match=r"no interval|known exactly"):
                    check_gates(plan.gates, task=task)

from dataclasses import replace

import numpy as np
import pytest
from swap_sides import about, data, only, side, sizes, table

from harness.errors import PlanError
from harness.plans import Gate
from harness.records import GateResult, Samples, Verdict
from harness.verdict import Extent, check_gates, relative
from harness.verdict.assess import Assessment
from harness.verdict.relative import Baseline, held_against

HELD = GateResult(metric="agreement", op="==", limit=1, value=1, passed=True, reason="agreement 1")


def gates(*texts):
    return tuple(Gate.model_validate(text) for text in texts)


def held(old, new, *texts, plain=(HELD,), baseline=None, extent=None):
    """What a run comes to whose own gates have come to ``plain``."""
    n = len(new.samples.ids)
    assessed = Assessment(new.samples, (), plain, Verdict.PASS, ("the gate holds",), ())
    asked = (*gates(*(f"{g.metric} {g.op} {g.limit}" for g in plain)), *gates(*texts))
    found = baseline or Baseline("release-1.4", old)
    return held_against(assessed, asked, new, found, extent or Extent(n, n))[0]


def test_a_run_that_keeps_every_limit_passes_and_says_what_it_was_held_against():
    old, new = table(970, 5, 5, 20)
    old, new = (about(one, measurements=sizes(flash_bytes=flash)) for one, flash in ((old, 1000), (new, 1500)))
    texts = ("accuracy drop <= 0.02", "negative_flips <= 0.02", "churn <= 0.05", "flash_bytes rise <= 2048")
    found = held(old, new, *texts)
    assert (found.verdict, found.reasons) == (Verdict.PASS, ("all 5 gates hold",))
    assert [g.metric for g in found.gates] == [
        "agreement",
        "accuracy drop",
        "negative_flips",
        "churn",
        "flash_bytes rise",
    ]
    assert [g.baseline for g in found.gates] == [None, *["release-1.4"] * 4]
    assert [g.confidence for g in found.gates] == [None, 0.95, 0.95, 0.95, None]


def test_a_broken_limit_fails_a_run_whose_own_gates_hold():
    found = held(*table(800, 100, 10, 90), "accuracy drop <= 0.02")
    assert found.verdict is Verdict.FAIL
    assert "100 lost, 10 gained" in found.reasons[0]
    assert found.gates[1].low > 0.02


def test_a_limit_inside_of_the_interval_is_no_pass_and_says_how_many_samples_would_do():
    found = held(*table(50, 0, 0, 0), "accuracy drop <= 0.02")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "about 385 would decide" in found.reasons[0]


def test_another_level_is_another_interval():
    old, new = table(970, 12, 6, 12)
    narrow, wide = (held(old, new, f"accuracy drop <= 0.02{level}").gates[1] for level in ("", " confidence 0.999"))
    assert (narrow.passed, wide.passed, wide.confidence) == (True, None, 0.999)
    assert narrow.high < 0.02 < wide.high


MISSING = Baseline("release-1.4", why_not="the history has no such run", remedy="hil history tag latest release-1.4")


def emulated(one):
    return about(one, evidence="emulated", backend="virtual")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda old: MISSING, "the history has no such run; next: hil history tag latest release-1.4"),
        (
            lambda old: Baseline("b", data(replace(old, samples=replace(old.samples, digests=None)), sha256="z")),
            "not of the same data",
        ),
        (lambda old: Baseline("b", about(old, verdict=Verdict.ERROR)), "ended in an error of the rig"),
        (lambda old: Baseline("b", about(old, task="raw")), "not of the same task"),
    ],
    ids=["missing", "other data", "rig", "task"],
)
def test_a_baseline_that_cannot_be_used_is_inconclusive_with_the_reason(change, said):
    old, new = table(970, 5, 5, 20)
    found = held(old, new, "accuracy drop <= 0.02", "flash_bytes rise <= 0", baseline=change(old))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert [g.passed for g in found.gates] == [True, None, None]
    assert all(said in g.reason for g in found.gates[1:])


def test_a_gate_that_needs_hardware_takes_no_emulated_baseline_and_no_emulated_run():
    old, new = table(970, 5, 5, 20)
    for one, other, who in ((emulated(old), new, "the baseline release-1.4"), (old, emulated(new), "this run")):
        gate = held(one, other, "accuracy drop <= 0.02 needs hardware").gates[1]
        assert gate.passed is None
        assert f"{who} is emulated" in gate.reason


def test_a_run_that_was_shortened_passes_no_gate_that_samples_decide():
    old, new = table(970, 5, 5, 20)
    old, new = (about(one, measurements=sizes(flash_bytes=1000)) for one in (old, new))
    texts = ("accuracy drop <= 0.1", "flash_bytes rise <= 0")
    found = held(old, data(only(new, slice(500)), sha256="half", n=500), *texts, extent=Extent(500, 1000))
    assert [g.passed for g in found.gates] == [True, None, True]


def cut(one):
    """The run as if every other sample of 1000 had been sent."""
    return data(only(one, slice(0, None, 2)), sha256="half", n=500, planned=1000)


def test_a_baseline_that_was_shortened_passes_none_either_and_is_to_be_a_whole_one():
    old, new = table(970, 5, 5, 20)
    old, new = (about(one, measurements=sizes(flash_bytes=1000)) for one in (old, new))
    half = cut(old)
    found = held(half, new, "accuracy drop <= 0.1", "flash_bytes rise <= 0")
    assert [g.passed for g in found.gates] == [True, None, True], "the other half may have got worse unseen"
    assert "the baseline release-1.4 is a run of 500 of 1000 samples; name one of all of them" in found.reasons[0]
    old, new = table(700, 250, 20, 30)
    assert held(cut(old), new, "accuracy drop <= 0.1").verdict is Verdict.FAIL, "what the half shows is enough to fail"


def test_the_same_firmware_with_other_outputs_fails_although_every_gate_holds():
    same = {"firmware_changed": {"elf_sha256": "elf", "model_sha256": "model"}}
    old, new = side("old", [0] * 900, [0] * 900, about=same), side("new", [0] * 900, [0] * 900, about=same)
    new.samples.outputs[4, 2] = 3
    found = held(old, new, "accuracy drop <= 0.02")
    assert [g.passed for g in found.gates] == [True, True]
    assert found.verdict is Verdict.FAIL
    assert "the same firmware on the same unit gave other outputs" in found.reasons[0]


def test_a_broken_gate_that_only_warns_changes_no_verdict_and_is_told():
    found = held(*table(970, 25, 2, 3), "accuracy drop <= 0.05", "negative_flips <= 0.01 severity warn")
    assert found.verdict is Verdict.PASS
    assert (found.gates[2].passed, found.gates[2].breaks) == (False, False)
    assert [w for w in found.warnings if w.startswith("a gate that only warns is broken: negative_flips 0.025")]


def test_what_else_is_known_of_the_swap_is_in_the_warnings():
    old, new = table(970, 5, 5, 20)
    firmware = new.record.firmware.model_copy(update={"compiler": "gcc 14"})
    found = held(old, about(new, firmware=firmware), "accuracy drop <= 0.02")
    assert any("2 things changed at once (model, compiler)" in warning for warning in found.warnings)


def test_gates_of_the_task_are_judged_on_its_scores():
    draw = np.random.default_rng(1)
    scores = draw.gamma(2, 1, 300)
    old, new = (
        about(side(n, [0] * 300, [0] * 300, scores=scores + by), task="regression") for n, by in (("o", 0), ("n", 0.2))
    )
    drop = {name: None if name == "decisions" else value for name, value in vars(new.samples).items()}
    found = held(old, replace(new, samples=Samples(**drop)), "score rise <= 0.1")
    assert found.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("text", "task", "said"),
    [
        ("accuracy rise <= 0.01", "classification", "not compared by 'accuracy rise'"),
        ("recall drop <= 0.01", "classification", "not compared by 'recall drop'"),
        ("recall.maybe drop <= 0.01", "classification", "no class 'maybe'"),
        ("accuracy drop >= 0.01", "classification", "how much worse a run may be at most"),
        ("accuracy drop <= 2", "classification", "did you mean accuracy drop <= 0.02?"),
        ("accuracy drop <= 1", "classification", "holds whatever is measured"),
        ("negative_flips <= -0.1", "classification", "never so small"),
        ("accuracy drop <= 1 %", "classification", "did you mean accuracy drop <= 0.01?"),
        ("flash_bytes rise <= 10 confidence 0.95", "classification", "known exactly"),
        ("instructions.p50 rise <= 1 % needs hardware", "classification", "measured on an emulator alone"),
        ("accuracy drop <= 0.01", "regression", "not compared by 'accuracy drop'"),
        ("score rise <= 0.01", "sequence", "not compared by 'score rise'"),
        ("auc drop <= 0.01", "classification", "not compared by 'auc drop'"),
    ],
)
def test_a_gate_that_no_two_runs_could_decide_is_refused_with_what_was_meant(text, task, said):
    with pytest.raises(PlanError) as refused:
        check_gates(gates(text), classes=("yes", "no"), task=task)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["accuracy drop <= 0.01", "accuracy drop <= -0.01", "recall.yes drop <= 0.03", "negative_flips <= 0.02", "churn <= 0.05",
     "cycles.p50 rise <= 0.5 %", "cycles.p99 rise <= 1000 needs hardware", "instructions.p50 rise <= 0",
     "flash_bytes rise <= 2048", "stack_bytes rise <= 5 % severity warn", "accuracy drop <= 0.01 confidence 0.99"],
)  # fmt: skip
def test_the_gates_of_the_guide_are_accepted(text):
    check_gates(gates(text), classes=("yes", "no"))


def test_every_gate_against_a_baseline_is_described_once():
    names = [one["name"] for one in relative.described()]
    assert len(names) == len(set(names))
    assert set(names) == set(relative.names())

"""Gates on archived runs: the same gates say the same again; and what is called supported is, in simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from harness.plans.load import parse_plan
from harness.plans.schema import Gate
from harness.records import DatasetFacts, Record, Samples, Setting, Tensor, UnitFacts
from harness.verdict import View, assess
from harness.verdict.gatetry import replay, spread_of
from harness.verdict.relative import Baseline
from harness.verdict.view import Truth

OUTPUT = Tensor("output", (1, 3), "int8", 1 / 256, -128)
CLASSES = ("no", "yes", "maybe")
PLAN = """
name: words
board: nucleo_f446re
model: digits_cnn_int8
dataset: digits
decide: {decide}
gates: ["accuracy >= 0.8 confidence 0.9", "recall.yes >= 0.5", "unknown_rate <= 0.1", "flash_bytes <= 5"]
"""


def a_plan(decide="{rule: argmax}"):
    return parse_plan(PLAN.replace("{decide}", decide), "words.yaml")


def a_run(plan, seed=0, n=120, right=0.85):
    """A run as it is archived, by the plan's rule: its record and its samples."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 3, n)
    outputs = draw.integers(-128, 40, (n, 3)).astype(np.int8)
    hit = draw.random(n) < right
    outputs[np.arange(n)[hit], labels[hit]] = 100
    crc = np.arange(n, dtype=np.uint32)
    samples = Samples(
        ids=np.array([f"s{i}" for i in range(n)]),
        labels=labels,
        outputs=outputs,
        reference=outputs.copy(),
        cycles=np.full(n, 1000, np.uint64),
        input_crc=crc,
        sent_crc=crc,
        status=np.zeros(n, np.uint8),
        answered=draw.random(n) > 0.02,
        groups=np.array([f"speaker{i % 12}" for i in range(n)]),
    )
    gates = plan.gates_for("digits_cnn_int8")
    view = View(
        samples=samples,
        output=OUTPUT,
        classes=CLASSES,
        evidence="hardware",
        rule=plan.decide,
        truth=Truth(groups=samples.groups),
    )
    got = assess(view, gates)
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    record = Record(
        run_id="a1b2",
        case_id="words/nucleo_f446re/digits_cnn_int8",
        started=moment,
        finished=moment,
        verdict=got.verdict,
        reasons=got.reasons,
        plan="words",
        board="nucleo_f446re",
        unit=UnitFacts(uid="unit-a"),
        backend="probe",
        evidence="hardware",
        firmware=None,
        dataset=DatasetFacts(name="words", split="test", sha256="d", n=n, classes=CLASSES),
        task_options=(Setting(name="x", value="y"),),
        outputs="int8",
        outputs_scale=OUTPUT.scale,
        outputs_zero_point=OUTPUT.zero_point,
        reference=None,
        link=None,
        measurements=got.measurements,
        gates=got.gates,
    )
    return record, got.samples, gates


@pytest.mark.parametrize("decide", ["{rule: argmax}", "{rule: threshold, above: 0.6}"])
def test_the_gates_of_then_come_to_what_they_came_to_then(decide):
    plan = a_plan(decide)
    for seed in range(5):
        record, samples, gates = a_run(plan, seed)
        again = replay(record, samples, plan, gates)
        assert again.anew
        assert (again.gates, again.verdict) == (record.gates, record.verdict)
        assert set(again.measurements) == set(record.measurements)


def test_another_rule_decides_the_archived_samples_anew():
    record, samples, _ = a_run(a_plan())
    strict = a_plan("{rule: threshold, above: 0.99}")
    again = replay(record, samples, strict, strict.gates_for("digits_cnn_int8"))
    assert [gate.passed for gate in record.gates[:3]] != [gate.passed for gate in again.gates[:3]]
    unknown = next(m for m in again.measurements if m.name == "unknown_rate")
    assert unknown.value > record.measurement("unknown_rate").value
    assert unknown.value == pytest.approx(
        1 - np.mean(samples.answered & (samples.outputs.max(axis=1) >= 126)), abs=0.03
    )


def test_gates_against_a_baseline_are_judged_by_another_run_and_stand_in_their_place():
    plan = a_plan()
    record, samples, gates = a_run(plan)
    worse, worse_samples, _ = a_run(plan, seed=0, right=0.6)
    relative = tuple(Gate.model_validate(text) for text in ("accuracy drop <= 0.05", "negative_flips <= 0.02"))
    mixed = (relative[0], *gates, relative[1])
    side = replay(record, samples, plan, mixed).side
    again = replay(worse, worse_samples, plan, mixed, Baseline("before", side))
    assert [gate.metric for gate in again.gates] == [gate.limited for gate in mixed]
    assert (again.gates[0].passed, again.verdict) == (False, "fail")
    assert again.gates[0].value > 0.1
    same = replay(record, samples, plan, mixed, Baseline("before", side))
    assert (same.gates[0].value, same.gates[-1].value) == (0, 0)
    for alone in (replay(record, samples, plan, mixed), replay(record, None, plan, mixed, Baseline("before", side))):
        assert [alone.gates[i].passed for i in (0, -1)] == [None, None]
        assert alone.gates[1:-1] == record.gates


def test_without_samples_the_recorded_figures_are_judged():
    record, samples, gates = a_run(a_plan())
    for kept in (None, replace(samples, outputs=samples.outputs[:, :2])):
        again = replay(record, kept, a_plan(), gates)
        assert (again.anew, again.gates) == (False, record.gates)


def test_values_that_never_differ_have_no_spread():
    found = spread_of("accuracy", "ratio", [0.97] * 6, ["a", "a", "b", "b", "c", "c"])
    assert (found.nights, found.between, found.below, found.same_unit, found.other_unit) == (0, 0, 0.97, 0, 0)


def test_what_too_few_runs_cannot_tell_is_not_told():
    one = spread_of("cycles.p50", "cycles", [5.0], ["a"])
    assert (one.nights, one.below, one.same_unit, one.other_unit) == (None, None, None, None)
    once_each = spread_of("cycles.p50", "cycles", [5.0, 6.0, 7.0], ["a", "b", "c"])
    assert (once_each.nights, once_each.same_unit) == (None, None)
    assert once_each.other_unit > 0
    alone = spread_of("cycles.p50", "cycles", [5.0, 6.0, 7.0], ["a", "a", "a"])
    assert (alone.between, alone.other_unit) == (None, None)
    assert alone.same_unit > 0


def test_variances_are_those_of_an_analysis_by_hand():
    """Three units with 4 runs each: mean squares 0.5 within and 8.5 between, so 2 between units."""
    found = spread_of("m", "1", [9, 10, 10, 11, 11, 12, 12, 13, 9, 10, 10, 11], [*"aaaabbbbcccc"])
    within = 3 * 2 / 9
    square = 4 * ((10 - 32 / 3) ** 2 * 2 + (12 - 32 / 3) ** 2) / 2
    assert found.nights**2 == pytest.approx(within)
    assert found.between**2 == pytest.approx((square - within) / 4)


@pytest.mark.parametrize(("units", "nights", "between"), [(4, 10, 2.0), (4, 10, 0.0), (8, 5, 1.0), (1, 20, 0.0)])
def test_of_a_hundred_healthy_runs_one_lies_beyond_at_most(units, nights, between):
    draw = np.random.default_rng(7)
    repeats = 1500
    beyond = np.zeros(3)
    for _ in range(repeats):
        levels = between * draw.standard_normal(units)
        values = (100 + levels[:, None] + draw.standard_normal((units, nights))).ravel()
        found = spread_of("m", "1", values.tolist(), [str(i) for i in range(units) for _ in range(nights)])
        one, two, three, four = draw.standard_normal(4)
        another = between * draw.standard_normal() if units > 1 else levels[0]
        beyond[0] += 100 + another + one < found.below
        beyond[1] += two - three > found.same_unit
        if found.other_unit is not None:
            beyond[2] += another + one - (between * draw.standard_normal() + four) > found.other_unit
    assert (beyond / repeats <= 0.01 + 2.5 * np.sqrt(0.01 * 0.99 / repeats)).all(), beyond / repeats

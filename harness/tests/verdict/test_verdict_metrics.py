"""Figures counted by hand on small cases; lost and damaged samples always count against the product."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from harness.errors import MisuseError, PlanError
from harness.plans import ThresholdRule
from harness.records import FirmwareFacts, LinkFacts, Measurement, Tensor
from harness.verdict import View, measure_all
from harness.verdict.decide import UNKNOWN, decide
from harness.verdict.metrics import family_of, load, metric_names, names
from harness.verdict.metrics._common import share

Make = Callable[..., View]
FOUR = [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]
TRUTH = [0, 1, 1, 2]  # the third is wrong


def measured(view: View) -> dict[str, Measurement]:
    found = measure_all(view)
    assert len({m.name for m in found}) == len(found)
    return {m.name: m for m in found}


def test_accuracy_is_top_1_with_its_count_and_interval(view: Make) -> None:
    got = measured(view(FOUR, TRUTH))["accuracy"]
    assert (got.value, got.n) == (0.75, 4)
    assert got.low is not None
    assert got.high is not None
    assert got.low < 0.75 < got.high


@pytest.mark.parametrize(
    "damage",
    [{"answered": [True, True, True, False]}, {"status": [0, 0, 0, 1]}, {"input_crc": [0, 1, 2, 99]}],
    ids=["lost", "failed", "other input"],
)
def test_a_right_answer_without_proof_is_a_wrong_one_and_stays_in_the_count(
    view: Make, damage: dict[str, object]
) -> None:
    got = measured(view(FOUR, TRUTH, **damage))
    for name, value in (("accuracy", 0.5), ("agreement", 0.75), ("decision_agreement", 0.75), ("recall.c", 0.0)):
        assert (got[name].value, got[name].n) == (value, 1 if name == "recall.c" else 4), name
    assert got["max_abs_diff"].n == 3
    assert got["binary_accuracy"].value == pytest.approx((3 + 3 + 1) / 12)


def test_losses_failures_and_damaged_inputs_are_counted_apart(view: Make) -> None:
    got = measured(view(FOUR, TRUTH, answered=[False, True, True, True], status=[0, 1, 0, 0], input_crc=[0, 1, 99, 3]))
    assert (got["lost_samples"].value, got["failed_samples"].value) == (1, 1)
    assert got["input_integrity"].value == 0.5


def test_nothing_is_measured_on_nothing(view: Make) -> None:
    with pytest.raises(MisuseError, match="without samples"):
        view(np.zeros((0, 3)), [])
    with pytest.raises(MisuseError, match="of no samples"):
        share("agreement", 0, 0)


def test_when_every_sample_is_lost_nothing_agrees_and_no_difference_is_claimed(view: Make) -> None:
    got = measured(view(FOUR, TRUTH, answered=[False] * 4))
    assert got["agreement"].value == 0
    assert got["accuracy"].value == 0
    assert not {"max_abs_diff", "rmse", "mean_abs_error"} & got.keys()


def test_binary_accuracy_flatters_where_top_1_does_not(view: Make) -> None:
    # All outputs near 0: ten outputs, nine "right" per sample, no decision worth anything.
    got = measured(view([[0.1] * 10] * 5, [9] * 5))
    assert got["binary_accuracy"].value == pytest.approx(0.9)
    assert got["accuracy"].value == 0
    assert got["mean_abs_error"].value == pytest.approx(9 * 0.1 + 0.9)


def test_exactly_one_half_is_not_a_yes(view: Make) -> None:
    assert measured(view([[0.5, 0.5]], [0]))["binary_accuracy"].value == 0.5


def test_agreement_is_of_bytes_and_decision_agreement_of_classes(view: Make) -> None:
    got = measured(view([[1, 5], [5, 1], [3, 3]], [1, 0, 0], reference=[[1, 5], [5, 2], [2, 3]], dtype="int8"))
    assert got["agreement"].value == pytest.approx(1 / 3)
    assert got["decision_agreement"].value == pytest.approx(2 / 3)
    assert got["max_abs_diff"].value == pytest.approx(1 / 256)
    assert got["rmse"].value == pytest.approx((2 / 6) ** 0.5 / 256)


def test_zero_and_minus_zero_do_not_agree_but_do_not_differ(view: Make) -> None:
    got = measured(view([[0.0, 1.0]], [1], reference=[[-0.0, 1.0]]))
    assert (got["agreement"].value, got["max_abs_diff"].value) == (0.0, 0.0)


def test_a_nan_on_one_side_is_infinitely_far(view: Make) -> None:
    assert measured(view([[np.nan, 1.0]], [1], reference=[[0.0, 1.0]]))["max_abs_diff"].value == np.inf
    assert measured(view([[np.nan, 1.0]], [1]))["max_abs_diff"].value == 0.0
    assert measured(view([[np.inf, 1.0]], [0]))["max_abs_diff"].value == 0.0


OTHER_NAN = np.array([0xFFC12345], dtype=np.uint32).view(np.float32)[0]  # its sign set, and a payload


def test_a_nan_is_a_nan_whatever_its_sign_and_payload(view: Make) -> None:
    got = measured(view([[OTHER_NAN, 1.0]], [1], reference=[[np.nan, 1.0]]))
    assert (got["agreement"].value, got["max_abs_diff"].value, got["rmse"].value) == (1.0, 0.0, 0.0)
    got = measured(view([[OTHER_NAN, 1.0]], [1], reference=[[np.nan, 1.5]]))
    assert (got["agreement"].value, got["max_abs_diff"].value) == (0.0, 0.5)


@pytest.mark.parametrize("odd", [np.nan, OTHER_NAN, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["board", "reference"])
def test_no_difference_passes_over_what_is_no_number_on_one_side(view: Make, odd: float, side: str) -> None:
    rows = [[0.0, 1.0], [odd, 1.0], [0.0, 1.0]], [[0.0, 1.0]] * 3
    outputs, reference = rows if side == "board" else rows[::-1]
    got = measured(view(outputs, [1, 1, 1], reference=reference))
    assert (got["max_abs_diff"].value, got["rmse"].value) == (np.inf, np.inf)


def test_outputs_that_are_no_numbers_are_a_share_of_all_samples_sent(view: Make) -> None:
    rows = [[0.0, np.nan], [np.inf, 1.0], [0.0, 1.0], [np.nan, np.nan]]
    got = measured(view(rows, [0] * 4, answered=[True, True, True, False]))["nonfinite_outputs"]
    assert (got.value, got.n) == (0.5, 4)
    assert measured(view([[1, 2]], [1], dtype="int8"))["nonfinite_outputs"].value == 0


def test_precision_and_recall_are_left_out_where_they_are_nothing_over_nothing(view: Make) -> None:
    got = measured(view(FOUR[:3], TRUTH[:3]))  # class c neither occurs nor is decided
    assert got["precision.a"].value == 0.5
    assert got["recall.b"].value == 0.5
    assert (got["precision.b"].value, got["recall.a"].value) == (1.0, 1.0)
    assert not {"precision.c", "recall.c"} & got.keys()
    assert got["f1.macro"].value == pytest.approx(2 / 3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a pure function
@given(samples=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=60))
def test_figures_of_the_classes_are_scikit_learns(view: Make, samples: list[tuple[int, int, bool]]) -> None:
    labels, decided, answered = (list(column) for column in zip(*samples, strict=True))
    got = measured(view(np.eye(4)[decided].tolist(), labels, answered=answered))
    sound = [choice if kept else UNKNOWN for choice, kept in zip(decided, answered, strict=True)]
    seen = sorted({*labels, *sound} - {UNKNOWN})
    f1 = f1_score(labels, sound, labels=seen, average="macro", zero_division=0)
    assert got["f1.macro"].value == pytest.approx(f1, abs=1e-12)
    recalls = recall_score(labels, sound, labels=seen, average=None, zero_division=0)
    precisions = precision_score(labels, sound, labels=seen, average=None, zero_division=0)
    for index, recall, precision in zip(seen, recalls, precisions, strict=True):
        name = "abcd"[index]
        assert index not in labels or got[f"recall.{name}"].value == pytest.approx(recall, abs=1e-12)
        assert index not in sound or got[f"precision.{name}"].value == pytest.approx(precision, abs=1e-12)


def test_an_unknown_is_wrong_counted_and_in_the_last_column(view: Make) -> None:
    case = view(FOUR, TRUTH, rule=ThresholdRule(rule="threshold", above=0.8))
    got = measured(case)
    assert (got["unknown_rate"].value, got["accuracy"].value) == (0.75, 0.25)
    assert case.confusion == ((1, 0, 0, 0), (0, 0, 0, 2), (0, 0, 0, 1))


def test_confusion_counts_sound_samples_alone(view: Make) -> None:
    case = view(FOUR, TRUTH, answered=[True, True, True, False])
    assert case.confusion == ((1, 0, 0, 0), (1, 1, 0, 0), (0, 0, 0, 0))


def test_an_emulator_yields_instructions_and_never_a_time(view: Make) -> None:
    got = measured(view(FOUR, TRUTH, cycles=[10, 40, 20, 30], clock_hz=1_000_000))
    assert (got["instructions.p50"].value, got["instructions.max"].value) == (20, 40)
    assert not [name for name in got if name.startswith(("cycles", "latency"))]


def test_hardware_yields_cycles_and_latency_and_never_instructions(view: Make) -> None:
    got = measured(view(FOUR, TRUTH, cycles=[10, 40, 20, 30], clock_hz=2_000_000, evidence="hardware"))
    assert (got["cycles.p50"].value, got["cycles.p99"].value, got["latency_us.max"].value) == (20, 40, 20.0)
    assert not [name for name in got if name.startswith("instructions")]
    bare = measured(view(FOUR, TRUTH, cycles=[1, 2, 3, 4], evidence="hardware"))
    assert not [name for name in bare if name.startswith("latency")]
    assert not [name for name in measured(view(FOUR, TRUTH, evidence="hardware")) if name.startswith("cycles")]


def test_percentiles_are_values_that_occurred_with_order_statistic_bounds(view: Make) -> None:
    outputs, labels = np.zeros((100, 2)), np.zeros(100)
    got = measured(view(outputs, labels, cycles=np.arange(1, 101)[::-1]))
    assert [got[f"instructions.{s}"].value for s in ("p50", "p90", "p99", "max")] == [50, 90, 99, 100]
    p50 = got["instructions.p50"]
    assert (p50.low, p50.high) == (40, 61)
    assert got["instructions.p99"].high is None


def test_resources_are_measured_where_they_are_known(view: Make) -> None:
    link = LinkFacts(baud=115200, bytes_tx=1, bytes_rx=1, frames_bad=0, resent=0, line_use=0.4, lost=0, wall_s=2.0)
    got = measured(view(FOUR, TRUTH, link=link))
    assert got["board_resets"].value == 0
    assert "overlap" not in got
    link = link.model_copy(update={"resets": 1, "revived": 2, "overlap": 0.75})
    got = measured(view(FOUR, TRUTH, link=link, evidence="hardware"))
    assert (got["board_resets"].value, got["overlap"].value) == (3, 0.75)
    firmware = FirmwareFacts(
        elf_sha256="",
        model_sha256="",
        engine="",
        build_id="",
        flash_bytes=10,
        ram_bytes=20,
        flash_s=None,
        verified=True,
    )
    known = {"link": link, "firmware": firmware, "stack_bytes": 30, "answered": [True, True, True, False]}
    got = measured(view(FOUR, TRUTH, **known, evidence="hardware"))
    assert (got["samples_per_s"].value, got["line_use"].value) == (1.5, 0.4)
    assert (got["flash_bytes"].value, got["ram_bytes"].value, got["stack_bytes"].value) == (10, 20, 30)
    assert "samples_per_s" not in measured(view(FOUR, TRUTH, evidence="hardware"))
    assert not {"samples_per_s", "line_use", "overlap"} & measured(view(FOUR, TRUTH, **known)).keys(), "of an emulator"


@pytest.mark.parametrize("name", names())
def test_a_family_yields_only_what_it_announced(name: str, view: Make) -> None:
    family = load(name).FAMILY
    for evidence in ("hardware", "emulated"):
        found = load(name).measure(view(FOUR, TRUTH, cycles=[1, 2, 3, 4], clock_hz=1, evidence=evidence))
        assert all(family.knows(m.name) for m in found)
        assert not found or family.only in (None, evidence)
        assert all(
            (m.low is None and m.high is None) or m.name in family.interval or family.is_share(m.name) for m in found
        )


@pytest.mark.parametrize("name", names())
def test_a_family_says_of_each_of_its_names_what_it_means_and_its_unit(name: str, view: Make) -> None:
    family = load(name).FAMILY
    assert sorted(family.meanings) == sorted(family.names)
    link = LinkFacts(baud=9600, bytes_tx=1, bytes_rx=1, frames_bad=0, resent=0, line_use=0.4, lost=0, wall_s=2.0)
    for evidence in ("hardware", "emulated"):
        known = {"cycles": [1, 2, 3, 4], "clock_hz": 1, "stack_bytes": 30, "link": link, "evidence": evidence}
        for m in load(name).measure(view(FOUR, TRUTH, **known)):
            stem = m.name if m.name in family.names else f"{m.name.partition('.')[0]}.*"
            assert family.unit(stem) == m.unit, m.name


def test_names_are_of_one_family_each() -> None:
    assert len(metric_names()) == len(set(metric_names()))
    assert family_of("recall.yes") is load("per_class").FAMILY
    assert family_of("recall") is None
    assert family_of("accuracy.yes") is None


def test_outputs_of_another_number_than_the_classes_are_refused_naming_both(view: Make) -> None:
    with pytest.raises(PlanError, match=r"2 classes(.|\n)*3 outputs"):
        view(FOUR, TRUTH, classes=("a", "b"))


def test_labels_outside_the_classes_are_refused(view: Make) -> None:
    for labels in ([0, 1, 1, 3], [0, 1, 1, -1]):
        with pytest.raises(PlanError, match="no index of a class"):
            view(FOUR, labels)


def test_outputs_of_another_dtype_or_shape_are_refused(view: Make) -> None:
    with pytest.raises(MisuseError, match="outputs"):
        view(FOUR, TRUTH, output=Tensor("out", (1, 3), "int8", 0.1, 0))
    with pytest.raises(MisuseError, match="differ in length"):
        view(FOUR, TRUTH, status=[0])


def test_the_lowest_index_wins_a_tie_and_nan_decides_nothing() -> None:
    out = Tensor("out", (1, 3), "float32")
    rows = np.array([[1, 2, 2], [2, 2, 2], [np.nan, 5, 1], [0, np.inf, np.inf]], dtype=np.float32)
    assert decide(rows, view_rule(), out).tolist() == [1, 0, UNKNOWN, 1]


def view_rule() -> ThresholdRule:
    return ThresholdRule(rule="threshold", above=-1e30)


@pytest.mark.parametrize(("inclusive", "expected"), [(False, UNKNOWN), (True, 0)])
def test_a_threshold_is_compared_with_the_dequantised_maximum(inclusive: bool, expected: int) -> None:
    out = Tensor("out", (1, 2), "int8", 1 / 256, -128)
    raw = np.array([[77, -128]], dtype=np.int8)  # (77 + 128) / 256
    rule = ThresholdRule(rule="threshold", above=205 / 256, inclusive=inclusive)
    assert decide(raw, rule, out).tolist() == [expected]


def test_a_threshold_shows_what_it_costs_and_what_it_buys(view: Make) -> None:
    rule = ThresholdRule(rule="threshold", above=0.65)
    got = measured(view(FOUR, TRUTH, rule=rule))
    assert (got["accuracy"].value, got["argmax_accuracy"].value) == (0.75, 0.75)
    assert (got["answered_accuracy"].value, got["answered_accuracy"].n) == (1.0, 3)
    strict = measured(view(FOUR, TRUTH, rule=ThresholdRule(rule="threshold", above=0.95)))
    assert strict["argmax_accuracy"].value == 0.75
    assert "answered_accuracy" not in strict
    assert "argmax_accuracy" not in measured(view(FOUR, TRUTH))

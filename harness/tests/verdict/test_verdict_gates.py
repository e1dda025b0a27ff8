from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import PlanError
from harness.plans import ArgmaxRule, Gate, ThresholdRule
from harness.records import Evidence, Measurement, Tensor, Verdict
from harness.verdict import Extent, View, assess, check_gates, check_rule, judge
from harness.verdict.metrics._common import share, share_of
from harness.verdict.view import Truth


def gate(text: str) -> Gate:
    return Gate.model_validate(text)


def decided(text: str, measurement: Measurement | None, evidence: Evidence = "emulated") -> tuple[bool | None, str]:
    results, _, _ = judge([gate(text)], [measurement] if measurement else [], evidence)
    return results[0].passed, results[0].reason


def value(name: str, number: float, unit: str = "1") -> Measurement:
    return Measurement(name=name, value=number, unit=unit, n=4)


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [
        (">=", False, True, True),
        ("<=", True, True, False),
        (">", False, False, True),
        ("<", True, False, False),
        ("==", False, True, False),
    ],
)
def test_every_operator_decides_below_at_and_above(op: str, below: bool, at: bool, above: bool) -> None:
    got = [decided(f"rmse {op} 0.5", value("rmse", number))[0] for number in (0.4, 0.5, 0.6)]
    assert got == [below, at, above]


def test_a_verdict_has_reasons_with_numbers() -> None:
    results, verdict, reasons = judge(
        [gate("accuracy >= 0.95"), gate("lost_samples == 0")],
        [share("accuracy", 90, 100), value("lost_samples", 0, "samples")],
        "emulated",
    )
    assert verdict is Verdict.FAIL
    assert [r.passed for r in results] == [False, True]
    assert reasons == ("accuracy 0.9 (0.825634 to 0.944771 at 95 %, n=100), limit >= 0.95",)


def test_fail_outweighs_inconclusive_and_that_outweighs_pass() -> None:
    good, bad, open_ = gate("rmse <= 1"), gate("rmse <= 0"), gate("max_abs_diff <= 1")
    found = [value("rmse", 0.5)]
    assert judge([good], found, "emulated")[1] is Verdict.PASS
    assert judge([good, open_], found, "emulated")[1] is Verdict.INCONCLUSIVE
    _, verdict, reasons = judge([good, open_, bad], found, "emulated")
    assert verdict is Verdict.FAIL
    assert len(reasons) == 2


def test_without_gates_nothing_passes() -> None:
    _, verdict, reasons = judge([], [share("accuracy", 1, 1)], "hardware")
    assert verdict is Verdict.INCONCLUSIVE
    assert "no gate" in reasons[0]


@pytest.mark.parametrize("number", [0.0, 1e9])
def test_a_gate_that_needs_hardware_is_never_decided_on_an_emulator(number: float) -> None:
    found = value("samples_per_s", number)
    assert decided("samples_per_s >= 10 needs hardware", found)[0] is None
    assert decided("samples_per_s >= 10 needs hardware", found, "hardware")[0] is (number > 10)


@pytest.mark.parametrize("text", ["latency_us.p99 <= 1e9", "samples_per_s >= 0.001", "line_use <= 1", "overlap >= 0"])
def test_an_emulator_has_no_time_to_judge(text: str) -> None:
    passed, reason = decided(text, None)
    assert passed is None
    assert "needs hardware" in reason


def test_what_was_not_measured_or_is_no_number_is_inconclusive() -> None:
    assert decided("rmse <= 1", None) == (None, "rmse <= 1: there was nothing to measure it on")
    assert decided("rmse <= 1", value("rmse", float("nan")))[0] is None
    assert decided("rmse <= 1", value("rmse", float("inf")))[0] is False


@pytest.mark.parametrize(("hits", "expected"), [(99, True), (95, None), (80, False)])
def test_with_confidence_the_whole_interval_must_lie_on_one_side(hits: int, expected: bool | None) -> None:
    assert decided("accuracy >= 0.92 confidence 0.95", share("accuracy", hits, 100))[0] is expected


def test_another_level_is_computed_anew_from_the_counts() -> None:
    found = share("accuracy", 97, 100)
    assert decided("accuracy >= 0.91 confidence 0.95", found)[0] is True  # lower end 0.9155
    assert decided("accuracy >= 0.91 confidence 0.999", found)[0] is None


def _grouped(view: Callable[..., View], groups: int, each: int, wrong: int) -> Measurement:
    """The accuracy of so many groups, the first ``wrong`` of which have every second sample wrong."""
    hits = np.ones((groups, each), dtype=bool)
    hits[:wrong, ::2] = False
    names = np.repeat(np.arange(groups).astype(str), each)
    made = view(np.zeros((groups * each, 2)), np.zeros(groups * each), truth=Truth(groups=names))
    return share_of(made, "accuracy", hits.ravel())


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_with_confidence_the_interval_by_groups_decides_where_there_is_one(
    view: Callable[..., View], level: float
) -> None:
    found = _grouped(view, 10, 20, 2)
    assert found.low is not None
    assert found.low > 0.84  # the plain interval would pass
    passed, reason = decided(f"accuracy >= 0.84 confidence {level}", found)
    assert passed is None
    assert "n=200 in 10 groups" in reason
    assert "samples of more groups are needed" in reason
    assert decided("accuracy >= 0.84", found)[0] is True  # the value alone is what it was


def test_samples_of_one_group_decide_no_gate_with_confidence(view: Callable[..., View]) -> None:
    found = _grouped(view, 1, 50, 0)
    assert found.by_group is not None
    assert found.by_group.low is None
    passed, reason = decided("accuracy >= 0.5 confidence 0.95", found)
    assert passed is None
    assert "one group" in reason


def test_what_so_many_groups_cannot_show_is_refused_before_a_run() -> None:
    wanted = [gate("accuracy >= 0.95 confidence 0.95")]
    check_gates(wanted, n_samples=400)
    check_gates(wanted, n_samples=400, groups=40)
    check_gates([gate("agreement >= 0.95 confidence 0.95")], n_samples=400, groups=5)  # no speaker's doing
    for groups, says in ((5, "400 samples of 5 groups cannot"), (1, "400 samples of 1 group cannot")):
        with pytest.raises(PlanError, match=says):
            check_gates(wanted, n_samples=400, groups=groups)


def test_a_percentile_without_an_upper_bound_cannot_pass_with_confidence() -> None:
    found = Measurement(name="instructions.p99", value=5, unit="instructions", n=20, low=4, high=None)
    assert decided("instructions.p99 <= 100 confidence 0.95", found)[0] is None
    assert decided("instructions.p99 <= 3 confidence 0.95", found)[0] is False


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_gate_passes_exactly_when_the_limit_holds(number: float, limit: float) -> None:
    text = Gate.model_validate({"metric": "rmse", "op": ">=", "limit": limit}).text()
    passed, reason = decided(text, value("rmse", number))
    assert passed is (number >= limit)
    assert "rmse" in reason


def test_a_broken_limit_is_not_rounded_onto_the_figure() -> None:
    _, reason = decided("agreement == 1", Measurement(name="agreement", value=0.99999999, unit="ratio", n=4))
    assert "0.99999999" in reason


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("acuracy >= 0.9", "did you mean 'accuracy'"),
        ("accuracy.yes >= 0.9", "unknown metric"),
        ("recall.nine >= 0.9", "no class 'nine'"),
        ("rmse <= 1 confidence 0.95", "no interval"),
        ("instructions.p50 <= 9 confidence 0.9", "confidence 0.95"),
    ],
)
def test_a_gate_that_no_run_could_decide_is_refused_before_one(text: str, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        check_gates([gate(text)], classes=["zero", "one"])


def test_gates_that_a_run_can_decide_are_let_through() -> None:
    texts = [
        "recall.one >= 0.9 confidence 0.9",
        "input_integrity >= 0.9 confidence 0.99",
        "latency_us.p50 <= 1 confidence 0.95",
    ]
    check_gates([gate(text) for text in (*texts, "f1.macro >= 0.5")], classes=["zero", "one"])


def test_an_assessment_hands_the_decisions_on_with_everything_else(view: Callable[..., View]) -> None:
    case = view([[0.9, 0.1], [0.2, 0.8]], [0, 0])
    got = assess(case, [gate("accuracy >= 0.9"), gate("agreement == 1")])
    assert got.samples.decisions is not None
    assert got.samples.decisions.tolist() == [0, 1]
    assert got.verdict is Verdict.FAIL
    passed = {g.metric: g.passed for g in got.gates}
    assert passed == {"accuracy": False, "agreement": True, "nonfinite_outputs": True}
    assert got.confusion == ((1, 1, 0), (0, 0, 0))
    assert {"accuracy", "agreement", "lost_samples"} <= {m.name for m in got.measurements}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("accuracy >= 95", "did you mean 'accuracy >= 0.95'"),
        ("recall.one > 99.5 confidence 0.95", "did you mean 'recall.one > 0.995 confidence 0.95'"),
        ("f1.macro >= 1.5", "did you mean 'f1.macro >= 0.015'"),
        ("agreement >= 101", "above 1"),
        ("accuracy >= -0.1", "below 0"),
        ("lost_samples <= -1", "below 0"),
        ("accuracy >= 0", "holds whatever"),
        ("accuracy <= 1", "holds whatever"),
        ("rmse >= 0", "holds whatever"),
        ("agreement > 1", "breaks whatever"),
        ("lost_samples < 0", "breaks whatever"),
        ("lost_samples == 0.5", "whole number"),
        ("instructions.p50 <= 100 needs hardware", "emulator alone"),
        ("accuracy >= 1 confidence 0.95", "no number of samples"),
        ("unknown_rate <= 0 confidence 0.99", "no number of samples"),
    ],
)
def test_a_gate_that_holds_or_breaks_whatever_is_measured_is_refused(text: str, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        check_gates([gate(text)])


@pytest.mark.parametrize(
    "text",
    [
        "accuracy >= 1",
        "accuracy <= 0",
        "agreement == 1",
        "lost_samples == 0",
        "lost_samples <= 0",
        "rmse <= 0",
        "rmse > 0",
        "samples_per_s >= 95",
        "cycles.p99 < 1e9 needs hardware",
        "accuracy > 0",
        "accuracy < 1",
        "overlap >= 0.5",
    ],
)
def test_a_gate_at_the_end_of_its_range_that_a_run_can_keep_and_break_is_let_through(text: str) -> None:
    check_gates([gate(text)])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accuracy >= 0.9", "accuracy <= 0.5"),
        ("lost_samples == 0", "lost_samples > 3"),
        ("rmse < 0.5", "rmse >= 0.5"),
        ("agreement == 0.5", "agreement == 0.6"),
    ],
)
def test_two_gates_that_no_value_keeps_are_refused_with_both(first: str, second: str) -> None:
    with pytest.raises(PlanError, match="no run can keep both") as caught:
        check_gates([gate(first), gate("agreement >= 0.1"), gate(second)])
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_two_gates_that_leave_room_between_them_are_let_through() -> None:
    check_gates([gate("accuracy >= 0.5"), gate("accuracy <= 0.5"), gate("rmse > 0.1"), gate("rmse < 0.2")])


def test_a_count_of_samples_cannot_exceed_them_where_their_number_is_known() -> None:
    check_gates([gate("lost_samples <= 500")])
    with pytest.raises(PlanError, match="never above 450"):
        check_gates([gate("lost_samples <= 500")], n_samples=450)
    with pytest.raises(PlanError, match="holds whatever is measured"):
        check_gates([gate("failed_samples <= 450")], n_samples=450)


def test_what_so_many_samples_cannot_show_is_refused_where_their_number_is_known() -> None:
    strict = gate("accuracy >= 0.99 confidence 0.95")
    check_gates([strict])
    check_gates([strict], n_samples=400)
    with pytest.raises(PlanError, match="100 samples cannot show that"):
        check_gates([strict], n_samples=100)


def test_a_shortened_run_passes_no_gate_with_confidence_but_may_break_one() -> None:
    sure = [gate("accuracy >= 0.5 confidence 0.95")]
    whole, short = Extent(60, 60), Extent(60, 450)
    assert judge(sure, [share("accuracy", 60, 60)], "emulated", whole)[1] is Verdict.PASS
    results, verdict, reasons = judge(sure, [share("accuracy", 60, 60)], "emulated", short)
    assert (results[0].passed, verdict) == (None, Verdict.INCONCLUSIVE)
    assert "60 of 450 samples" in reasons[0]
    assert judge(sure, [share("accuracy", 5, 60)], "emulated", short)[1] is Verdict.FAIL
    assert judge([gate("accuracy >= 0.5")], [share("accuracy", 60, 60)], "emulated", short)[1] is Verdict.PASS


def test_fewer_samples_than_the_plan_wants_are_not_enough_for_a_pass() -> None:
    easy = [gate("accuracy >= 0.5")]
    for n, verdict in ((99, Verdict.INCONCLUSIVE), (100, Verdict.PASS)):
        assert judge(easy, [share("accuracy", n, n)], "emulated", Extent(n, 450, 100))[1] is verdict
    assert judge(easy, [share("accuracy", 0, 9)], "emulated", Extent(9, 450, 100))[1] is Verdict.FAIL


def test_float_outputs_must_be_finite_without_a_gate_that_says_so(view: Callable[..., View]) -> None:
    nan = float("nan")
    case = view([[nan, 1.0], [0.2, 0.8]], [1, 1])
    got = assess(case, [gate("agreement == 1")])
    assert got.verdict is Verdict.FAIL
    assert [(g.metric, g.passed) for g in got.gates] == [("agreement", True), ("nonfinite_outputs", False)]
    allowed = assess(case, [gate("agreement == 1"), gate("nonfinite_outputs <= 0.5")])
    assert allowed.verdict is Verdict.PASS
    assert assess(case, []).verdict is Verdict.INCONCLUSIVE
    assert len(assess(view([[1, 2]], [1], dtype="int8"), [gate("agreement == 1")]).gates) == 1


def test_outputs_that_do_not_depend_on_the_input_are_remarked_on(view: Callable[..., View]) -> None:
    assert "the same outputs" in assess(view([[0.1, 0.9]] * 3, [0, 1, 1]), []).warnings[0]
    nan = float("nan")
    assert "the same outputs" in assess(view([[nan, 0.9]] * 3, [0, 1, 1]), []).warnings[0]
    different = [[0.1, 0.9], [0.2, 0.8]] * 5
    assert "decided as 'b'" in assess(view(different, [0, 1] * 5), []).warnings[0]
    assert assess(view(different, [1] * 10), []).warnings == ()
    assert assess(view(different[:4], [0, 1, 0, 1]), []).warnings == ()
    assert assess(view([[0.1, 0.9]], [0]), []).warnings == ()


@pytest.mark.parametrize(("above", "inclusive", "says"), [(95, False, "did you mean 0.95"), (1.5, True, "below 0.996")])
def test_a_threshold_that_no_output_passes_is_refused(above: float, inclusive: bool, says: str) -> None:
    output = Tensor("out", (1, 2), "int8", 1 / 256, -128)
    with pytest.raises(PlanError, match=says):
        check_rule(ThresholdRule(rule="threshold", above=above, inclusive=inclusive), output, "decide")


def test_a_threshold_that_some_output_passes_is_let_through() -> None:
    output = Tensor("out", (1, 2), "int8", 1 / 256, -128)
    top = 255 / 256
    check_rule(ThresholdRule(rule="threshold", above=0.99), output, "decide")
    check_rule(ThresholdRule(rule="threshold", above=top, inclusive=True), output, "decide")
    with pytest.raises(PlanError):
        check_rule(ThresholdRule(rule="threshold", above=top), output, "decide")
    check_rule(ThresholdRule(rule="threshold", above=95), Tensor("out", (1, 2), "float32"), "decide")
    check_rule(ArgmaxRule(), output, "decide")

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from harness.errors import MisuseError
from harness.records import Beside, DatasetFacts, FirmwareFacts, Record, Samples, UnitFacts, Verdict
from harness.verdict.units import UnitRun, compare_units

RIGHT = [[1, 2], [3, 4], [5, 6], [7, 8]]


def run(uid, outputs=RIGHT, *, model="m", data="d", dtype="int8", reference=RIGHT, order=None, **arrays):
    outputs = np.array(outputs, dtype=dtype)
    n = len(outputs)
    order = np.arange(n) if order is None else np.array(order)
    fields = {
        "ids": np.array([f"s{i}" for i in range(n)]),
        "labels": np.zeros(n, dtype=np.int64),
        "outputs": outputs,
        "reference": np.array(reference, dtype=dtype)[:n],
        "cycles": np.zeros(n, dtype=np.uint64),
        "input_crc": np.arange(n, dtype=np.uint32),
        "sent_crc": np.arange(n, dtype=np.uint32),
        "status": np.zeros(n, dtype=np.uint8),
        "answered": np.ones(n, dtype=np.bool_),
    } | arrays
    facts = {"elf_sha256": uid, "engine": "builtin", "build_id": uid, "flash_bytes": 1, "ram_bytes": 1}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    record = Record(
        run_id=uid, case_id="c", started=now, finished=now, verdict=Verdict.PASS, reasons=(), plan="p", board="b",
        unit=UnitFacts(uid=uid), backend="virtual", evidence="emulated", reference=None, link=None,
        firmware=FirmwareFacts(model_sha256=model, flash_s=None, verified=True, **facts),
        dataset=DatasetFacts(name="x", split="test", sha256=data, n=n),
    )  # fmt: skip
    return UnitRun(record, Samples(**{name: array[order] for name, array in fields.items()}))


def names(runs):
    return [r.record.unit.uid for r in runs]


def changed(row, column, value):
    outputs = [list(r) for r in RIGHT]
    outputs[row][column] = value
    return outputs


def test_equal_outputs_pass_whatever_the_order_of_the_samples():
    result = compare_units([run("one"), run("two", order=[2, 0, 3, 1]), run("three")])
    assert (result.verdict, result.n_compared, result.odd) == (Verdict.PASS, 4, ())


def test_the_odd_one_out_of_three_is_named_with_its_first_sample_and_size():
    result = compare_units([run("one"), run("odd", changed(2, 1, 9)), run("three")])
    assert (result.verdict, names(result.odd)) == (Verdict.FAIL, ["odd"])
    (difference,) = result.differences
    assert (difference.first_id, difference.n_samples, difference.max_abs_diff) == ("s2", 1, 3)
    assert (difference.outputs, difference.expected) == ((5, 9), (5, 6))
    assert any("odd" in reason and "s2" in reason for reason in result.reasons)


def test_the_first_run_can_be_the_odd_one():
    assert names(compare_units([run("odd", changed(0, 0, 9)), run("two"), run("three")]).odd) == ["odd"]


def test_between_two_the_reference_decides():
    assert names(compare_units([run("odd", changed(0, 0, 9)), run("two")]).odd) == ["odd"]


def test_when_neither_of_two_is_the_reference_nobody_is_accused():
    result = compare_units([run("one", changed(0, 0, 9)), run("two", changed(0, 0, 8))])
    assert (result.verdict, result.odd, result.split) == (Verdict.FAIL, (), True)
    assert "nothing tells which side is right" in result.reasons[-1]


def test_two_against_two_is_decided_by_the_reference_too():
    wrong = changed(3, 0, 0)
    assert names(compare_units([run("a", wrong), run("b"), run("c", wrong), run("d")]).odd) == ["a", "c"]


def test_a_majority_is_right_even_against_the_reference():
    same = changed(1, 1, 0)
    assert names(compare_units([run("a", same), run("b", same), run("c")]).odd) == ["c"]


def test_samples_that_one_unit_lost_leave_the_comparison_inconclusive():
    answered = np.array([True, False, True, True])
    result = compare_units([run("one"), run("two", changed(1, 0, 0), answered=answered)])
    assert (result.verdict, result.n_compared, result.n_common) == (Verdict.INCONCLUSIVE, 3, 4)


def test_a_sample_computed_from_a_damaged_input_is_not_held_against_the_unit():
    result = compare_units([run("one"), run("two", changed(1, 0, 0), input_crc=np.array([0, 9, 2, 3], np.uint32))])
    assert result.verdict is Verdict.INCONCLUSIVE


def test_runs_that_share_no_sound_sample_are_inconclusive_not_equal():
    nothing = np.zeros(4, dtype=np.bool_)
    assert compare_units([run("one", answered=nothing), run("two")]).verdict is Verdict.INCONCLUSIVE


def test_only_the_samples_that_all_were_sent_count():
    assert compare_units([run("one"), run("two", RIGHT[:2])]).n_common == 2


def test_floats_are_compared_by_their_bits():
    nan = [[float("nan"), 0.0], *RIGHT[1:]]
    assert compare_units([run("a", nan, dtype="float32"), run("b", nan, dtype="float32")]).verdict is Verdict.PASS
    minus = [[float("nan"), -0.0], *RIGHT[1:]]
    assert compare_units([run("a", nan, dtype="float32"), run("b", minus, dtype="float32")]).verdict is Verdict.FAIL


def test_a_nan_is_a_nan_on_every_unit_and_never_hides_a_difference():
    other = np.array([0xFFC12345], dtype=np.uint32).view(np.float32)[0]
    one, two = [[np.nan, 2], *RIGHT[1:]], [[other, 2], *RIGHT[1:]]
    assert compare_units([run("one", one, dtype="float32"), run("two", two, dtype="float32")]).verdict is Verdict.PASS
    (difference,) = compare_units([run("one", RIGHT, dtype="float32"), run("two", two, dtype="float32")]).differences
    assert difference.max_abs_diff == np.inf


@pytest.mark.parametrize(
    ("runs", "what"),
    [
        ([run("one")], "with itself"),
        ([run("one"), run("two", model="n")], "same model"),
        ([run("one"), run("two", data="e")], "same data set"),
        ([run("one"), run("two", dtype="uint8")], "different types"),
        ([run("one"), run("two", [[1]] * 4, reference=[[1]] * 4)], "numbers of outputs"),
        ([run("one"), run("two", ids=np.array(list("abcd")))], "no sample in common"),
    ],
    ids=["alone", "model", "data", "type", "size", "samples"],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(runs, what):
    with pytest.raises(MisuseError, match=what):
        compare_units(runs)


def with_second(made, values, reference=((1,), (2,), (3,), (4,))):
    """The same run with one more output."""
    beside = {"boxes": Beside(np.array(values, np.float32), np.array(reference, np.float32))}
    return replace(made, samples=replace(made.samples, beside=beside))


def test_a_difference_at_another_output_than_the_first_is_found_and_shown():
    right, wrong = [[1], [2], [3], [4]], [[1], [2], [7], [4]]
    result = compare_units([with_second(run("one"), right), with_second(run("odd"), wrong)])
    assert (result.verdict, names(result.odd)) == (Verdict.FAIL, ["odd"])
    (difference,) = result.differences
    assert (difference.first_id, difference.n_samples, difference.outputs, difference.expected) == ("s2", 1, (7,), (3,))
    assert difference.output == "boxes"
    assert "first on s2 at output boxes" in result.reasons[0]
    assert compare_units([with_second(run("one"), right), with_second(run("two"), right)]).verdict is Verdict.PASS


def test_runs_with_other_outputs_cannot_be_compared():
    with pytest.raises(MisuseError, match="have other outputs beside"):
        compare_units([run("one"), with_second(run("two"), [[1], [2], [3], [4]])])

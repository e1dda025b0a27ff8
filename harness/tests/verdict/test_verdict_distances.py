"""The figures that ST's tools print of board against reference: by their published report, by other libraries, and at the edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cosine as cosine_distance
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from harness.plans.schema import Gate
from harness.records import Tensor, Verdict
from harness.verdict import View, measure_all
from harness.verdict.check import PlanError, check_gates
from harness.verdict.gates import judge

Make = Callable[..., View]
NAMES = ("cosine_similarity", "l2_relative_error", "mae", "rmse")
PERFECT = {"cosine_similarity": 1.0, "l2_relative_error": 0.0, "mae": 0.0, "rmse": 0.0}
WORST = {"cosine_similarity": -1.0, "l2_relative_error": np.inf, "mae": np.inf, "rmse": np.inf}


def figures(view: View) -> dict[str, float]:
    return {m.name: m.value for m in measure_all(view) if m.name in NAMES}


def test_a_report_that_st_published_is_reproduced_to_its_last_digits(view: Make) -> None:
    """Line "X-cross #1" of "mnist_int8_io_i8" (10 samples of 10 outputs, scale 1/256, zero point -128), ST's tools 8.1.0.

    It does not hold the outputs. From its figures follows, in steps of the output: the squares of the differences sum up to
    13 and their sizes to 7, and the length of the vector that l2r divides by is the root of 576260. That the other one's is
    the root of 575643 follows from nse and cos; these outputs are made to have just that. Were l2r divided by the
    reference, it would be 0.0047522.
    """
    board = np.zeros(100, dtype=np.int64)
    board[:14] = [255] * 8 + [212, 105, 9, 3, 1, 0]
    reference = board.copy()
    reference[9] -= 3
    reference[20:24] += 1
    assert (np.square(board).sum(), np.square(reference).sum()) == (576260, 575643)
    shape = (10, 10)
    raw, expected = (side.reshape(shape) - 128 for side in (board, reference))
    got = figures(
        view(raw, [0] * 10, reference=expected, dtype="int8", output=Tensor("o", (1, 10), "int8", 1 / 256, -128))
    )
    published = {
        "cosine_similarity": 0.999988853931427,
        "l2_relative_error": 0.0047496589832007885,
        "mae": 0.0002734375011641532,
        "rmse": 0.001408418407663703,
    }
    for name, value in published.items():
        assert got[name] == pytest.approx(value, rel=2e-7), name  # it computes in float32


small = st.floats(-1e6, 1e6, width=32)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays(np.float32, (5, 4), elements=small), arrays(np.float32, (5, 4), elements=small))
def test_figures_are_those_of_other_libraries(
    view: Make, ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]
) -> None:
    got = figures(view(ours, [0] * 5, reference=theirs))
    one, other = ours.astype(np.float64).ravel(), theirs.astype(np.float64).ravel()
    assert got["mae"] == pytest.approx(mean_absolute_error(other, one))
    assert got["rmse"] == pytest.approx(root_mean_squared_error(other, one))
    if np.linalg.norm(one) > 1e-100 and np.linalg.norm(other) > 1e-100:
        assert got["cosine_similarity"] == pytest.approx(1 - cosine_distance(one, other), abs=1e-9)
        assert got["l2_relative_error"] == pytest.approx(np.linalg.norm(one - other) / np.linalg.norm(one), rel=1e-9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays(np.float32, (3, 2), elements=st.floats(width=32)))
def test_equal_outputs_are_perfect_exactly_whatever_they_are(view: Make, outputs: npt.NDArray[np.float32]) -> None:
    assert figures(view(outputs, [0] * 3)) == PERFECT


def test_zeros_on_both_sides_are_equal_and_on_one_side_are_not(view: Make) -> None:
    zeros, ones = [[0.0, 0.0]], [[3.0, 4.0]]
    assert figures(view(zeros, [0])) == PERFECT
    dead = figures(view(zeros, [0], reference=ones))
    assert dead == {"cosine_similarity": 0.0, "l2_relative_error": np.inf, "mae": 3.5, "rmse": pytest.approx(12.5**0.5)}
    alive = figures(view(ones, [0], reference=zeros))
    assert (alive["cosine_similarity"], alive["l2_relative_error"]) == (0.0, 1.0)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["board", "reference"])
def test_what_is_no_number_on_one_side_is_the_worst_and_passes_no_gate(view: Make, odd: float, side: str) -> None:
    rows = [[0.0, 1.0], [odd, 1.0]], [[0.0, 1.0], [1.0, 1.0]]
    outputs, reference = rows if side == "board" else rows[::-1]
    case = view(outputs, [1, 1], reference=reference)
    assert figures(case) == WORST
    for name, text in (
        ("cosine_similarity", ">= 0"),
        ("l2_relative_error", "<= 1e9"),
        ("mae", "<= 1e9"),
        ("rmse", "<= 1e9"),
    ):
        gates = [Gate.model_validate(f"{name} {text}")]
        assert judge(gates, measure_all(case), "emulated")[1] is Verdict.FAIL, name


def test_what_is_no_number_on_both_sides_is_left_out_of_the_lengths(view: Make) -> None:
    got = figures(view([[np.nan, 3.0, 4.0]], [1], reference=[[np.nan, 3.0, 5.0]]))
    assert got["l2_relative_error"] == pytest.approx(1 / 5)
    assert got["cosine_similarity"] == pytest.approx(29 / (5 * 34**0.5))


def test_lost_and_failed_samples_are_not_in_them_and_the_count_says_so(view: Make) -> None:
    rows, reference = [[1.0, 2.0], [0.0, 0.0], [9.0, 9.0]], [[1.0, 2.0], [5.0, 5.0], [1.0, 1.0]]
    case = view(rows, [1, 1, 1], reference=reference, answered=[True, False, True], status=[0, 0, 1])
    assert figures(case) == PERFECT
    assert {m.n for m in measure_all(case) if m.name in NAMES} == {1}
    assert figures(view(rows, [1, 1, 1], answered=[False] * 3)) == {}


def test_a_common_factor_is_seen_by_all_but_the_cosine(view: Make) -> None:
    got = figures(view([[2.0, 4.0]], [1], reference=[[1.0, 2.0]]))
    assert got["cosine_similarity"] == pytest.approx(1)
    assert got["l2_relative_error"] == pytest.approx(0.5)


def test_the_largest_and_the_smallest_floats_neither_overflow_nor_vanish(view: Make) -> None:
    for size in (3e38, 1e-44):
        got = figures(view([[size, 0.0]], [0], reference=[[size, size]]))
        assert got["cosine_similarity"] == pytest.approx(0.5**0.5)
        assert got["l2_relative_error"] == pytest.approx(1)


def test_gates_on_them_are_checked_by_their_range() -> None:
    check_gates([Gate.model_validate("cosine_similarity >= 0.999"), Gate.model_validate("l2_relative_error <= 0.01")])
    check_gates([Gate(metric="cosine_similarity", op=">=", limit=-0.5)])
    for limit, words in ((1.5, "never above 1"), (-1.5, "never below -1"), (-1.0, "holds whatever is measured")):
        with pytest.raises(PlanError, match=words):
            check_gates([Gate(metric="cosine_similarity", op=">=", limit=limit)])
    with pytest.raises(PlanError, match="never below 0"):
        check_gates([Gate(metric="l2_relative_error", op="<=", limit=-1.0)])

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data import quantise
from harness.errors import PlanError
from harness.records import DType, Tensor


def tensor(dtype: DType, scale: float, zero_point: int, shape: tuple[int, ...] = (1, 1)) -> Tensor:
    return Tensor("in", shape, dtype, scale, zero_point)


def one(value: float, dtype: DType, scale: float, zero_point: int) -> int:
    return int(quantise(np.array([[value]], dtype=np.float32), tensor(dtype, scale, zero_point))[0, 0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 1), (1.5, 2), (2.5, 3), (-0.5, -1), (-2.5, -3), (0.49999997, 0), (-0.49999997, 0), (0.0, 0), (-0.0, 0)],
)
def test_ties_go_away_from_zero_and_nothing_else_is_a_tie(value: float, expected: int) -> None:
    assert one(value, "int8", 1.0, 0) == expected


@pytest.mark.parametrize(("dtype", "low", "high"), [("int8", -128, 127), ("uint8", 0, 255), ("int16", -32768, 32767)])
def test_what_does_not_fit_is_the_nearest_that_does(dtype: DType, low: int, high: int) -> None:
    assert [one(v, dtype, 0.01, 0) for v in (-3e38, 3e38)] == [low, high]


def test_the_zero_point_is_added_after_rounding() -> None:
    assert one(0.5, "int8", 1.0, -128) == -127  # rounding -127.5 away from zero would give -128


@given(
    value=st.floats(-1e6, 1e6, width=32),
    scale=st.floats(2**-10, 8.0, width=32),
    zero_point=st.integers(-128, 127),
)
def test_every_value_is_the_float32_quotient_rounded_half_away(value: float, scale: float, zero_point: int) -> None:
    exact = Fraction(float(np.float32(value) / np.float32(scale)))
    whole = int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    assert one(value, "int8", scale, zero_point) == min(127, max(-128, whole + zero_point))


def test_rows_are_contiguous_little_endian_bytes_in_the_tensors_shape() -> None:
    inputs = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    raw = quantise(inputs, tensor("int16", 1.0, 0, (1, 2, 2, 1)))
    assert raw.shape == (2, 2, 2, 1)
    assert raw[1].tobytes() == b"\x04\0\x05\0\x06\0\x07\0"
    assert quantise(inputs, tensor("float32", 0.0, 0, (1, 2, 2)))[1].tobytes() == inputs[1].astype("<f4").tobytes()


@pytest.mark.parametrize("shape", [(1, 28, 28, 1), (1, 64), (1, 4, 16), (1, 16, 4, 1)])
def test_another_layout_is_refused_naming_both_sides(shape: tuple[int, ...]) -> None:
    with pytest.raises(PlanError) as caught:
        quantise(np.zeros((3, 8, 8, 1), np.float32), tensor("int8", 0.1, 0, shape), dataset="digits", model="m")
    text = str(caught.value)
    assert "digits" in text
    assert "[8, 8, 1]" in text
    assert f"[{','.join(map(str, shape))}]" in text


@pytest.mark.parametrize("bad", [tensor("int8", 0.0, 0), tensor("int32", 1.0, 0), tensor("int8", -1.0, 0)])
def test_an_input_that_no_real_value_can_fill_is_refused(bad: Tensor) -> None:
    with pytest.raises(PlanError, match="scale"):
        quantise(np.zeros((1, 1), np.float32), bad)


def test_whole_numbers_are_what_int32_without_a_scale_takes() -> None:
    words = tensor("int32", 0.0, 0, (1, 4))
    raw = quantise(np.array([[3, -7, 2**24, 0]], np.float32), words)
    assert (raw.dtype, raw.tolist()) == (np.dtype("<i4"), [[3, -7, 2**24, 0]])
    for wrong in (0.5, 2.0**25, np.nan):
        with pytest.raises(PlanError, match="takes whole numbers"):
            quantise(np.array([[1, wrong, 3, 4]], np.float32), words)


def test_a_batch_above_one_is_refused() -> None:
    with pytest.raises(PlanError):
        quantise(np.zeros((2, 3), np.float32), tensor("float32", 0, 0, (2, 3)))

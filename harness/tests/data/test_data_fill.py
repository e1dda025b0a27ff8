"""How the inputs fill the model's range, on the digits with the usual mistakes of scaling."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from harness.data import load, quantise
from harness.data.fill import fill, remark
from harness.records import DType, Tensor

IMAGE = Tensor("image", (1, 8, 8, 1), "int8", 1 / 255, -128)
Change = Callable[[np.ndarray], np.ndarray]


def remarked(change: Change, tensor: Tensor = IMAGE) -> str:
    inputs = change(load("digits", samples=100).inputs.astype(np.float64)).astype(np.float32)
    facts = fill(inputs, tensor)
    assert facts is not None
    return remark(facts, inputs, tensor)


def test_what_is_at_an_end_rightly_is_no_mistake() -> None:
    inputs = load("digits").inputs
    facts = fill(inputs, IMAGE)
    assert facts is not None
    raw = quantise(inputs, IMAGE)
    assert facts.at_rail == pytest.approx(float(((raw == -128) | (raw == 127)).mean()))
    assert facts.at_rail > 0.5  # paper is white
    assert (facts.clipped, facts.distinct, facts.span) == (0.0, 17, 1.0)
    assert (facts.low, facts.high, facts.takes_low) == (0.0, 1.0, 0.0)
    assert facts.takes_high == pytest.approx(1.0)
    assert remark(facts, inputs, IMAGE) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x * 16, "multiplied by 1/16 they would fit"),
        (lambda x: x * 255, "multiplied by 1/255 they would fit"),
        (lambda x: x / 255, "multiplied by 255 they would fit"),
        (lambda x: x / 16, "multiplied by 16 they would fit"),
        (lambda x: np.round(x * 255) - 128, "taken as already quantised they would fit"),
        (lambda x: 2 * x - 1, r"as \(x \+ 1\) / 2 they would fit"),
        (lambda x: x * 4095, "multiplied by 1/4095 they would fit"),
        (lambda x: x * 1e30, r"clipped, 2 distinct values are left .*takes 0 to 1\)$"),
        (lambda x: x * 0, "every value of every sample became the same one"),
    ],
    ids=["0..16", "0..255", "twice by 255", "twice by 16", "quantised", "-1..1", "12 bits", "1e30", "nothing"],
)
def test_a_wrong_scaling_is_told_with_the_one_that_would_fit(change: Change, says: str) -> None:
    assert re.search(says, remarked(change)), remarked(change)


@pytest.mark.parametrize("change", [lambda x: 1 - x, lambda x: (x > 0.5) * 1.0], ids=["inverted", "black and white"])
def test_inputs_that_fill_the_range_are_not_remarked_on(change: Change) -> None:
    assert remarked(change) == ""


def test_an_input_around_zero_takes_pixels_of_0_to_255_as_such() -> None:
    signed = Tensor("image", (1, 8, 8, 1), "int8", 1 / 127.5, -1)
    assert "as x / 127.5 - 1 they would fit" in remarked(lambda x: x * 255, signed)


@pytest.mark.parametrize(("dtype", "zero_point", "steps"), [("uint8", 0, 255), ("int16", -32768, 65535)])
def test_the_ends_are_those_of_the_dtype(dtype: DType, zero_point: int, steps: int) -> None:
    facts = fill(np.array([[0.0, 1.0, 1.5]], np.float32), Tensor("in", (1, 3), dtype, 1 / steps, zero_point))
    assert facts is not None
    assert facts.clipped == pytest.approx(1 / 3)
    assert (facts.at_rail, facts.distinct) == (1.0, 2)


def test_one_step_beyond_the_end_is_rounding() -> None:
    facts = fill(np.array([[0.0, 1.0]], np.float32), Tensor("in", (1, 2), "int8", 1 / 256, -128))
    assert facts is not None
    assert facts.clipped == 0.0


def test_a_float_input_has_no_ends() -> None:
    assert fill(np.ones((1, 2), np.float32), Tensor("in", (1, 2), "float32")) is None

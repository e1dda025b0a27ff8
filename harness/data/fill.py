"""How real inputs fill the range of a model's input: what is clipped, how much is used, and which scaling would fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from harness.data.encode import quantise
from harness.records import InputFacts, Tensor

CLIPPED = 0.01  # share of values beyond the range from which on it is said
NARROW = 0.1  # share of the range below which it is said that little of it is used
_TRIED_VALUES = 200_000  # a guess needs no more
_FITS_CLIPPED = 0.001
_FITS_SPAN = 0.5

Floats = npt.NDArray[np.float32]


def fill(inputs: Floats, tensor: Tensor, raw: npt.NDArray[np.generic] | None = None) -> InputFacts | None:
    """Of ``inputs`` [N, ...] encoded for ``tensor`` (as ``raw``, if that is there); None where no scale sets ends."""
    if tensor.dtype == "float32" or not tensor.scale:
        return None
    raw = quantise(inputs, tensor) if raw is None else raw
    limits = np.iinfo(tensor.dtype)
    low, high = (float(tensor.scale * (end - tensor.zero_point)) for end in (limits.min, limits.max))
    values = np.unique(raw).astype(np.int64)
    # One step beyond an end is the rounding of a scale (1.0 at 1/256), not a wrong range.
    beyond = (inputs < low - tensor.scale) | (inputs > high + tensor.scale)
    return InputFacts(
        at_rail=float(((raw == limits.min) | (raw == limits.max)).mean()),
        clipped=float(beyond.mean()),
        distinct=len(values),
        span=float(values[-1] - values[0]) / (limits.max - limits.min),
        low=float(inputs.min()),
        high=float(inputs.max()),
        takes_low=low,
        takes_high=high,
    )


def remark(facts: InputFacts, inputs: Floats, tensor: Tensor) -> str:
    """What is wrong with how the range is filled, with the scaling that would fit; "" when nothing is."""
    left = f"{facts.distinct} distinct value{'s' if facts.distinct != 1 else ''}"
    if facts.distinct == 1:
        text = "inputs: every value of every sample became the same one"
    elif facts.clipped > CLIPPED:
        share = f"{100 * facts.clipped:.3g} %"
        text = f"inputs: {share} of the values are beyond the model's input and were clipped, {left} are left"
    elif facts.span < NARROW:
        text = f"inputs: the values use {100 * facts.span:.2g} % of the range of the model's input, {left} are left"
    else:
        return ""
    text += f" (the data has {facts.low:.6g} to {facts.high:.6g}, the model takes {facts.takes_low:.6g} to {facts.takes_high:.6g})"
    guess = fitting(inputs, tensor)
    return f"{text}; {guess} they would fit" if guess else text


def fitting(inputs: Floats, tensor: Tensor) -> str:
    """The first of the usual scalings with which the inputs fill the range, tried; "" when none does."""
    rows = max(1, _TRIED_VALUES // max(1, inputs[0].size))
    some = inputs[:: max(1, len(inputs) // rows)][:rows].astype(np.float64)
    best, words = 0.0, ""
    for name, scaled in _SCALINGS:
        values = scaled(some, tensor)
        with np.errstate(over="ignore"):
            facts = fill(values.astype(np.float32), tensor) if np.isfinite(values).all() else None
        # By a margin: of two that fill it alike the one that is more usual, and so comes first.
        if facts and facts.clipped <= _FITS_CLIPPED and facts.span >= _FITS_SPAN and facts.span > best + 0.02:
            best, words = facts.span, name
    return words


def _times(factor: float) -> Callable[[npt.NDArray[np.float64], Tensor], npt.NDArray[np.float64]]:
    return lambda x, tensor: x * factor


_SCALINGS: tuple[tuple[str, Callable[[npt.NDArray[np.float64], Tensor], npt.NDArray[np.float64]]], ...] = (
    ("multiplied by 1/255", _times(1 / 255)),
    ("multiplied by 1/16", _times(1 / 16)),
    ("multiplied by 255", _times(255)),
    ("multiplied by 16", _times(16)),
    ("as x / 127.5 - 1", lambda x, tensor: x / 127.5 - 1),
    ("as (x + 1) / 2", lambda x, tensor: (x + 1) / 2),
    ("taken as already quantised", lambda x, tensor: (x - tensor.zero_point) * tensor.scale),
    ("taken as uint8, less 128,", lambda x, tensor: (x - 128 - tensor.zero_point) * tensor.scale),
    ("multiplied by 1/100", _times(1 / 100)),
    ("multiplied by 1/1023", _times(1 / 1023)),
    ("multiplied by 1/4095", _times(1 / 4095)),
    ("multiplied by 1/32768", _times(1 / 32768)),
    ("multiplied by 1/65535", _times(1 / 65535)),
    (
        "with their mean taken off and divided by their standard deviation",
        lambda x, tensor: (x - x.mean()) / (x.std() or 1),
    ),
)

"""Tables for functions of int16 values, as LiteRT's reference fills them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_STEPS = 512
_LEAST, _MOST = -(2**15), 2**15 - 1
# Where the reference's table of the logistic function is one above the nearest value.
_ONE_ABOVE = (
    *(4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43),
    *(44, 45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255),
)


def logistic() -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    """The logistic function at i / 24 for i = 0..255, in Q0.16."""
    nearest = (min(65535, math.floor(65536 / (1 + math.exp(-i / 24)) + 0.5)) for i in range(256))
    return np.array([value + (i in _ONE_ABOVE) for i, value in enumerate(nearest)], np.uint16)


def softmax() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """e^x over -10..0, then 1 / (1 + x) over 0..1: 513 values each, in Q0.15."""
    whole = 65535
    exponentials = of_function(math.exp, 10.0 / whole, _MOST, 2.0 / whole)
    reciprocals = of_function(lambda x: 1.0 / (1.0 + x), 1.0 / whole, _LEAST, 2.0 / whole)
    return np.array([*exponentials, *reciprocals], np.int16)


def of_function(function: Callable[[float], float], in_scale: float, in_zero_point: int, out_scale: float) -> list[int]:
    """The values at 512 places and the end, each moved against what the interpolation errs by half way to the next
    (``LUTPopulate`` for int16), in double; the output's zero point is 0."""
    low, high = in_scale * (_LEAST - in_zero_point), in_scale * (_MOST - in_zero_point)
    step = (high - low) / _STEPS
    inverse = 65536 / (out_scale * _MOST - out_scale * _LEAST)
    values = []
    for i in range(_STEPS):
        here, half, following = (
            function(low + i * step),
            function(low + i * step + step / 2),
            function(low + (i + 1) * step),
        )
        sample = _round(here * inverse)
        error = _round((following * inverse + sample) / 2) - _round(half * inverse)
        values.append(_held(sample - _round(error / 2)))
    return [*values, _held(_round(function(high) * inverse))]


def _round(x: float) -> float:
    return math.copysign(math.floor(abs(x) + 0.5), x)


def _held(x: float) -> int:
    return int(min(max(x, _LEAST), _MOST))

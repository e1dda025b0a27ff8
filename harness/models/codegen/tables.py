"""Tables of 256 int8 outputs for functions of one int8, as LiteRT's reference fills them (``LUTPopulate``, ``elementwise``).

Each of the public functions takes the scales and zero points of input and output and gives the outputs for raw -128..127.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from harness.models.codegen.fixedpoint import high_mul, multiplier_and_shift, rescale, shift_right

Table = tuple[int, ...]
Scales = tuple[float, int, float, int]  # input scale, zero point, output scale, zero point
_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_F = np.float32


def exp(scales: Scales) -> Table:
    """e^x."""
    return of_function(lambda x: _exp(float(x)), scales)


def log(scales: Scales) -> Table:
    """ln x; the least output where x <= 0."""
    _, _, out_scale, out_zero = scales
    least = _F(-128 - out_zero) * _F(out_scale)
    return of_function(lambda x: least if x <= 0 else _F(math.log(float(x))), scales)


def elu(scales: Scales) -> Table:
    """x, or e^x - 1 below 0."""
    return of_function(lambda x: _F(math.expm1(float(x))) if x < 0 else x, scales)


def gelu(scales: Scales) -> Table:
    """x / 2 erfc(-x / sqrt 2)."""
    return of_function(lambda x: _F(0.5) * x * _F(math.erfc(float(x * _F(-math.sqrt(0.5))))), scales)


def gelu_approximated(scales: Scales) -> Table:
    """x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    factor = _F(math.sqrt(2 / math.pi))

    def function(x: np.float32) -> np.float32:
        inner = factor * (x + _F(0.044715) * x * x * x)
        return _F(0.5) * x * (_F(1) + _F(math.tanh(float(inner))))

    return of_function(function, scales)


def absolute(scales: Scales) -> Table:
    """|x|, rescaled unless the scales are the same."""
    in_scale, in_zero, out_scale, out_zero = scales
    pair = multiplier_and_shift(float(_F(in_scale) / _F(out_scale)))
    sizes = (abs(raw - in_zero) for raw in range(-128, 128))
    return tuple(_byte((size if in_scale == out_scale else rescale(size, *pair)) + out_zero) for size in sizes)


def square_root(scales: Scales) -> Table:
    """sqrt x towards zero; 0 where x < 0, which the reference refuses to compute."""
    in_scale, in_zero, out_scale, out_zero = scales
    values = (_F(in_scale) * _F(max(0, raw - in_zero)) for raw in range(-128, 128))
    return tuple(_byte(int(_F(np.sqrt(x)) / _F(out_scale)) + out_zero) for x in values)


def reciprocal_square_root(scales: Scales) -> Table:
    """1 / sqrt x in fixed point; the greatest output where x <= 0 (the reference refuses to compute what is below)."""
    in_scale, in_zero, out_scale, out_zero = scales
    multiplier, shift = multiplier_and_shift(1.0 / (float(np.sqrt(_F(in_scale))) * out_scale))
    table = []
    for raw in range(-128, 128):
        value = raw - in_zero
        if value <= 0:
            table.append(127)
            continue
        root, right = inverse_square_root(value)
        table.append(_byte(rescale(rescale(1, root, 20 - right), multiplier, shift - 20) + out_zero))
    return tuple(table)


def negated(scales: Scales) -> Table:
    """-raw, whatever the scales: what the reference does."""
    return tuple(_wrapped(-raw) for raw in range(-128, 128))


def of_function(function: Callable[[np.float32], np.float32], scales: Scales) -> Table:
    """Any function in float32. The product with the reciprocal of the scale, the rounding and the cast are the reference's; a
    value that int32 cannot hold becomes its least one, as on x86."""
    in_scale, in_zero, out_scale, out_zero = scales
    inverse = _F(1) / _F(out_scale)
    table = []
    with np.errstate(over="ignore", invalid="ignore"):
        for raw in range(-128, 128):
            steps = float(function(_F(in_scale) * _F(raw - in_zero)) * inverse)
            whole = math.copysign(math.floor(abs(steps) + 0.5), steps) if math.isfinite(steps) else steps
            total = float(_F(whole) + _F(out_zero))
            table.append(_byte(int(total) if _INT32_MIN <= total < 2**31 else _INT32_MIN))
    return tuple(table)


def inverse_square_root(value: int) -> tuple[int, int]:
    """(multiplier, right shift): 1 / sqrt(value) as ``multiplier * 2^-(31 + shift)``, by five Newton steps in Q3.28 (TFLite's
    ``GetInvSqrtQuantizedMultiplierExp``)."""
    if value <= 1:
        return _INT32_MAX, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    x3 = value >> 1
    half, three_halves = shift_right(x3, 1), (1 << 28) + (1 << 27)
    x = 1 << 28
    for _ in range(5):
        cube = _saturated(high_mul(high_mul(x, x), x) << 6)  # Q9.22 to Q3.28
        x = _saturated((high_mul(three_halves, x) - high_mul(half, cube)) << 3)
    x = high_mul(x, 1518500250)
    return (x << -shift, 0) if shift < 0 else (x, shift)


def _saturated(value: int) -> int:
    return min(_INT32_MAX, max(_INT32_MIN, value))


def _exp(x: float) -> np.float32:
    return _F(math.exp(x) if x < 88.72 else math.inf)


def _byte(value: int) -> int:
    return min(127, max(-128, value))


def _wrapped(value: int) -> int:
    return (value + 128) % 256 - 128

"""The integer arithmetic of TFLite's quantised kernels, for the tables and multipliers that the generator computes.

Formula sources: TFLite's ``quantization_util`` (multipliers, ranges, radii) and its reference kernels (tables).
``firmware/engine/nn_internal.h`` is the C side of the same arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_INT32_MAX = 2**31 - 1
_INT32_MIN = -(2**31)
_INT16_MAX = 2**15 - 1
_ONE = np.float32(1)


def multiplier_and_shift(real: float) -> tuple[int, int]:
    """``real`` as ``multiplier * 2**(shift - 31)`` with the multiplier in [2^30, 2^31); (0, 0) if below 2^-32."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return _INT32_MAX, 30
    return multiplier, shift


def high_mul(x: int, y: int) -> int:
    """``x * y / 2^31`` rounded to nearest, halves upwards."""
    return _INT32_MAX if x == y == _INT32_MIN else (x * y + (1 << 30)) >> 31


def shift_right(x: int, exponent: int) -> int:
    """``x / 2^exponent`` rounded to nearest, halves away from zero."""
    mask = (1 << exponent) - 1
    return (x >> exponent) + int((x & mask) > (mask >> 1) + (x < 0))


def rescale(x: int, multiplier: int, shift: int) -> int:
    """``x * multiplier * 2^(shift - 31)``, rounded twice."""
    return shift_right(high_mul(x << max(shift, 0), multiplier), max(-shift, 0))


def accumulator_limit(multiplier: int, shift: int) -> int:
    """The greatest magnitude that an int32 accumulator may have for ``rescale`` and an int8 zero point to stay within int32.

    Three steps could leave it: the left shift, the half that the right shift adds for rounding (as ``nn_rescale`` writes
    it), and the zero point on a result that was not shifted right. The accumulator itself may be any int32 but -2^31.
    """
    left, right = max(shift, 0), max(-shift, 0)
    room = _INT32_MAX - (1 << (right - 1) if right else 1 << 8)  # for what high_mul gives
    products = ((room + 1) * 2**31 - (1 << 30) - 1) // multiplier if multiplier else _INT32_MAX
    return min(_INT32_MAX, products) >> left


def divided(multiplier: int, shift: int, count: int) -> tuple[int, int]:
    """The factor divided by ``count``, with as many bits kept as fit: TFLite's MEAN. The multiplier may be below 2^30."""
    up = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << up) // count, shift - up


def input_radius(integer_bits: int, left_shift: int) -> int:
    """The greatest |raw| difference that a Q(integer_bits) input can stand for after its left shift."""
    return math.floor(((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits) / 2.0**left_shift)


def activation_range(activation: int, scale: float, zero_point: int) -> tuple[int, int]:
    """Raw int8 bounds of TFLite's fused activation (0 none, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6)."""

    def raw(real: float) -> int:
        steps = float(np.float32(real) / np.float32(scale))
        return zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))

    low, high = {0: (None, None), 1: (0.0, None), 2: (-1.0, 1.0), 3: (0.0, 6.0)}[activation]
    return (
        -128 if low is None else max(-128, raw(low)),
        127 if high is None else min(127, raw(high)),
    )


def logistic_table(scale: float, zero_point: int) -> tuple[int, ...]:
    """The 256 int8 outputs (scale 1/256, zero point -128) of the logistic function for raw inputs -128..127."""

    def logistic(x: np.float32) -> np.float32:
        return _ONE / (_ONE + _expf(-x))

    return _float_table(logistic, scale, zero_point, 1 / 256, -128)


def rescaling_table(
    in_scale: float, in_zero_point: int, out_scale: float, out_zero_point: int, low: int, high: int
) -> tuple[int, ...]:
    """The 256 int8 outputs of a change of scale followed by a clamp to low..high, for raw inputs -128..127."""
    multiplier, shift = multiplier_and_shift(in_scale / out_scale)
    return tuple(
        min(high, max(low, rescale(raw - in_zero_point, multiplier, shift) + out_zero_point))
        for raw in range(-128, 128)
    )


def tanh_table(scale: float, zero_point: int) -> tuple[int, ...]:
    """The 256 int8 outputs (scale 1/128, zero point 0) of the hyperbolic tangent for raw inputs -128..127."""
    return _float_table(lambda x: np.float32(math.tanh(float(x))), scale, zero_point, 1 / 128, 0)


def leaky_table(
    in_scale: float, in_zero_point: int, out_scale: float, out_zero_point: int, alpha: float
) -> tuple[int, ...]:
    """The 256 int8 outputs of x for x >= 0, alpha * x below, for raw inputs -128..127."""
    positive = multiplier_and_shift(in_scale / out_scale)
    negative = multiplier_and_shift(in_scale * alpha / out_scale)
    rescaled = (
        rescale(raw - in_zero_point, *(positive if raw >= in_zero_point else negative)) for raw in range(-128, 128)
    )
    return tuple(min(127, max(-128, value + out_zero_point)) for value in rescaled)


def hard_swish_table(in_scale: float, in_zero_point: int, out_scale: float, out_zero_point: int) -> tuple[int, ...]:
    """The 256 int8 outputs of x * min(max(x + 3, 0), 6) / 6 for raw inputs -128..127, in TFLite's 16-bit arithmetic."""
    fine = np.float32(in_scale) / np.float32(128)  # the scale of inputs with 7 more bits
    to_out, out_shift = multiplier_and_shift(float(fine / np.float32(out_scale)))
    to_relu, relu_shift = multiplier_and_shift(float(fine / (np.float32(3) / np.float32(32768))))
    to_out, to_relu = (min(_INT16_MAX, (m + (1 << 15)) >> 16) for m in (to_out, to_relu))
    table = []
    for raw in range(-128, 128):
        value = (raw - in_zero_point) << 7
        relu = value
        if relu_shift > 0:
            relu = _saturated16(relu << (relu_shift - 1))
        relu = _high_mul16(relu, to_relu)
        relu = _saturated16(relu << 1) if relu_shift > 0 else shift_right(relu, -relu_shift)
        relu = (relu + (1 << 15)) >> 1  # from -1..1 to 0..1
        product = int(relu * _high_mul16(value, to_out) / (1 << 15))  # towards zero
        table.append(min(127, max(-128, shift_right(product, -out_shift) + out_zero_point)))
    return tuple(table)


def _high_mul16(x: int, y: int) -> int:
    """``x * y / 2^15`` rounded to nearest, halves upwards, saturated."""
    return _INT16_MAX if x == y == -_INT16_MAX - 1 else (x * y + (1 << 14)) >> 15


def _saturated16(x: int) -> int:
    return min(_INT16_MAX, max(-_INT16_MAX - 1, x))


def _float_table(
    function: Callable[[np.float32], np.float32], scale: float, zero_point: int, out_scale: float, out_zero_point: int
) -> tuple[int, ...]:
    """A function in float32, as LiteRT's reference tabulates it (2.3; gemmlowp's fixed point, which TFLM and older LiteRT
    use, differs by 1 where the result falls next to a half)."""
    table = []
    for raw in range(-128, 128):
        steps = float(function(np.float32(scale) * np.float32(raw - zero_point)) / np.float32(out_scale))
        rounded = int(math.copysign(math.floor(abs(steps) + 0.5), steps))
        table.append(min(127, max(-128, rounded + out_zero_point)))
    return tuple(table)


def _expf(x: np.float32) -> np.float32:
    """e^x correctly rounded to float32 (numpy's own float32 exp differs between machines); inf on overflow."""
    return np.float32(math.exp(float(x)) if x < 88.72 else math.inf)

"""Fixed-point words shared by the integer front ends: wrap-around stores and bit counts as C has them.

``>>`` of a signed array is arithmetic, in NumPy as in the C.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_BYTES = np.array([0] + [i.bit_length() for i in range(1, 1 << 16)], np.int64)


def w16(x: Array) -> Int16:
    """The low 16 bits, signed: a store to int16_t."""
    return x.astype(np.int16)


def w32(x: Int64) -> Int64:
    """The low 32 bits, signed, in int64."""
    low: Int64 = x.astype(np.int32).astype(np.int64)
    return low


def u32(x: Int64) -> Int64:
    """The low 32 bits, unsigned, in int64."""
    return x & 0xFFFFFFFF


def msb(x: Array) -> Int64:
    """The number of bits of each x in 0..2^48 - 1: 0 for 0, 1 for 1, 2 for 2 and 3."""
    wide = x.astype(np.int64)
    high, middle, low = wide >> 32, (wide >> 16) & 0xFFFF, wide & 0xFFFF
    below = np.where(middle > 0, _BYTES[middle] + 16, _BYTES[low])
    bits: Int64 = np.where(high > 0, _BYTES[high & 0xFFFF] + 32, below)
    return bits


def shifted(x: Int64, by: Int64 | int) -> Int64:
    """x << by, or x >> -by where ``by`` is negative; x is not negative."""
    amount = np.asarray(by, np.int64)
    return np.where(amount >= 0, x << np.maximum(amount, 0), x >> np.maximum(-amount, 0))


def isqrt(x: Int64) -> Int64:
    """floor(sqrt(x)) for x in 0..2^52: float64 is exact there."""
    return np.sqrt(x.astype(np.float64)).astype(np.int64)

"""When two outputs count as the same. A NaN is a NaN: its sign and payload differ between processors that compute alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def canonical(values: Array) -> Array:
    """The same values, contiguous, every NaN with the same bits; 0.0 stays apart from -0.0. For comparing bytes."""
    if np.issubdtype(values.dtype, np.floating):
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return np.ascontiguousarray(values)


def alike(a: Array, b: Array) -> npt.NDArray[np.bool_]:
    """[N] whether the rows of two arrays of one shape and dtype are the same, byte for byte but for the bits of a NaN."""
    left, right = (canonical(x).view(np.uint8).reshape(len(x), -1) for x in (a, b))
    return np.asarray((left == right).all(axis=1))


def distances(ours: Array, theirs: Array) -> npt.NDArray[np.float64]:
    """Absolute differences of real values of one shape. Two NaNs or equal infinities are 0 apart, a NaN and a number infinitely."""
    one, other = ours.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(invalid="ignore"):  # inf - inf, decided below
        apart = np.abs(one - other)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))

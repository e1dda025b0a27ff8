"""The constant tables of the smart lock's fixed-point MFCC, from formulas."""

from __future__ import annotations

import math

import numpy as np

from harness.data.features._fixed import Array, Int16

WINDOW, POINTS, FILTERS = 400, 512, 23
_LOW_HZ, _HIGH_HZ, _BIN_HZ = 20.0, 8000.0, 31.25
# Three ties that the published table has the other way: (filter, bin) -> weight.
_PUBLISHED = {(12, 72): 1707, (13, 72): 2389, (22, 229): 4025}


def _half_up(x: float) -> int:
    return math.floor(x + 0.5)


def window() -> Int16:
    """[200] the left half in Q14: 16383 Hann^0.85 over 399 steps. The right half mirrors it."""
    shape = [(0.5 - 0.5 * math.cos(2 * math.pi * i / (WINDOW - 1))) ** 0.85 for i in range(WINDOW // 2)]
    return np.array([_half_up(16383 * value) for value in shape], np.int16)


def sines() -> Int16:
    """[384] 32767 sin(2 pi i / 512), towards zero."""
    return np.array([int(32767 * math.sin(2 * math.pi * i / POINTS)) for i in range(384)], np.int16)


def _mel(hz: float) -> float:
    return 1127.0 * math.log1p(hz / 700.0)


def filters() -> tuple[Int16, Int16, Int16]:
    """First bin and number of bins of each of 23 triangles [23], and their 480 weights in Q12, one filter after the other."""
    low, high = _mel(_LOW_HZ), _mel(_HIGH_HZ)
    edges = [low + i * (high - low) / (FILTERS + 1) for i in range(FILTERS + 2)]
    firsts, counts, weights = [], [], []
    for index in range(FILTERS):
        left, middle, right = edges[index : index + 3]
        inside = [k for k in range(1, POINTS // 2) if left < _mel(_BIN_HZ * k) < right]
        firsts.append(inside[0])
        counts.append(len(inside))
        for k in inside:
            mel = _mel(_BIN_HZ * k)
            weight = (mel - left) / (middle - left) if mel <= middle else (right - mel) / (right - middle)
            weights.append(_PUBLISHED.get((index, k), _half_up(4096 * weight)))
    return np.array(firsts, np.int16), np.array(counts, np.int16), np.array(weights, np.int16)


def logarithms() -> Int16:
    """[64] 4096 log2((64 + i) / 64)."""
    return np.array([_half_up(4096 * math.log2((64 + i) / 64)) for i in range(64)], np.int16)


def sums_of_logarithms() -> Array:
    """[1598] uint8: 256 ln(1 + e^(-d / 256)), what a sum's logarithm is above the greater of two."""
    return np.array([_half_up(256 * math.log1p(math.exp(-d / 256))) for d in range(1598)], np.uint8)


def cosines() -> Int16:
    """[23, 23] 2048 cos(pi i (j + 1/2) / 23)."""
    rows = range(FILTERS)
    return np.array(
        [[_half_up(2048 * math.cos(math.pi * i * (j + 0.5) / FILTERS)) for j in rows] for i in rows], np.int16
    )


def lifter() -> Array:
    """[23] uint16: 4096 (1 + 11 sin(pi i / 22))."""
    return np.array([_half_up(4096 * (1 + 11 * math.sin(math.pi * i / 22))) for i in range(FILTERS)], np.uint16)

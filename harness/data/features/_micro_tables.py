"""The constant tables of the micro front end, for its two public variants.

They are computed in double precision. The public library L computes them in single precision on the machine that it runs on, and
gets three entries differently; those are the published ones, set by name here. A board never computes them: its maths library
would get one of them differently again.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from harness.data.features._fixed import Array, Int16, Int64

Variant = Literal["L", "S"]

WINDOW, CHANNELS = 480, 40
FIRST_BIN, LAST_BIN = 5, 240
_LOW_HZ, _HIGH_HZ, _BIN_HZ = 125.0, 7500.0, 31.25
_ONE = 4096  # a window's or filter's 1
_LOUDEST = 32767  # of a gain
# Single precision's own entries of variant L.
_WINDOW_L = {17: 54}
_WEIGHTS_L = {149: (2471, 1625), 221: (1401, 2695)}


def window(variant: Variant) -> Int16:
    """[480] Hann in Q12, sampled in the middle of each step."""
    steps = [(i + 0.5) / WINDOW for i in range(WINDOW)]
    if variant == "S":
        return np.array([round(_ONE * math.sin(math.pi * step) ** 2) for step in steps], np.int16)
    table = [math.floor(_ONE * (0.5 - 0.5 * math.cos(2 * math.pi * step)) + 0.5) for step in steps]
    for index, value in _WINDOW_L.items():
        table[index] = value
    return np.array(table, np.int16)


def _mel(hz: float) -> float:
    return 1127.0 * math.log1p(hz / 700.0)


def _edges() -> list[float]:
    """The 41 upper edges of the bands, and before them the lowest edge."""
    low, high = _mel(_LOW_HZ), _mel(_HIGH_HZ)
    return [low + band * (high - low) / (CHANNELS + 1) for band in range(CHANNELS + 2)]


def bands() -> Int16:
    """[236] the band 0..40 of each bin from 5 on: the first whose upper edge is not below it."""
    upper = _edges()[1:]
    return np.array(
        [next(b for b, edge in enumerate(upper) if _mel(_BIN_HZ * k) <= edge) for k in range(FIRST_BIN, LAST_BIN + 1)],
        np.int16,
    )


def band_sizes() -> Array:
    """[41] uint8: bins in each band."""
    return np.bincount(bands(), minlength=CHANNELS + 1).astype(np.uint8)


def weights(variant: Variant) -> tuple[Int16, Int16]:
    """[236] each: the weight w of a bin in the channel below its band's upper edge, and u in the channel above.

    A bin of band b adds w to channel b - 1 and u to channel b.
    """
    edges = _edges()
    below, above = [], []
    for k, band in zip(range(FIRST_BIN, LAST_BIN + 1), bands().tolist(), strict=True):
        share = (edges[band + 1] - _mel(_BIN_HZ * k)) / (edges[band + 1] - edges[band])
        pair = (_in_q12(share, variant), _in_q12(1 - share, variant))
        if variant == "L":
            pair = _WEIGHTS_L.get(k, pair)
        below.append(pair[0])
        above.append(pair[1])
    return np.array(below, np.int16), np.array(above, np.int16)


def _in_q12(share: float, variant: Variant) -> int:
    return int(_ONE * share) if variant == "S" else math.floor(_ONE * share + 0.5)


def gains() -> Int16:
    """[31, 3] y0, a1, a2 of the gain's pieces, for estimates of 2..32 bits. G(x) = 2^21 (x / 128 + 80)^-0.95, at most 32767."""
    strength = float(np.float32(0.95))

    def gain(x: int) -> int:
        return min(_LOUDEST, int(0.5 + 2.0**21 * (x / 128.0 + 80.0) ** -strength))

    pieces = []
    for bits in range(2, 33):
        x0 = 1 << (bits - 1)
        x2 = 2 * x0 if bits < 32 else 2 * x0 - 1
        y0, y1, y2 = gain(x0), gain(x0 + x0 // 2), gain(x2)
        a1 = 4 * (y1 - y0) - (y2 - y0)
        pieces.append((y0, a1, y2 - y0 - a1))
    return np.array(pieces, np.int16)


def first_gains() -> Int16:
    """[2] the gain of the estimates 0 and 1."""
    strength = float(np.float32(0.95))
    return np.array([min(_LOUDEST, int(0.5 + 2.0**21 * (x / 128.0 + 80.0) ** -strength)) for x in (0, 1)], np.int16)


def logarithms() -> Array:
    """[129] uint16: 65536 (log2(1 + f) - f) at f = i / 128."""
    values = [math.floor(65536 * (math.log2(1 + i / 128) - i / 128) + 0.5) for i in range(129)]
    return np.array(values, np.uint16)


def matrix(below: Int16, above: Int16) -> Int64:
    """[236, 40]: the same weights for a product of matrices."""
    table = np.zeros((len(below), CHANNELS), np.int64)
    for row, band in enumerate(bands().tolist()):
        if band > 0:
            table[row, band - 1] = below[row]
        if band < CHANNELS:
            table[row, band] = above[row]
    return table

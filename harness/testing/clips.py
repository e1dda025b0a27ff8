"""Clips by formula, which the golden features of ``fixtures/features`` are of, and what is known of their features."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.paths import shipped

Clip = npt.NDArray[np.int16]

_TONE = [0, 4592, 8485, 11087, 12000, 11087, 8485, 4592]


def golden() -> dict[str, Any]:
    """The golden numbers."""
    found: dict[str, Any] = json.loads((shipped("fixtures") / "features" / "golden.json").read_text("utf-8"))
    return found


def sine(n: int) -> Clip:
    """1000 Hz at 16 kHz, amplitude 12000."""
    return np.array(_TONE + [-value for value in _TONE], np.int16)[np.arange(n) % 16]


def impulse(n: int) -> Clip:
    """20000 at 200, else silence."""
    clip = np.zeros(n, np.int16)
    clip[200] = 20000
    return clip


def noise(n: int) -> Clip:
    """The upper 12 bits of a linear congruential generator that begins at 1."""
    state, values = 1, []
    for _ in range(n):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        values.append(((state >> 16) - 32768) >> 4)
    return np.array(values, np.int16)


def zeros(n: int) -> Clip:
    """Silence."""
    return np.zeros(n, np.int16)


#: By the names that the golden numbers have.
BY_NAME: dict[str, Callable[[int], Clip]] = {"sine": sine, "impulse": impulse, "lcg": noise, "zeros": zeros}


def loud(n: int) -> npt.NDArray[np.int16]:
    """[6, n] what strains fixed point: white noise, full-scale squares, a tone at the limit, -32768 alone, DC at both ends."""
    random, steps = np.random.default_rng(11), np.arange(n)
    lone = np.zeros(n, np.int16)
    lone[100] = -32768
    return np.stack(
        [
            random.integers(-32768, 32768, n).astype(np.int16),
            np.where((steps // 37) % 2, 32767, -32768).astype(np.int16),
            np.rint(32767 * np.sin(2 * np.pi * 440 / 16000 * steps)).astype(np.int16),
            lone,
            np.full(n, -32768, np.int16),
            np.full(n, 32767, np.int16),
        ]
    )


def capture() -> npt.NDArray[np.float32]:
    """[400, 6] whole numbers of the size of milli-g and milli-degrees a second."""
    row, column = np.arange(400)[:, None], np.arange(6)[None]
    slow = (37 * row + 101 * column) % 1999 - 999
    fast = (53 * row + 211 * column) % 7919 * 10 - 39590
    return np.where(column < 3, slow, fast).astype(np.float32)

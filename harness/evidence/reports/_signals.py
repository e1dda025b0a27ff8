"""Sound and motion over time, drawn into a ``Drawing``: the envelope of a signal, its spectrum, its axes as curves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from harness.evidence.reports._draw import INK, Drawing

Floats = npt.NDArray[np.float64]

_ROWS, _FRAME = 72, 512  # of a spectrum: bands, and values of a frame
_LOWEST = 1 / 160  # of the rate, where the bands begin: 100 Hz at 16 kHz


def edges(n: int, columns: int) -> npt.NDArray[np.int64]:
    """Where each of at most ``columns`` columns of ``n`` values begins, and the end."""
    return np.linspace(0, n, min(n, columns) + 1).astype(np.int64)


def places(n: int, left: float, right: float) -> list[float]:
    """The middles of ``n`` columns."""
    return [float(x) for x in left + (np.arange(n) + 0.5) / n * (right - left)]


def envelope(drawing: Drawing, box: tuple[float, float, float, float], signal: Floats, columns: int) -> None:
    """Least and greatest of each column of a signal [n, axes], about its zero. ``box``: left, top, right, bottom."""
    left, top, right, bottom = box
    starts = edges(len(signal), columns)[:-1]
    low = np.minimum.reduceat(signal.min(axis=1), starts)
    high = np.maximum.reduceat(signal.max(axis=1), starts)
    size = max(float(np.abs(signal).max()), 1e-9)
    lows, highs = ((top + bottom) / 2 - 0.48 * (bottom - top) * values / size for values in (low, high))
    drawing.band([*lows], [*highs], places(len(low), left, right), INK, 0.55)


def spectrum(
    drawing: Drawing, box: tuple[float, float, float, float], sound: Floats, sample_hz: float, columns: int
) -> None:
    """Power of a few frames of each column of a sound [n], in dB, on an axis of about equal pitch. ``box`` as ``envelope``."""
    left, top, right, bottom = box
    window = np.hanning(_FRAME)
    hertz = np.fft.rfftfreq(_FRAME, 1 / sample_hz)
    bands = np.searchsorted(hertz, np.geomspace(_LOWEST * sample_hz, sample_hz / 2, _ROWS + 1)).clip(1, len(hertz) - 1)
    ends = edges(len(sound), columns)
    # Three frames of each column, its ends and its middle; the last ones go beyond the sound.
    starts = np.linspace(ends[:-1], np.maximum(ends[:-1], ends[1:] - _FRAME), 3, axis=1).astype(int)
    frames = np.pad(sound, (0, _FRAME))[starts[..., None] + np.arange(_FRAME)]
    power = (np.abs(np.fft.rfft(frames * window, axis=2)) ** 2).max(axis=1)
    strips = [power[:, low : max(low + 1, high)].mean(axis=1) for low, high in pairwise(bands)]
    level = 10 * np.log10(np.array(strips)[::-1] + 1e-3)
    high = float(level.max())
    low = max(float(np.percentile(level, 5)), high - 70)
    grey = 255 - 255 * ((level - low) / max(high - low, 1e-9)).clip(0, 1)
    drawing.image(left, top, right - left, bottom - top, grey.astype(np.uint8))

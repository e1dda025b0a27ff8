"""A sample as characters: images as shades, signals as lines of bars."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

SHADES = " .:-=+*#%@"
BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=+*#@"
_IMAGE = (24, 14)  # the most columns and lines of an image
_MOST_CHANNELS = 16  # of a signal; a wider array of two axes is an image
SHOWN_CHANNELS = 3

Floats = npt.NDArray[np.floating]


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether a sample of that shape is seen best as an image: two long axes, channels behind them or not."""
    if len(shape) == 3:
        return min(shape[:2]) > 1
    return len(shape) == 2 and min(shape) > 1 and not (shape[1] <= _MOST_CHANNELS and shape[0] >= 3 * shape[1])


def preview(sample: Floats, columns: int = 76, *, ascii_only: bool = False) -> list[str]:
    """Lines of at most ``columns`` characters; shades and bars go from the sample's least value to its largest."""
    if is_image(sample.shape):
        grey = sample if sample.ndim == 2 else sample.mean(axis=2) if sample.shape[2] == 3 else sample[..., 0]
        return _image(grey, min(columns, _IMAGE[0]))
    several = sample.ndim == 2 and min(sample.shape) > 1
    signals = sample.T[:SHOWN_CHANNELS] if several else sample.reshape(1, -1)
    bars = ASCII_BARS if ascii_only else BARS
    return ["".join(_marks(_narrowed(signal, columns), bars)) for signal in signals]


def _image(grey: Floats, columns: int) -> list[str]:
    height, width = grey.shape
    # A character is about twice as high as wide.
    columns = min(columns, 2 * width)
    lines = max(1, round(columns * height / width / 2))
    if lines > _IMAGE[1]:
        columns, lines = max(1, columns * _IMAGE[1] // lines), _IMAGE[1]
    rows = [grey[part].mean(axis=0) for part in _parts(height, lines)]
    cells = np.array([[row[part].mean() for part in _parts(width, columns)] for row in rows])
    return ["".join(line) for line in _marks(cells, SHADES)]


def _narrowed(signal: Floats, columns: int) -> Floats:
    """One value a column: the one farthest from the signal's mean, so that a peak of one value is seen."""
    if len(signal) <= columns:
        return signal
    middle = signal.mean()
    parts = [signal[part] for part in _parts(len(signal), columns)]
    return np.array([part[np.argmax(np.abs(part - middle))] for part in parts])


def _parts(extent: int, count: int) -> list[slice]:
    edges = [index * extent // count for index in range(count + 1)]
    return [slice(low, max(high, low + 1)) for low, high in pairwise(edges)]


def _marks(values: Floats, marks: str) -> npt.NDArray[np.str_]:
    low, high = float(values.min()), float(values.max())
    steps = np.zeros(values.shape) if high == low else (values.astype(np.float64) - low) / (high - low)
    drawn: npt.NDArray[np.str_] = np.array(list(marks))[np.minimum((steps * len(marks)).astype(int), len(marks) - 1)]
    return drawn

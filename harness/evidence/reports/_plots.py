"""The pictures of ``report.html``: inline SVG, images as data URIs."""

from __future__ import annotations

import base64
import math

import numpy as np
import numpy.typing as npt

from harness.evidence.reports._draw import BAD, GOOD, INK, MUTED, SIZE, Drawing, breadth, png, ticks
from harness.verdict.alike import distances

# Above this many classes the numbers of a confusion matrix can no longer be read.
_MAX_NUMBERED = 20
_LONGEST = 24  # characters of a class's name there: the table beside it has all of them
_WIDTH, _HEIGHT = 460.0, 187.0  # of a chart
_ROW = 20.0  # of a layer
_MOST_DECADES = 8  # more names than that would lie on each other


def confusion(counts: tuple[tuple[int, ...], ...], classes: tuple[str, ...]) -> str:
    """Rows = truth, columns = decision, shaded by the share of the row; unknowns only where there are any."""
    table = np.array(counts)
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in (*classes, "unknown")]
    if table.shape[1] > len(classes) and not table[:, len(classes) :].any():
        table = table[:, : len(classes)]
    rows, columns = table.shape
    cell = min(33.0, 640.0 / columns)
    turned = max(map(len, names[:columns])) >= 4
    longest = max(map(breadth, names[:columns]))
    left, below = 2 * SIZE + longest, (0.75 * longest if turned else 0.0) + 1.5 * SIZE
    width, height = cell * columns, cell * rows
    right = sum(int(table[i, i]) for i in range(min(rows, columns)))
    told = f"Rows are the truth, columns the decision. {right:,} of {table.sum():,} samples lie on the diagonal, decided rightly"
    drawing = Drawing(left + width + SIZE, height + below + 1.5 * SIZE, "Confusion matrix", told)
    share = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    for row in range(rows):
        for column in range(columns):
            count = int(table[row, column])
            if not count:
                continue
            # Never fainter than what can still be seen: one stray sample of a thousand is the interesting one.
            alpha = 0.2 + 0.45 * float(share[row, column])
            x, y = left + cell * column, cell * row
            colour = GOOD if row == column else BAD
            drawing.rectangle(x + 0.03 * cell, y + 0.03 * cell, 0.94 * cell, 0.94 * cell, colour, alpha)
            if columns <= _MAX_NUMBERED:
                drawing.text(x + cell / 2, y + cell / 2, str(count))
    every = math.ceil(1.2 * SIZE / cell)  # more names than fit would lie on each other
    for row in range(0, rows, every):
        drawing.text(left - 6, cell * (row + 0.5), names[row], anchor="end", colour=MUTED)
    for column in range(0, columns, every):
        x = left + cell * (column + 0.5)
        if turned:
            drawing.text(x, height + 8, names[column], anchor="end", colour=MUTED, turn=-45)
        else:
            drawing.text(x, height + 10, names[column], colour=MUTED)
    drawing.text(left + width / 2, height + below + 0.5 * SIZE, "decided")
    drawing.text(0.7 * SIZE, height / 2, "truth", turn=-90)
    return drawing.svg()


def differences(outputs: npt.NDArray[np.generic], reference: npt.NDArray[np.generic], tolerance: float = 0.0) -> str:
    """Samples by their largest difference to the reference: in steps for integers, in powers of ten for floats.

    Bars whose samples are further apart than ``tolerance`` have the colour of what is wrong, and a mark.
    """
    whole = np.issubdtype(outputs.dtype, np.integer)
    worst = distances(outputs, reference).max(axis=1)
    places, names = _steps(worst) if whole else _decades(worst)
    counts = [int((places == place).sum()) for place in range(len(names))]
    wrong = [bool((worst[places == place] > tolerance).any()) for place in range(len(names))]
    # One sample in a thousand must still be seen; the labels carry the true counts.
    heights = [max(count, 0.02 * max(counts)) if count else 0.0 for count in counts]
    drawing, left, top, bottom = _chart(
        "Differences to the reference",
        f"largest difference of a sample, {'steps of the output (LSB)' if whole else 'absolute'}",
        left=2 * SIZE,
        told=", ".join(f"{name}: {count:,} samples" for name, count in zip(names, counts, strict=True) if count),
    )
    pitch, scale = (_WIDTH - left) / len(names), (bottom - top - 1.5 * SIZE) / max(heights)
    for index, (name, count, height) in enumerate(zip(names, counts, heights, strict=True)):
        x, tall = left + pitch * (index + 0.5), height * scale
        drawing.rectangle(x - 0.35 * pitch, bottom - tall, 0.7 * pitch, tall, BAD if wrong[index] else GOOD, 0.6)
        if count:
            drawing.text(x, bottom - tall - 0.8 * SIZE, f"{count:,} ✗" if wrong[index] else f"{count:,}")
        drawing.text(x, bottom + 0.9 * SIZE, name, colour=MUTED)
    return drawing.svg()


def _steps(worst: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], list[str]]:
    edges = [0, 1, 2, 3, 5, 9, 17, 33]
    names = ["0", "1", "2", "3-4", "5-8", "9-16", "17-32", "over 32"]
    return np.searchsorted(edges, worst, side="right") - 1, names


def _decades(worst: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """0, then one power of ten a bar, at most ``_MOST_DECADES``, then what is not finite."""
    places, names = np.zeros(worst.shape, dtype=np.int64), ["0"]
    finite = (worst > 0) & np.isfinite(worst)
    if finite.any():
        powers = np.floor(np.log10(worst[finite])).astype(np.int64)
        top = int(powers.max())
        low = max(int(powers.min()), top - _MOST_DECADES + 1)
        places[finite] = 1 + np.maximum(powers, low) - low
        names += [f"1e{power}" for power in range(low, top + 1)]
        if int(powers.min()) < low:
            names[1] = f"≤ 1e{low}"
    if np.isinf(worst).any():
        places[np.isinf(worst)] = len(names)
        names.append("not finite")
    return places, names


def distribution(values: npt.NDArray[np.float64], unit: str) -> str:
    """A histogram of one value per sample; empty when all are the same, which a sentence says better."""
    if values.size < 2 or values.min() == values.max():
        return ""
    counts, edges = np.histogram(values, bins=min(40, max(8, int(np.sqrt(values.size)))))
    marks = ticks(0, int(counts.max()), 4, whole=True)
    drawing, left, top, bottom = _chart(
        f"Distribution of {unit} per sample",
        unit,
        left=2.5 * SIZE + breadth(marks[-1][1]),
        told=f"From {values.min():,.6g} to {values.max():,.6g}, half of them at most {np.median(values):,.6g}",
    )
    scale = (bottom - top) / int(counts.max())
    for value, words in marks:
        drawing.line(left, bottom - value * scale, _WIDTH, bottom - value * scale)
        drawing.text(left - 4, bottom - value * scale, words, anchor="end", colour=MUTED)
    low, high = float(edges[0]), float(edges[-1])
    across = (_WIDTH - left) / (high - low)
    for count, begin, end in zip(counts, edges[:-1], edges[1:], strict=True):
        tall = int(count) * scale
        drawing.rectangle(
            left + (float(begin) - low) * across, bottom - tall, float(end - begin) * across, tall, GOOD, 0.6
        )
    for value, words in ticks(low, high, 5):
        x = left + (value - low) * across
        # What stands at the very edge is moved inwards as far as its text needs.
        half = breadth(words) / 2
        drawing.text(min(max(x, half), _WIDTH - half), bottom + 0.9 * SIZE, words, colour=MUTED)
    return drawing.svg()


def layer_bars(names: list[str], costs: list[int], unit: str) -> str:
    """What each layer took, first layer on top."""
    left, height = 8 + max(map(breadth, names), default=0.0), _ROW * len(names)
    width = max(_WIDTH, left + 240)
    told = "The numbers are in the table below"
    drawing = Drawing(width, height + 3.2 * SIZE, f"{unit.capitalize()} of each layer", told)
    most, total = max([*costs, 1]), sum(costs) or 1
    scale = (width - left - breadth("100.0%") - 4) / most
    for value, words in ticks(0, most, 4, whole=True):
        drawing.line(left + value * scale, 0, left + value * scale, height)
        drawing.text(left + value * scale, height + 0.9 * SIZE, words, colour=MUTED)
    for index, (name, cost) in enumerate(zip(names, costs, strict=True)):
        y = _ROW * (index + 0.5)
        drawing.rectangle(left, y - 0.35 * _ROW, cost * scale, 0.7 * _ROW, GOOD, 0.6)
        drawing.text(left + cost * scale + 4, y, f"{cost / total:.1%}", anchor="start", colour=INK)
        drawing.text(left - 6, y, name, anchor="end", colour=MUTED)
    drawing.text(left + (width - left) / 2, height + 2.4 * SIZE, unit)
    return drawing.svg()


def thumbnail(image: npt.NDArray[np.float32]) -> str:
    """A PNG as data URI of a 2-D input (H, W or H, W, 1), stretched to its own range; empty for any other shape."""
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if flat.ndim != 2 or not 4 <= min(flat.shape) <= max(flat.shape) <= 128:
        return ""
    finite = np.where(np.isfinite(flat), flat.astype(np.float64), np.nan)
    if np.isnan(finite).all():
        return ""
    low, high = np.nanmin(finite), np.nanmax(finite)
    # What is no number is left white, as the lowest value is: dark on light, as ink.
    dark = np.nan_to_num((finite - low) / ((high - low) or 1.0))
    grey = np.round(255 * (1 - dark)).astype(np.uint8)
    return f"data:image/png;base64,{base64.b64encode(png(grey)).decode('ascii')}"


def _chart(label: str, below: str, *, left: float, told: str) -> tuple[Drawing, float, float, float]:
    """An empty one with its axes named: samples against ``below``. The drawing, its left, top and bottom edge."""
    drawing = Drawing(_WIDTH, _HEIGHT, label, f"Samples by {below}. {told}")
    bottom = _HEIGHT - 3 * SIZE
    drawing.text(left + (_WIDTH - left) / 2, _HEIGHT - 0.7 * SIZE, below)
    drawing.text(0.7 * SIZE, bottom / 2, "samples", turn=-90)
    return drawing, left, 0.6 * SIZE, bottom

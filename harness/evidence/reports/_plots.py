"""The pictures of ``report.html``: matplotlib figures as inline SVG, images as data URIs.

Figures are drawn without pyplot (no global state) in stand-in colours, which become the page's own CSS colours: the
same picture is right on light, on dark and on paper.
"""

from __future__ import annotations

import base64
import io
import re
import warnings

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

# Stand-ins, each of which occurs nowhere else, and what they become.
_INK, _MUTED, _LINE, _GOOD, _BAD = "#010203", "#010204", "#010205", "#010206", "#010207"
_CSS = {_INK: "currentColor", _MUTED: "var(--muted)", _LINE: "var(--line)", _GOOD: "var(--accent)", _BAD: "var(--bad)"}
# Above this many classes the numbers of a confusion matrix can no longer be read.
_MAX_NUMBERED = 20


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(colors=_MUTED, labelsize=9, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    return figure, axes


def _svg(figure: Figure, label: str) -> str:
    buffer = io.StringIO()
    # fonttype none keeps text as text (small, searchable, in the page's font); the salt keeps ids apart and stable.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": label}), warnings.catch_warnings():
        # The font only measures; the page's own font shows the text, whatever script a class is named in.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg ([^>]*?)height="[^"]*" ([^>]*?)width="[^"]*"', r"<svg \1\2", text, count=1)
    for stand_in, colour in _CSS.items():
        text = text.replace(stand_in, colour)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def confusion(counts: tuple[tuple[int, ...], ...], classes: tuple[str, ...]) -> str:
    """Rows = truth, columns = decision, shaded by the share of the row; unknowns only where there are any."""
    table = np.array(counts)
    names = [*classes, "unknown"]
    if table.shape[1] > len(classes) and not table[:, len(classes) :].any():
        table = table[:, : len(classes)]
    rows, columns = table.shape
    side = min(0.46, 9.0 / columns)
    figure, axes = _axes(1.3 + side * columns, 1.0 + side * rows)
    share = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    for row in range(rows):
        for column in range(columns):
            count = int(table[row, column])
            if not count:
                continue
            # Never fainter than what can still be seen: one stray sample of a thousand is the interesting one.
            alpha = 0.12 + 0.5 * float(share[row, column])
            colour = _GOOD if row == column else _BAD
            axes.add_patch(Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, facecolor=colour, alpha=alpha, lw=0))
            if columns <= _MAX_NUMBERED:
                axes.text(column, row, str(count), ha="center", va="center", fontsize=9, color=_INK)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_aspect("equal")
    # parse_math: a class named $x$ is no formula.
    turn = 0 if max(map(len, names[:columns])) < 4 else 45
    axes.set_xticks(range(columns), names[:columns], rotation=turn, parse_math=False)
    axes.set_yticks(range(rows), names[:rows], parse_math=False)
    axes.set_xlabel("decided")
    axes.set_ylabel("truth")
    return _svg(figure, "Confusion matrix")


def differences(outputs: npt.NDArray[np.generic], reference: npt.NDArray[np.generic]) -> str:
    """Samples by their largest difference to the reference: in steps for integers, in powers of ten for floats."""
    whole = np.issubdtype(outputs.dtype, np.integer)
    same = (outputs == reference) | (np.isnan(outputs.astype(float)) & np.isnan(reference.astype(float)))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(outputs.astype(np.float64) - reference.astype(np.float64)))
    worst = np.where(np.isnan(apart), np.inf, apart).max(axis=1)
    names, counts = _steps(worst) if whole else _decades(worst)
    figure, axes = _axes(6.4, 2.6)
    colours = [_GOOD if name == "0" else _BAD for name in names]
    # One sample in a thousand must still be seen; the labels carry the true counts.
    heights = [max(count, 0.02 * max(counts)) if count else 0 for count in counts]
    bars = axes.bar(range(len(names)), heights, width=0.7, color=colours, alpha=0.6)
    axes.bar_label(bars, labels=[f"{count:,}" if count else "" for count in counts], fontsize=9, color=_INK, padding=2)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks([])
    axes.margins(y=0.15)
    axes.set_xlabel(f"largest difference of a sample, {'steps of the output (LSB)' if whole else 'absolute'}")
    axes.set_ylabel("samples")
    return _svg(figure, "Differences to the reference")


def _steps(worst: npt.NDArray[np.float64]) -> tuple[list[str], list[int]]:
    edges = [0, 1, 2, 3, 5, 9, 17, 33]
    names = ["0", "1", "2", "3-4", "5-8", "9-16", "17-32", "over 32"]
    places = np.searchsorted(edges, worst, side="right") - 1
    return names, [int((places == index).sum()) for index in range(len(names))]


def _decades(worst: npt.NDArray[np.float64]) -> tuple[list[str], list[int]]:
    finite = worst[(worst > 0) & np.isfinite(worst)]
    names, counts = ["0"], [int((worst == 0).sum())]
    if finite.size:
        powers = np.floor(np.log10(finite)).astype(int)
        for power in range(int(powers.min()), int(powers.max()) + 1):
            names.append(f"1e{power}")
            counts.append(int((powers == power).sum()))
    if (lost := int(np.isinf(worst).sum())) > 0:
        names.append("not finite")
        counts.append(lost)
    return names, counts


def distribution(values: npt.NDArray[np.float64], unit: str) -> str:
    """A histogram of one value per sample; empty when all are the same, which a sentence says better."""
    if values.size < 2 or values.min() == values.max():
        return ""
    figure, axes = _axes(6.4, 2.6)
    axes.hist(values, bins=min(40, max(8, int(np.sqrt(values.size)))), color=_GOOD, alpha=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 10 else f"{value:g}")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(axis="y", color=_LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel(unit)
    axes.set_ylabel("samples")
    return _svg(figure, f"Distribution of {unit} per sample")


def layer_bars(names: list[str], costs: list[int], unit: str) -> str:
    """What each layer took, first layer on top."""
    figure, axes = _axes(6.4, 0.6 + 0.28 * len(names))
    bars = axes.barh(range(len(names)), costs, height=0.7, color=_GOOD, alpha=0.6)
    total = sum(costs) or 1
    axes.bar_label(bars, labels=[f"{cost / total:.1%}" for cost in costs], fontsize=9, color=_INK, padding=3)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.invert_yaxis()
    axes.margins(x=0.12, y=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="x", color=_LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel(unit)
    return _svg(figure, f"{unit.capitalize()} of each layer")


def thumbnail(image: npt.NDArray[np.float32]) -> str:
    """A PNG as data URI of a 2-D input (H, W or H, W, 1), stretched to its own range; empty for any other shape."""
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if flat.ndim != 2 or not 4 <= min(flat.shape) <= max(flat.shape) <= 128:
        return ""
    buffer = io.BytesIO()
    imsave(buffer, flat, cmap="gray_r", format="png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"

"""Sparklines and trends as inline SVG: drawn here, in the page's own colours, without a script."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from markupsafe import Markup

from harness.evidence.reports import _words
from harness.evidence.reports._draw import BAD, GOOD, INK, MUTED, SIZE, Drawing, breadth, ticks

_MOST_DOTS: Final = 240  # more would lie on each other: neighbours are drawn as their median
_WIDTH, _HEIGHT = 760.0, 260.0
_DAYS: Final = 5  # that are written below the picture


@dataclass(frozen=True)
class Shown:
    """A run in a trend."""

    value: float
    low: float | None
    high: float | None
    day: str
    verdict: str


def sparkline(values: Sequence[float], label: str) -> Markup:
    """A few values as a line, the last one marked. Nothing is lost without it: ``label`` says what is to be seen."""
    width, height = 76.0, 20.0
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return Markup()
    low, high = min(finite), max(finite)
    span = high - low
    step = (width - 8) / (len(finite) - 1)
    # A line that never moved lies in the middle.
    points = [
        (4 + i * step, height / 2 if span == 0 else 3 + (height - 6) * (high - value) / span)
        for i, value in enumerate(finite)
    ]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    x, y = points[-1]
    return Markup(
        f'<svg class="spark" role="img" aria-label="{html.escape(label)}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}"><path d="M{path}" fill="none" stroke="{MUTED}" stroke-width="1.2"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{GOOD}"/></svg>'
    )


def trend(
    runs: Sequence[Shown],
    metric: str,
    unit: str,
    *,
    gates: Sequence[tuple[str, float]] = (),
    changes: Sequence[int] = (),
) -> Markup:
    """Values of runs in their order, oldest first, with their 95 % intervals; not according to time: nights have no gaps.

    ``gates``: (operator, limit) drawn as dashed lines. ``changes``: indices at which something changed. Empty without a value.
    """
    runs = [run for run in runs if math.isfinite(run.value)]
    if not runs:
        return Markup()
    bins = _bins(runs)
    told = f"From {_words.figure(runs[0].value, unit)} on {runs[0].day} to {_words.figure(runs[-1].value, unit)} on {runs[-1].day}"
    drawing = Drawing(_WIDTH, _HEIGHT, f"{metric} over {len(runs)} runs", told, styled=False)
    axes = _axes(drawing, bins, [limit for _, limit in gates], len(runs), unit)
    _days(drawing, axes, runs)
    for op, limit in gates:
        y = axes.y(limit)
        drawing.curve([(axes.left, y), (axes.right, y)], BAD, dashed=True)
        words = f"gate {op} {_words.figure(limit, unit)}"
        drawing.text(axes.right, y - 0.7 * SIZE, words, anchor="end", colour=BAD)
    for number, index in enumerate(changes, start=1):
        x = axes.x(index - 0.5)
        drawing.curve([(x, axes.top - 4), (x, axes.bottom)], INK, dashed=True)
        drawing.text(x, axes.top - SIZE, f"change {number}", anchor="middle", colour=INK)
    _values(drawing, axes, bins)
    return Markup(drawing.svg())


@dataclass(frozen=True)
class _Axes:
    """Where a run and a value lie in the drawing."""

    low: float
    high: float
    n: int
    left: float
    right: float = _WIDTH - 10
    top: float = 2.2 * SIZE
    bottom: float = _HEIGHT - 2 * SIZE

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def x(self, index: float) -> float:
        return self.left + 8 + (self.right - self.left - 16) * (index / (self.n - 1) if self.n > 1 else 0.5)


def _axes(drawing: Drawing, bins: Sequence[_Bin], limits: Sequence[float], n: int, unit: str) -> _Axes:
    low, high = _range(bins, limits)
    marks = [(value, _words.figure(value, unit)) for value, _ in ticks(low, high, 5)]
    axes = _Axes(low, high, n, left=10 + max((breadth(name) for _, name in marks), default=20.0))
    for value, name in marks:
        drawing.line(axes.left, axes.y(value), axes.right, axes.y(value))
        drawing.text(axes.left - 6, axes.y(value), name, anchor="end", colour=MUTED)
    return axes


def _values(drawing: Drawing, axes: _Axes, bins: Sequence[_Bin]) -> None:
    xs = [axes.x(one.at) for one in bins]
    if len(bins) > 1:
        if any(one.high > one.low for one in bins):
            drawing.band([axes.y(one.low) for one in bins], [axes.y(one.high) for one in bins], xs, GOOD, 0.16)
        drawing.curve([(x, axes.y(one.value)) for x, one in zip(xs, bins, strict=True)], GOOD)
    for x, one in zip(xs, bins, strict=True):
        if one.failed:
            _cross(drawing, x, axes.y(one.value))
        elif len(bins) <= _MOST_DOTS // 2:
            drawing.dot(x, axes.y(one.value), 2.6, GOOD)


@dataclass(frozen=True)
class _Bin:
    at: float  # index of the run, or the middle of several
    value: float
    low: float
    high: float
    failed: bool


def _bins(runs: Sequence[Shown]) -> list[_Bin]:
    """A run each; of very many, neighbours together: their median, and all that their intervals reach."""
    size = math.ceil(len(runs) / _MOST_DOTS)
    found = []
    for start in range(0, len(runs), size):
        some = runs[start : start + size]
        found.append(
            _Bin(
                at=start + (len(some) - 1) / 2,
                value=median(run.value for run in some),
                low=min(min(run.value, _end(run.low, run.value)) for run in some),
                high=max(max(run.value, _end(run.high, run.value)) for run in some),
                failed=any(run.verdict == "fail" for run in some),
            )
        )
    return found


def _end(end: float | None, value: float) -> float:
    return end if end is not None and math.isfinite(end) else value


def _range(bins: Sequence[_Bin], limits: Sequence[float]) -> tuple[float, float]:
    """What the axis spans: all values and intervals, and the gates, with a little air."""
    ends = [*(one.low for one in bins), *(one.high for one in bins), *limits]
    low, high = min(ends), max(ends)
    air = 0.06 * (high - low) or abs(high) * 0.01 or 1.0
    return low - air, high + air


def _days(drawing: Drawing, axes: _Axes, runs: Sequence[Shown]) -> None:
    """When some of the runs began, below them."""
    count = min(_DAYS, len(runs))
    for index in sorted({round(i * (len(runs) - 1) / max(1, count - 1)) for i in range(count)}):
        half = breadth(runs[index].day) / 2
        x = min(max(axes.x(index), axes.left + half - 20), _WIDTH - half)
        drawing.text(x, axes.bottom + SIZE, runs[index].day, colour=MUTED)


def _cross(drawing: Drawing, x: float, y: float) -> None:
    """A run that failed: by its form too, not by colour alone."""
    for slope in (1, -1):
        drawing.curve([(x - 4, y - 4 * slope), (x + 4, y + 4 * slope)], BAD)

"""A trend for the terminal: the runs in their order, the gate and the changes drawn in, and below in words what was found."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.evidence.history.looking import Trend
from harness.evidence.reports._words import figure, moved
from harness.verdict.trends import Flaky

_WIDEST = 120
_ROWS = 16
_TICKS = 4


def lines(trend: Trend, width: int) -> Iterator[str]:
    """The whole of it, a line each."""
    last = trend.points[-1]
    n = len(trend.points)
    yield (
        f"{trend.metric}: {trend.plan} on {trend.board}, {trend.model or 'no model'}: {n} run{'s' * (n != 1)} since"
        f" {trend.points[0].started:%Y-%m-%d}, last {figure(last.value, trend.measured_in)}"
    )
    if n > 1:
        yield from _drawn(trend, min(width, _WIDEST))
    for gate in trend.gates:
        yield f"gate: {trend.metric} {gate.op} {gate.limit:.12g}"
    for change, first in trend.changes:
        before, after = (figure(level, trend.measured_in) for level in (change.before, change.after))
        yield (
            f"changed with run {first.run_id}, {first.started:%Y-%m-%d}, on {first.unit or 'no unit'}: {before} before,"
            f" {after} since (PELT, penalty {change.penalty:.1f} variances)"
        )
    for drift in trend.drifts:
        yield (
            f"unit {drift.unit} drifts from the others: {moved(drift.total, trend.measured_in)} in {drift.n} runs"
            f" (Mann-Kendall, p {drift.p:.2g} after Holm)"
        )


def flaky_line(found: Flaky) -> str:
    """A flaky case."""
    return (
        f"flaky: {found.case}: {found.fails} fail and {found.errors} error of {found.n} runs of one firmware and data,"
        f" {found.turns} turns; {100 * found.share:.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f} at 95 %)"
    )


def _drawn(trend: Trend, width: int) -> Iterator[str]:
    import plotext

    finite = [(i, point.value) for i, point in enumerate(trend.points) if math.isfinite(point.value)]
    if not finite:
        return
    levels = [value for _, value in finite] + [gate.limit for gate in trend.gates]
    low, high = min(levels), max(levels)
    margin = (high - low or abs(high) or 1.0) * 0.05
    canvas = plotext.figure
    canvas.clear()
    canvas.theme("colorless")
    canvas.plot_size(width, _ROWS)
    canvas.ruler("y").lim(low - margin, high + margin)
    canvas.draw(canvas.signal(*map(list, zip(*finite, strict=True)), marker="•"))
    for gate in trend.gates:
        canvas.line(gate.limit, "horizontal", style="dotted")
    places = {point.run_id: i for i, point in enumerate(trend.points)}
    for _, first in trend.changes:
        canvas.line(places[first.run_id] - 0.5, "vertical", style="dotted")
    n = len(trend.points)
    at = sorted({round(i * (n - 1) / (_TICKS - 1)) for i in range(_TICKS)})
    canvas.ruler("x").ticks(at, [f"{trend.points[i].started:%Y-%m-%d}" for i in at])
    for line in plotext.uncolorize(str(canvas.build())).splitlines():
        yield line.rstrip()

"""Gates that were tried on past runs, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harness.evidence.reports._words import figure
from harness.run.gatetry import Tried, TriedCell
from harness.verdict.gatetry import Spread


def lines(cell: TriedCell) -> Iterator[str]:
    """A cell for people, a line each."""
    yield (
        f"{cell.plan} on {cell.board}, {cell.model}: {_runs(cell.healthy)} that nothing spoke against:"
        f" {cell.passed} would pass, {cell.failed} fail, {cell.inconclusive} be inconclusive"
    )
    for why, count in cell.left_out.items():
        yield f"  left out: {_runs(count)}: {why}"
    for tried in cell.gates:
        yield f"  {tried.gate}: {tried.passed} pass, {tried.failed} fail, {tried.inconclusive} inconclusive"
        if tried.stopped:
            yield f"    would have stopped {', '.join(tried.stopped)}{' and more' if tried.failed > len(tried.stopped) else ''}"
        if cell.failing:
            yield f"    fails {tried.caught} of {_runs(cell.failing)} that failed then"
        if tried.spread is not None:
            told = _differences(tried.spread) if tried.relative else _spread_of(tried, tried.spread)
            yield from (f"    {line}" for line in told)


def _differences(found: Spread) -> Iterator[str]:
    lowest, highest = (_difference(value, found.measured_in) for value in (found.lowest, found.highest))
    yield f"{_runs(found.n)}, each against the healthy run before it: {lowest} to {highest}"
    if found.above is not None:
        yield f"a margin that 1 healthy run in 100 would break: {_difference(found.above, found.measured_in)}"


def _spread_of(tried: Tried, found: Spread) -> Iterator[str]:
    lowest, highest = (figure(value, found.measured_in) for value in (found.lowest, found.highest))
    where = f"{_runs(found.n)} on {found.units} unit{'s' * (found.units != 1)}"
    if found.n == 1:
        yield f"{where}: {lowest}"
        return
    if found.lowest == found.highest:
        yield f"{where}, all {lowest}: what differs from it is the product's doing"
        return
    yield f"{where} lie from {lowest} to {highest}"
    if (beyond := _supported(tried, found)) is not None:
        yield f"a limit that 1 healthy run in 100 would break: {tried.op} {figure(beyond, found.measured_in)}"
    margins = [
        f"{_difference(margin, found.measured_in)} on {what}"
        for margin, what in ((found.same_unit, "one unit"), (found.other_unit, "two units"))
        if margin is not None
    ]
    if margins:
        yield f"a margin that 1 healthy pair in 100 would break: {', '.join(margins)}"


def _supported(tried: Tried, found: Spread) -> float | None:
    """The strictest limit on the gate's own side that the spread supports."""
    if tried.op in (">=", ">"):
        return found.below
    return found.above if tried.op in ("<=", "<") else None


def _difference(value: float, measured_in: str) -> str:
    """Of shares in points: a difference of two is not per cent of anything."""
    return f"{100 * value:.2g} points" if measured_in == "ratio" else figure(float(f"{value:.2g}"), measured_in)


def _runs(n: int) -> str:
    return f"{n} run{'s' * (n != 1)}"

"""How far healthy runs of one thing lie apart, between nights on one unit and between units, and what gates that supports."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

#: One healthy run, or one healthy change, in a hundred may lie beyond what is called supported.
LEVEL: Final = 0.99


@dataclass(frozen=True)
class Spread:
    """Values of healthy runs, in the metric's own unit. Standard deviations are None where there are too few runs to know them.

    ``below`` and ``above``: one more healthy run lies beyond with a chance of 1 in 100. ``same_unit`` and ``other_unit``: two
    healthy runs differ by more, in one direction, with that chance.
    """

    metric: str
    measured_in: str
    n: int
    units: int
    mean: float
    lowest: float
    highest: float
    nights: float | None
    between: float | None
    below: float | None
    above: float | None
    same_unit: float | None
    other_unit: float | None


def spread_of(metric: str, measured_in: str, values: Sequence[float], units: Sequence[str]) -> Spread:
    """The spread of at least one finite value, each with its unit.

    One-way analysis of variance with random effects: the mean squares within units and between them give the variance between
    nights and that between units, 0 where the estimate is negative. ``below`` and ``above`` are the mean -+ t s, s of one more
    run on another unit and of the mean itself (the prediction interval of Hahn and Meeker, "Statistical Intervals"); the
    differences are t s sqrt(2). t is Student's; where units differ it has as many degrees of freedom as there are other units.
    """
    groups: dict[str, list[float]] = defaultdict(list)
    for unit, value in zip(units, values, strict=True):
        groups[unit].append(float(value) - values[0])  # so that equal values have no variance at all
    parts = _analysed(list(groups.values()))
    mean = values[0] + float(np.mean([value - values[0] for value in values]))
    half = None if parts.total is None else _t(parts.free_total) * math.sqrt(parts.total + parts.of_mean)
    return Spread(
        metric=metric,
        measured_in=measured_in,
        n=len(values),
        units=len(groups),
        mean=mean,
        lowest=float(min(values)),
        highest=float(max(values)),
        nights=None if parts.within is None else math.sqrt(parts.within),
        between=None if parts.between is None else math.sqrt(parts.between),
        below=None if half is None else mean - half,
        above=None if half is None else mean + half,
        same_unit=None if parts.within is None else _t(parts.free_within) * math.sqrt(2 * parts.within),
        other_unit=None
        if parts.total is None or len(groups) == 1
        else _t(parts.free_total) * math.sqrt(2 * parts.total),
    )


@dataclass(frozen=True)
class _Analysed:
    """Variances, None where too few ran, with their degrees of freedom: of nights, of units, of one run, of the mean of all."""

    within: float | None
    free_within: int
    between: float | None
    total: float | None
    free_total: int
    of_mean: float


def _analysed(groups: list[list[float]]) -> _Analysed:
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    n, k = int(sizes.sum()), len(groups)
    within = (
        sum(float(np.sum((np.asarray(group) - np.mean(group)) ** 2)) for group in groups) / (n - k) if n > k else None
    )
    if k == 1:
        return _Analysed(within, n - 1, None, within, n - 1, (within or 0.0) / n)
    means = np.array([np.mean(group) for group in groups])
    square = float(np.sum(sizes * (means - np.sum(sizes * means) / n) ** 2)) / (k - 1)
    if within is None:  # each unit ran once: units and nights cannot be told apart
        return _Analysed(None, 0, square, square, k - 1, square / n)
    size = (n - float(np.sum(sizes**2)) / n) / (k - 1)  # runs of a unit; of unequal ones, what stands for their number
    between = (square - within) / size
    if between <= 0:
        return _Analysed(within, n - k, 0.0, within, n - k, within / n)
    return _Analysed(
        within, n - k, between, between + within, k - 1, between * float(np.sum(sizes**2)) / n**2 + within / n
    )


def _t(free: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(free, LEVEL))

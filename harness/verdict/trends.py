"""What happened over many runs: where a measurement changed for good, which unit drifts away from its equals, what is flaky.

Pure. None of it is a verdict: a trend tells where to look, gates decide.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from harness.verdict.statistics import holm, wilson

#: Runs that must lie between two changes: fewer are an outlier, not a new level.
MIN_RUNS: Final = 3
#: Of ``penalty``: how often ln(n) a change must lower the cost, in variances. A known noise would do with 3 (the modified BIC of
#: Zhang and Siegmund, Biometrics 63, 2007); here it is estimated of few runs. Simulated: of series that never change 4.2 % of those
#: with 12 runs are told to, 1.9 % of those with 20, 0.3 % with 60; a step of 2 deviations is found in 92 % (30 runs on each side).
FACTOR: Final = 4.0
_FEWEST: Final = 2 * MIN_RUNS
_EQUALS: Final = 3  # units: of two that part nobody knows which one moved
_FEWEST_OF_UNIT: Final = 8
#: Below it a drift is told. All units of a comparison share it (Holm).
DRIFT_LEVEL: Final = 0.01
_KEPT: Final = 0.8  # of the differences, the smaller ones
_OF_KEPT: Final = (
    0.661608  # of a standard normal: the root of the mean square of the smaller 80 % of its absolute values
)
_ODD: Final = 5.0
_DAY_S: Final = 86_400.0

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """From the value at ``index`` on another level holds. Levels are medians; ``penalty`` in variances of the noise."""

    index: int
    before: float
    after: float
    penalty: float

    @property
    def difference(self) -> float:
        """How far it went."""
        return self.after - self.before


@dataclass(frozen=True)
class Drift:
    """A unit that moves away from its equals: by ``per_day``, ``total`` over the time that was looked at."""

    unit: str
    n: int
    per_day: float
    total: float
    p: float  # Mann-Kendall on the distance from the others, corrected for the number of units (Holm)


@dataclass(frozen=True)
class Outcome:
    """What one run of a case came to. Runs of one case with one ``build``, firmware and data, are repeats of each other."""

    case: str
    build: str
    started: datetime
    verdict: str


@dataclass(frozen=True)
class Flaky:
    """A case that came to pass and to something else by turns, with nothing changed between. ``low``, ``high``: 95 %, Wilson."""

    case: str
    build: str
    n: int
    fails: int
    errors: int
    turns: int  # from pass to something else, or back
    low: float
    high: float

    @property
    def share(self) -> float:
        """Of runs that did not pass."""
        return (self.fails + self.errors) / self.n


def noise(values: Values) -> float:
    """The standard deviation of a series about its level, by the differences of neighbours: a change adds one of them alone.

    The root of the mean square of the smaller four fifths of them, scaled for a normal distribution: one run in ten may be odd.
    Where four fifths are 0, as of a figure without noise, that of all.
    """
    differences = np.sort(np.abs(np.diff(values)))
    if not len(differences):
        return 0.0
    kept = differences[: math.ceil(_KEPT * len(differences))]
    return (_root_mean_square(kept) / _OF_KEPT or _root_mean_square(differences)) / math.sqrt(2)


def without_odd_runs(values: Values, spread: float) -> Values:
    """Values that lie ``_ODD`` deviations from the median of the five about them take that median: no level lasts so short.

    F. R. Hampel, "The influence curve and its role in robust estimation", JASA 69 (1974).
    """
    padded = np.pad(values, 2, mode="reflect")
    about = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.where(np.abs(values - about) > _ODD * spread, about, values)


def penalty(n: int) -> float:
    """What a change must lower the cost by, in variances of the noise: ``FACTOR`` ln(n)."""
    return FACTOR * math.log(n)


def changes(values: Sequence[float]) -> list[Change]:
    """Where the level of a series changed, oldest first: PELT (ruptures) on the mean, least squares, ``penalty``.

    Empty for fewer than 6 values, and for those that never differ. Values must be finite.
    """
    series = np.asarray(values, dtype=np.float64)
    spread = noise(series)
    if len(series) < _FEWEST or not spread:
        return []
    import ruptures

    cost = penalty(len(series))
    usual = (without_odd_runs(series, spread) / spread).reshape(-1, 1)
    ends = [0, *ruptures.KernelCPD(kernel="linear", min_size=MIN_RUNS).fit(usual).predict(pen=cost)]
    levels = [float(np.median(series[begin:end])) for begin, end in pairwise(ends)]
    return [Change(int(index), *each, cost) for index, each in zip(ends[1:-1], pairwise(levels), strict=True)]


def drifting(at: Sequence[datetime], values: Sequence[float], units: Sequence[str]) -> list[Drift]:
    """The units whose distance from the others grows, the one that went farthest first.

    Each value is held against the median of the other units at that time, between their runs by interpolation. What is then
    left of a unit is tested for a trend (Mann 1945, Kendall 1975), its size is Theil and Sen's slope. The farthest is taken
    out before the others are looked at again: it would drag their median. Needs three units with 8 runs each.
    """
    series = _by_unit(at, values, units)
    found: list[Drift] = []
    while len(series) >= _EQUALS:
        told = sorted(_distances(series), key=lambda drift: -abs(drift.total))
        farthest = next((drift for drift in told if drift.p < DRIFT_LEVEL), None)
        if farthest is None:
            break
        found.append(farthest)
        del series[farthest.unit]
    return found


def flaky(outcomes: Iterable[Outcome]) -> list[Flaky]:
    """The cases that turned at least twice with one build, worst first. What could not be decided (inconclusive) is left out.

    One turn that lasts is a change, of a board or of the bench, and none by chance.
    """
    by_repeat: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.build and outcome.verdict != "inconclusive":
            by_repeat[outcome.case, outcome.build].append(outcome)
    found = [_flaky(*repeat, each) for repeat, each in by_repeat.items()]
    return sorted((one for one in found if one.turns >= 2), key=lambda one: (-one.share, one.case, one.build))


def _flaky(case: str, build: str, each: list[Outcome]) -> Flaky:
    passed = [one.verdict == "pass" for one in sorted(each, key=lambda one: one.started)]
    bad = len(passed) - sum(passed)
    low, high = wilson(bad, len(passed))
    return Flaky(
        case,
        build,
        n=len(passed),
        fails=sum(one.verdict == "fail" for one in each),
        errors=sum(one.verdict == "error" for one in each),
        turns=sum(a != b for a, b in pairwise(passed)),
        low=low,
        high=high,
    )


def _by_unit(at: Sequence[datetime], values: Sequence[float], units: Sequence[str]) -> dict[str, tuple[Values, Values]]:
    """Days and values of each unit that ran often enough, oldest first."""
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for when, value, unit in zip(at, values, units, strict=True):
        if unit and math.isfinite(value):
            rows[unit].append((when.timestamp() / _DAY_S, value))
    found = {}
    for unit, each in sorted(rows.items()):
        if len(each) >= _FEWEST_OF_UNIT:
            days, series = np.asarray(sorted(each)).T
            found[unit] = (days, series)
    return found


def _distances(series: dict[str, tuple[Values, Values]]) -> list[Drift]:
    """The trend of each unit's distance from the others, with its p-value corrected."""
    from scipy.stats import kendalltau, theilslopes

    raw = []
    for unit, (days, values) in series.items():
        others = [np.interp(days, *other) for name, other in series.items() if name != unit]
        distance = values - np.median(others, axis=0)
        p = float(kendalltau(days, distance).pvalue)
        slope = float(theilslopes(distance, days).slope)
        raw.append(Drift(unit, len(days), slope, slope * float(days[-1] - days[0]), 1.0 if math.isnan(p) else p))
    corrected = holm([drift.p for drift in raw])
    return [replace(drift, p=p) for drift, p in zip(raw, corrected, strict=True)]


def _root_mean_square(values: Values) -> float:
    return float(np.sqrt(np.mean(values**2)))

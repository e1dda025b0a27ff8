"""Percentiles of a per-sample count, with intervals that assume no distribution."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from harness.records import Measurement
from harness.verdict.statistics import quantile_ranks
from harness.verdict.view import View

SUFFIXES = ("p50", "p90", "p99", "max")


def meanings(stem: str, what: str) -> dict[str, str]:
    """What ``stem.p50`` and its sisters mean, for a family; ``what`` is counted of each sample."""
    shares = {"p50": "half", "p90": "90 %", "p99": "99 %"}
    found = {
        f"{stem}.{suffix}": f"{what}: {share} of the samples took at most this" for suffix, share in shares.items()
    }
    return found | {f"{stem}.max": f"{what}: the most that a sample took"}


def with_interval(stem: str) -> tuple[str, ...]:
    """The names of those that have an interval."""
    return tuple(f"{stem}.{suffix}" for suffix in SUFFIXES if suffix != "max")


def counted(view: View) -> npt.NDArray[np.float64]:
    """The counter's values of the sound samples that ran undisturbed; none when the board counted nothing (all 0).

    A sample whose computing overlapped reception has the line's interrupts in its count: it is left out (``Samples.quiet``).
    """
    chosen = view.sound if view.samples.quiet is None else view.sound & view.samples.quiet
    values = view.samples.cycles[chosen].astype(np.float64)
    return values if values.any() else values[:0]


def percentile(values: npt.NDArray[np.float64], q: float) -> float:
    """A value that occurred: the smallest one with at least that share of the values at or below it. Not of no values."""
    # The product is rounded first: 0.99 * 100 is 99.00000000000001 in some orders of evaluation.
    return float(np.sort(values)[max(1, math.ceil(round(q * values.size, 9))) - 1])


def percentiles(stem: str, values: npt.NDArray[np.float64], unit: str) -> tuple[Measurement, ...]:
    """``stem.p50|p90|p99|max``; nothing for no values.

    Intervals: order statistics, see ``quantile_ranks``; the maximum of a sample bounds nothing and has none.
    """
    n = values.size
    if n == 0:
        return ()
    ordered = np.sort(values)
    found = []
    for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        low, high = quantile_ranks(n, q)
        found.append(
            Measurement(
                name=f"{stem}.{name}",
                value=percentile(ordered, q),
                unit=unit,
                n=n,
                low=None if low is None else float(ordered[low - 1]),
                high=None if high is None else float(ordered[high - 1]),
            )
        )
    found.append(Measurement(name=f"{stem}.max", value=float(ordered[-1]), unit=unit, n=n))
    return tuple(found)

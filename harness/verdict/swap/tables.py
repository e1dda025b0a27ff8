"""The tables of lost and gained samples that may come of a swap, and how likely each is. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.verdict.statistics import functions

REACH = 9.0  # standard deviations: what lies further out is not counted, 1e-18 of it all

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """``weight`` [lost, gained] is how likely each is; ``lost`` [lost, 1] and ``gained`` [1, gained] are the counts."""

    lost: Floats
    gained: Floats
    weight: Floats


def tables(n: int, lost: float, gained: float, *, reach: float = REACH, most: int = 100_000_000) -> Table | None:
    """Of ``n`` samples, each lost or gained with those chances; None where there are more than ``most`` worth counting."""
    b, c = likely(n, lost, reach), likely(n, gained, reach)
    if len(b) * len(c) > most:
        return None
    rows, columns = b[:, np.newaxis], c[np.newaxis, :]
    # Lost are binomial, and of those that were not lost the gained are.
    weight = binomial(rows, n, lost) * binomial(columns, n - rows, gained / (1 - lost) if lost < 1 else 0.0)
    return Table(rows, columns, weight)


def scores(lost: npt.ArrayLike, gained: npt.ArrayLike, n: int, difference: float) -> Floats:
    """Tango's statistic of ``paired`` for arrays of counts."""
    b, c = np.asarray(lost, dtype=np.float64), np.asarray(gained, dtype=np.float64)
    linear = (2 * n - c + b) * difference - c - b
    constant = -b * difference * (1 - difference)
    share = (np.sqrt(np.maximum(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    distance = c - b - n * difference
    with np.errstate(divide="ignore", invalid="ignore"):  # no variance: decided below
        found = distance / np.sqrt(variance)
    return np.where(variance > 0, found, np.where(distance == 0, 0.0, np.copysign(np.inf, distance)))


def likely(n: int, share: float, reach: float = REACH) -> Floats:
    """The counts that Binomial(n, share) takes with any chance worth the name."""
    around = reach * math.sqrt(n * share * (1 - share)) + 2 * reach
    first, last = max(0, math.floor(n * share - around)), min(n, math.ceil(n * share + around))
    return np.arange(first, last + 1, dtype=np.float64)


def binomial(k: Floats, n: npt.ArrayLike, share: float) -> Floats:
    """P(B = k) for B ~ Binomial(n, share); 0 for a k above n."""
    special, n = functions(), np.asarray(n, dtype=np.float64)
    if share <= 0:
        return np.asarray(np.where(k == 0, 1.0, 0.0) * np.ones_like(n))
    inside = k <= n
    m = np.where(inside, n, k)
    log = special.gammaln(m + 1) - special.gammaln(k + 1) - special.gammaln(m - k + 1)
    log = log + special.xlogy(k, share) + special.xlog1py(m - k, -share)
    return np.asarray(np.where(inside, np.exp(log), 0.0))

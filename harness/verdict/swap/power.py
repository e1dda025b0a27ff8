"""What so many samples can show: the smallest drop that is seen, the number that decides, the chance of each verdict. Pure.

All figures are for the plain interval (Tango's) and for samples that are independent of each other. The simulation that holds
them against what happens is in the tests and in the guide's page "statistics".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.verdict.paired import score_difference
from harness.verdict.statistics import functions, score_interval, two_sided_z
from harness.verdict.swap.tables import Floats, binomial, likely, scores, tables

POWER = 0.8  # "in 4 of 5 runs"
_MOST = 100_000_000  # no number of samples that anybody has


@dataclass(frozen=True)
class Chances:
    """How often a comparison of independent samples passes its margin, breaks it, and shows any drop at all."""

    passes: float
    fails: float
    drop_shown: float


def chances(n: int, lost: float, gained: float, margin: float, level: float) -> Chances:
    """Where each of ``n`` samples is lost or gained with those chances: every table that is likely enough is gone through.

    Tango's interval ends above a value exactly where its score test, which takes no search, rejects that value. What is counted
    exactly near the margin (``margin.kept``) is left out: it makes a pass or a failure a little rarer.
    """
    z = two_sided_z(level)
    every = tables(n, lost, gained)
    assert every is not None
    at_margin = scores(every.lost, every.gained, n, -margin)
    differ = every.lost + every.gained
    shown = every.gained <= most_gained(np.arange(differ.max() + 1), level)[differ.astype(np.int64)]
    return Chances(*(float(every.weight[holds].sum()) for holds in (at_margin >= z, at_margin < -z, shown)))


def visible_drop(discordant: float, n: float, level: float) -> float:
    """The smallest true drop of the accuracy that is told from none in 4 of 5 runs of so many samples; 1 where none is.

    ``discordant`` of them were right on one side alone; a drop larger than that share makes it as large. Shown is a drop where
    McNemar's mid-p is below 1 - ``level``. The power is that of the test's binomial, summed over how many samples differ
    (S. W. Duffy, "Asymptotic and exact power for the McNemar test and its analogue with R controls per case", Biometrics 40 (1984)
    1005-1015).
    """
    whole, share = max(1, round(n)), discordant / n
    low, high = 0.0, 1.0
    if _power(whole, share, high, level) < POWER:
        return 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(whole, share, middle, level) >= POWER else (middle, high)
    return high


def n_to_decide(lost: float, gained: float, n: float, margin: float, level: float) -> int | None:
    """How many samples decide on the margin in 4 of 5 runs, should lost and gained keep their shares; None: no number does.

    Where Tango's interval at the quantile ``z(level) + z(power)`` leaves the margin out: the usual sum of quantiles (J. M. Lachin,
    "Introduction to sample size determination and power analysis for clinical trials", Controlled Clinical Trials 2 (1981) 93-113).
    """
    z = two_sided_z(level) + two_sided_z(2 * POWER - 1)

    def decides(size: int) -> bool:
        low, high = score_difference(lost * size / n, gained * size / n, size, z)
        return low >= -margin or high < -margin

    return _smallest(decides, round(n))


def n_to_decide_share(count: int, n: int, limit: float, level: float) -> int | None:
    """How many samples decide on the limit of a share in 4 of 5 runs, should it stay as it is; None: no number does. As above."""
    z = two_sided_z(level) + two_sided_z(2 * POWER - 1)

    def decides(size: int) -> bool:
        low, high = score_interval(count / n, size, z)
        return high <= limit or low > limit

    return _smallest(decides, n)


def _smallest(decides: Callable[[int], bool], start: int) -> int | None:
    """The smallest number that decides, where every larger one does; not below ``start``, which is known not to."""
    high = max(1, start)
    while not decides(high):
        high *= 2
        if high > _MOST:
            return None
    low = max(start, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def _power(n: int, share: float, drop: float, level: float) -> float:
    """How often a true drop is shown where ``share`` of the samples (the drop at least) are right on one side alone."""
    share = max(share, drop)
    if share <= 0:
        return 0.0
    differ = likely(n, share)
    gained = most_gained(differ, level)
    # At least so many lost as leave that many gained.
    chance = functions().bdtrc(differ - gained - 1, differ.astype(np.int64), (share + drop) / (2 * share))
    return float(np.sum(binomial(differ, n, share) * np.where(gained >= 0, chance, 0.0)))


def most_gained(differ: npt.ArrayLike, level: float) -> Floats:
    """Of so many samples that differ the most that may be gained for McNemar's mid-p to show a drop; -1: not even 0 does."""
    m = np.asarray(differ, dtype=np.float64)
    # The normal approximation is off by one at most; and more are lost than gained.
    most = np.minimum(np.floor((m - two_sided_z(level) * np.sqrt(m)) / 2) + 1, np.ceil(m / 2) - 1)
    for _ in range(4):
        inside = np.maximum(most, 0)
        below = functions().bdtr(inside, m.astype(np.int64), 0.5)
        before = np.where(inside > 0, functions().bdtr(np.maximum(inside - 1, 0), m.astype(np.int64), 0.5), 0.0)
        most = np.where((below + before >= 1 - level) & (most >= 0), most - 1, most)
    return np.asarray(np.maximum(most, -1.0))

"""What so many samples can show: the smallest drop that is seen, the number that decides, the chance of each verdict. Pure.

All figures are for the plain interval (Tango's) and for samples that are independent of each other. The simulation that holds them
against what happens is in the tests and in the guide's page "compare".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.verdict.paired import score_difference
from harness.verdict.statistics import functions, score_interval, two_sided_z

POWER = 0.8  # "in 4 of 5 runs"
_MOST = 100_000_000  # no number of samples that anybody has
_REACH = 9.0  # standard deviations: what lies further out is not counted, 1e-18 of it all

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chances:
    """How often a comparison of independent samples passes its margin, breaks it, and shows any drop at all."""

    passes: float
    fails: float
    drop_shown: float


def chances(n: int, lost: float, gained: float, margin: float, level: float) -> Chances:
    """Where each of ``n`` samples is lost or gained with those chances: every table that is likely enough is gone through.

    Tango's interval ends above a value exactly where its score test, which takes no search, rejects that value.
    """
    z = two_sided_z(level)
    b, c = _likely(n, lost), _likely(n, gained)
    # Lost are binomial, and of those that were not lost the gained are.
    p_b = _binomial(b, n, lost)[:, np.newaxis]
    weight = p_b * _binomial(c[np.newaxis, :], n - b[:, np.newaxis], gained / (1 - lost))
    at_margin = scores(b[:, np.newaxis], c[np.newaxis, :], n, -margin)
    at_zero = scores(b[:, np.newaxis], c[np.newaxis, :], n, 0.0)
    return Chances(*(float(weight[holds].sum()) for holds in (at_margin > z, at_margin < -z, at_zero < -z)))


def visible_drop(discordant: float, n: float, level: float) -> float:
    """The smallest true drop of the accuracy that is told from none in 4 of 5 runs of so many samples; 1 where none is.

    ``discordant`` of them were right on one side alone; a drop larger than that share makes it as large. Shown is a drop where
    McNemar's asymptotic test rejects at 1 - ``level``, two-sided, which is where Tango's interval ends below 0. The power is
    that of the test's binomial, summed over how many samples differ (S. W. Duffy, "Asymptotic and exact power for the McNemar
    test and its analogue with R controls per case", Biometrics 40 (1984) 1005-1015).
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


def _power(n: int, share: float, drop: float, level: float) -> float:
    """How often a true drop is shown where ``share`` of the samples (the drop at least) are right on one side alone."""
    share = max(share, drop)
    if share <= 0:
        return 0.0
    differ = _likely(n, share)
    differ = differ[differ > 0]
    needed = np.floor((differ + two_sided_z(level) * np.sqrt(differ)) / 2)  # lost must be more than this
    chance = functions().bdtrc(needed, differ.astype(np.int64), (share + drop) / (2 * share))
    return float(np.sum(_binomial(differ, n, share) * np.where(needed < differ, chance, 0.0)))


def _likely(n: int, share: float) -> Floats:
    """The counts that Binomial(n, share) takes with any chance worth the name."""
    reach = _REACH * math.sqrt(n * share * (1 - share)) + 20
    return np.arange(max(0, math.floor(n * share - reach)), min(n, math.ceil(n * share + reach)) + 1, dtype=np.float64)


def _binomial(k: Floats, n: npt.ArrayLike, share: float) -> Floats:
    """P(B = k) for B ~ Binomial(n, share); 0 for a k above n."""
    special, n = functions(), np.asarray(n, dtype=np.float64)
    if share <= 0:
        return np.asarray(np.where(k == 0, 1.0, 0.0) * np.ones_like(n))
    inside = k <= n
    m = np.where(inside, n, k)
    log = special.gammaln(m + 1) - special.gammaln(k + 1) - special.gammaln(m - k + 1)
    log = log + special.xlogy(k, share) + special.xlog1py(m - k, -share)
    return np.asarray(np.where(inside, np.exp(log), 0.0))

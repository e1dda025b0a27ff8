"""Intervals. Every function says where its formula is from; none accepts an empty sample.

The functions that Python lacks come from ``scipy.special``: ``scipy.stats`` gives the same figures and takes several times as long
to import.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev
from typing import Any

from harness.errors import MisuseError

LEVEL = 0.95


def two_sided_z(level: float) -> float:
    """The standard normal distribution's quantile that leaves (1 - level) / 2 on either side."""
    return NormalDist().inv_cdf((1 + level) / 2)


def functions() -> Any:
    """``scipy.special``, imported with the first exact interval: 0.15 s that most commands need not spend."""
    from scipy import special

    return special


def wilson(hits: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided score interval of a proportion, for display and gates on accuracies.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212; chosen
    after Brown, Cai, DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001) 101-133.
    """
    _check(hits, n, level)
    return score_interval(hits / n, n, two_sided_z(level))


def score_interval(p: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's formula for a share ``p`` of ``n`` samples at quantile ``z``; an effective number of samples need not be whole."""
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends rounding would leave 1e-17 or 0.9999999999999999 where the formula gives 0 or 1.
    low = 0.0 if p == 0 else (centre - half) / scale
    high = 1.0 if p == 1 else (centre + half) / scale
    return max(0.0, low), min(1.0, high)


def student(level: float, degrees: int) -> float:
    """The quantile of Student's distribution that leaves (1 - level) / 2 on either side."""
    return float(functions().stdtrit(degrees, (1 + level) / 2))


def clopper_pearson(hits: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided exact interval of a proportion: never covers less than it says. For "0 flips in n" and the like.

    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26 (1934) 404-413, by the beta distribution's quantiles.
    """
    _check(hits, n, level)
    tail = (1 - level) / 2
    if hits in (0, n):  # the usual case, and a beta distribution that Python can invert: the tail's n-th root
        bound = -math.expm1(math.log(tail) / n)
        return (0.0, bound) if hits == 0 else (1 - bound, 1.0)
    low = float(functions().betaincinv(hits, n - hits + 1, tail))
    high = float(functions().betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def auc_interval(auc: float, n_positive: int, n_negative: int, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided score interval of an area under the ROC curve; not of width 0 at an area of 1, as DeLong's is.

    R. G. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2: asymptotic
    methods and evaluation", Statistics in Medicine 25 (2006) 559-573, method 5: the areas A with |A - auc| <= z sqrt(V(A)), V being
    Hanley and McNeil's variance of exponential scores with both counts in its last terms made equal. How often it holds the
    true area is shown by simulation in the tests.
    """
    if not 0 <= auc <= 1 or n_positive < 1 or n_negative < 1:
        raise MisuseError(
            "no interval of such an area",
            expected="0..1 of one sample or more each",
            found=(auc, n_positive, n_negative),
        )
    z = two_sided_z(level)
    mean = (n_positive + n_negative) / 2 - 1

    def within(area: float) -> bool:
        spread = area * (1 - area) * (1 + mean * (1 - area) / (2 - area) + mean * area / (1 + area))
        return abs(area - auc) <= z * math.sqrt(max(spread, 0.0) / (n_positive * n_negative))

    ends = []
    for end in (0.0, 1.0):
        inside, outside = auc, end
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if within(middle) else (inside, middle)
        ends.append(end if within(end) else inside)
    return ends[0], ends[1]


def one_more(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """(mean, half width) of the two-sided interval in which one more value falls: of a network trained from another seed, say.

    Mean +- t(k - 1) s sqrt(1 + 1/k) of ``k`` normal values with the standard deviation s, t being Student's quantile: the
    prediction interval of Hahn, Meeker, "Statistical Intervals". Three values know their own spread badly: it is 5 s then.
    """
    if len(values) < 2 or not 0 < level < 1:
        raise MisuseError("no spread of such values", expected="two or more, 0 < level < 1", found=(len(values), level))
    k = len(values)
    return fmean(values), student(level, k - 1) * stdev(values) * math.sqrt(1 + 1 / k)


def quantile_ranks(n: int, q: float, level: float = LEVEL) -> tuple[int | None, int | None]:
    """Ranks (1..n) of the order statistics that enclose the ``q`` quantile with at least ``level``; any distribution.

    With B ~ Binomial(n, q): the lower rank is the largest r with P(B < r) <= (1 - level) / 2, the upper one the
    smallest s with P(B >= s) <= (1 - level) / 2. None where n is too small for a bound on that side.
    David, Nagaraja, "Order Statistics", 3rd ed. (2003), 7.1.
    """
    _check(0, n, level)
    if not 0 < q < 1:
        raise MisuseError("a quantile lies between 0 and 1", expected="0 < q < 1", found=q)
    tail = (1 - level) / 2
    low = _binomial_quantile(tail, n, q)
    # It is the smallest k with P(B <= k) >= tail, so P(B < k) < tail: k itself is the lower rank.
    high = _binomial_quantile(1 - tail, n, q) + 1
    return (low if low >= 1 else None), (high if high <= n else None)


def mcnemar_midp(lost: int, gained: int) -> float:
    """Two-sided mid-p of McNemar's test on ``lost`` and ``gained``, the samples on which exactly one side was right.

    Fagerland, Lydersen, Laake, "The McNemar test for binary matched-pairs data", BMC Med Res Methodol 13:91 (2013): the
    exact conditional p minus the probability of the observed table. 1.0 when there are no such samples.
    """
    if lost < 0 or gained < 0:
        raise MisuseError("counts are not negative", expected=">= 0", found=(lost, gained))
    n = lost + gained
    if n == 0:
        return 1.0
    fewer = min(lost, gained)
    # 2 P(B <= fewer) - P(B = fewer), without a difference of two large numbers.
    below = float(functions().bdtr(fewer - 1, n, 0.5)) if fewer else 0.0
    return min(1.0, float(functions().bdtr(fewer, n, 0.5)) + below)


def mcnemar_exact(lost: int, gained: int) -> float:
    """Two-sided exact p of McNemar's test: 2 P(B <= the fewer of the two), B ~ Binomial(lost + gained, 1/2), at most 1.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
    12 (1947) 153-157. Never below its nominal level, and so too careful: ``mcnemar_midp`` is the one to judge by.
    """
    if lost < 0 or gained < 0:
        raise MisuseError("counts are not negative", expected=">= 0", found=(lost, gained))
    n = lost + gained
    return min(1.0, 2 * float(functions().bdtr(min(lost, gained), n, 0.5))) if n else 1.0


def holm(ps: Sequence[float]) -> list[float]:
    """The p values raised so that of all those at or below a level, by chance alone, even one is no more likely than the level.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    raised, highest = [1.0] * len(ps), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[at]))
        raised[at] = highest
    return raised


def _binomial_quantile(tail: float, n: int, q: float) -> int:
    """The smallest k with P(B <= k) >= ``tail`` for B ~ Binomial(n, q)."""
    k = math.ceil(float(functions().bdtrik(tail, n, q)))
    # The inverse of the continuous extension may round to the next whole number.
    return k - 1 if k >= 1 and functions().bdtr(k - 1, n, q) >= tail else k


def _check(hits: int, n: int, level: float) -> None:
    if n < 1:
        raise MisuseError("no interval from no samples", expected="n >= 1", found=n)
    if not 0 <= hits <= n:
        raise MisuseError("more hits than samples", expected=f"0..{n}", found=hits)
    if not 0 < level < 1:
        raise MisuseError("a level lies between 0 and 1", expected="0 < level < 1", found=level)

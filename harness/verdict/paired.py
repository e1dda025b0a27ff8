"""Two sides on the same samples: what the second lost, what it gained, and how sure that is. Pure.

Whatever is compared sample by sample is told in these words: a network before and after its conversion, a baseline and a
candidate, two units. A sample that both sides get right, or both get wrong, says nothing of their difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.verdict.statistics import LEVEL, mcnemar_midp, two_sided_z

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Paired:
    """Counts of samples by which side was right. ``lost``: before alone, ``gained``: after alone."""

    both_right: int
    lost: int
    gained: int
    both_wrong: int

    @property
    def n(self) -> int:
        """Samples."""
        return self.both_right + self.lost + self.gained + self.both_wrong

    @property
    def difference(self) -> float:
        """Accuracy after minus before, -1..1."""
        return (self.gained - self.lost) / self.n

    @property
    def p(self) -> float:
        """Two-sided McNemar mid-p: how often chance alone would part the two sides at least so unevenly."""
        return mcnemar_midp(self.lost, self.gained)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Of the difference, see ``tango``."""
        return tango(self.lost, self.gained, self.n, level)


def compare(before: Bools, after: Bools) -> Paired:
    """The counts of two bool [N], row i of both about the same sample. ``MisuseError`` for none, or for another number."""
    if before.shape != after.shape or before.ndim != 1 or not len(before):
        raise MisuseError(
            "only what both sides have answered can be compared",
            expected="two arrays of the same samples, 1 or more",
            found=f"{list(before.shape)} and {list(after.shape)}",
            next_step="keep the samples that both have",
        )
    lost, gained, right = (int(np.sum(rows)) for rows in (before & ~after, after & ~before, before & after))
    return Paired(right, lost, gained, len(before) - lost - gained - right)


def tango(lost: int, gained: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided score interval of a paired difference of proportions, ``(gained - lost) / n``, within -1..1.

    T. Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
    Statistics in Medicine 17 (1998) 891-908: all differences that the score test with the cells' constrained maximum
    likelihood does not reject. It is not empty where no sample differs, and leaves 0 out exactly where McNemar's
    asymptotic test does; recommended by Fagerland, Lydersen, Laake, Statistics in Medicine 33 (2014) 2850-2875.
    """
    if n < 1 or min(lost, gained) < 0 or lost + gained > n or not 0 < level < 1:
        raise MisuseError(
            "no paired difference of these counts",
            expected="n >= 1 samples, lost + gained of them at most, 0 < level < 1",
            found=(lost, gained, n, level),
            next_step="count the samples of both sides",
        )
    return score_difference(lost, gained, n, two_sided_z(level))


def score_difference(lost: float, gained: float, n: float, z: float) -> tuple[float, float]:
    """Tango's formula at quantile ``z``; counts of an effective number of samples need not be whole."""
    estimate = (gained - lost) / n
    low = -1.0 if lost == n else _crossing(lost, gained, n, z, -1.0, estimate)
    high = 1.0 if gained == n else _crossing(lost, gained, n, -z, estimate, 1.0)
    return low, high


def _crossing(lost: float, gained: float, n: float, z: float, low: float, high: float) -> float:
    """Where the score, which falls as the difference grows, takes the value ``z``: by halves, to the last bit that counts."""
    for _ in range(64):
        middle = (low + high) / 2
        if _score(lost, gained, n, middle) > z:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _score(lost: float, gained: float, n: float, difference: float) -> float:
    """Tango's statistic for the hypothesis that the true difference is this one."""
    linear = (2 * n - gained + lost) * difference - gained - lost
    constant = -lost * difference * (1 - difference)
    share_lost = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * share_lost + difference * (1 - difference))
    distance = gained - lost - n * difference
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance) if distance else 0.0

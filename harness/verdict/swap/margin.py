"""Whether a margin is kept: the interval says so, and where it is a near thing the exact chance must agree. Pure.

Tango's interval is an approximation. Of few samples that differ it breaks a margin too readily: of 200 samples and a true drop
of exactly 2 points nearly 5 % of runs would fail where 2.5 % should. The chance itself is then counted, table by table, for the
least favourable share of differing samples: the unconditional test of H. Hsueh, J. Liu, J. J. Chen, "Unconditional exact tests
for equivalence or noninferiority for paired binary endpoints", Biometrics 57 (2001) 478-483, over the shares that the data
leaves possible (R. L. Berger, D. D. Boos, "P values maximized over a confidence set for the nuisance parameter", JASA 89 (1994)
1012-1016).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from harness.verdict.paired import tango
from harness.verdict.statistics import clopper_pearson, two_sided_z
from harness.verdict.swap.facts import NonInferior
from harness.verdict.swap.tables import Table, scores, tables

_NEAR = 1.0  # a score that passes the quantile by more than this is beyond what the approximation gets wrong
_UNLIKELY = 1e-5  # how likely the true share lies outside of those that are tried; it is added to the chance
_STEP = 1.05  # between one share that is tried and the next
_MOST = 400_000  # tables; with more the approximation is good

Floats = npt.NDArray[np.float64]


def kept(lost: int, gained: int, n: int, margin: float, level: float) -> NonInferior:
    """Whether the true accuracy fell by at most ``margin``; wrong in (1 - level) / 2 of all runs at most, either way."""
    found = non_inferior(*tango(lost, gained, n, level), margin)
    if found == "undecided" or margin <= 0:
        return found
    score = float(scores(lost, gained, n, -margin))
    if abs(score) > two_sided_z(level) + _NEAR:
        return found
    chance = exact_p(lost, gained, n, margin, score)
    return found if chance is None or chance <= (1 - level) / 2 else "undecided"


def non_inferior(low: float, high: float, margin: float) -> NonInferior:
    """Whether an interval of a difference lies at or above ``-margin``.

    The rule of non-inferiority trials (G. Piaggio and others, "Reporting of noninferiority and equivalence randomized trials",
    JAMA 308 (2012) 2594-2604): the lower end alone decides for a pass. Below it with the upper end too, the margin is broken.
    """
    return "yes" if low >= -margin else "no" if high < -margin else "undecided"


def exact_p(lost: int, gained: int, n: int, margin: float, score: float) -> float | None:
    """How often a true drop of exactly ``margin`` gives a score as far off, on its side; None: too many tables to go through."""
    low, high = clopper_pearson(lost + gained, n, 1 - _UNLIKELY)
    found = 0.0
    for share in _shares(max(margin, low), max(margin, high), margin):
        spread = _spread(n, margin, share)
        if spread is None:
            return None
        ordered, below = spread
        if score > 0:
            at = np.searchsorted(ordered, score - 1e-9, "left")
            found = max(found, float(1 - (below[at - 1] if at else 0.0)))
        else:
            at = np.searchsorted(ordered, score + 1e-9, "right")
            found = max(found, float(below[at - 1] if at else 0.0))
    return found + _UNLIKELY


def _shares(low: float, high: float, margin: float) -> list[float]:
    """The shares of differing samples that are tried: the same ones whatever was found, so that their tables are counted once."""
    first, last = (math.ceil(math.log(end / margin) / math.log(_STEP)) for end in (low, high))
    return [min(1.0, margin * _STEP**power) for power in range(max(0, first - 1), last + 1)]


@lru_cache(maxsize=256)
def _spread(n: int, margin: float, share: float) -> tuple[Floats, Floats] | None:
    """Of a true drop of ``margin`` the scores in order, and how likely one is at most that."""
    found: Table | None = tables(n, (share + margin) / 2, (share - margin) / 2, reach=6.0, most=_MOST)
    if found is None:
        return None
    every = scores(found.lost, found.gained, n, -margin).ravel()
    order = np.argsort(every)
    return every[order], np.cumsum(found.weight.ravel()[order])

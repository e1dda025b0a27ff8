"""Intervals of means whose samples come in groups (speakers, writers, doors). Pure, and the same from the same samples.

Ten recordings of one voice say less of people than one recording each of ten voices. An interval that takes each sample for a
witness of its own is then too narrow: it speaks of more samples of *these* voices, and is read as if it spoke of other voices.

Here the groups are what is drawn anew. The standard error is that of the cluster bootstrap: whole groups are drawn with
replacement, as many as there are (C. A. Field, A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal Statistical
Society B 69 (2007) 369-390), times sqrt(g / (g - 1)), since ``g`` groups drawn from themselves vary by that much too little
(A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application" (1997), 3.8). Few groups know their own spread badly: the
quantile is Student's with g - 1 degrees of freedom. The normal one and the bootstrap's own percentiles cover too rarely.

A mean of real values gets mean +- t x standard error. A share gets Wilson's interval, and a paired difference of shares Tango's, of
the *effective* number of samples: so many independent ones would have that standard error (L. Kish, "Survey Sampling" (1965); for
intervals E. L. Korn, B. I. Graubard, Survey Methodology 24 (1998) 193-201, and N. Dean, M. Pagano, Journal of Survey Statistics and
Methodology 3 (2015) 484-503). Where few samples are wrong, or none, their spread over the groups says nothing of groups that were
not met. So half a group is allowed for: (1 / 2g)^2 of the variance of one sample is added to the variance of the mean. That term is
ours, chosen by simulation. Without it samples that are all right would count as independent: with eight groups of 100, a true share
of 0.99 and groups as different as in the tests the interval would hold it in 55 of 100 cases.

How often each interval holds the true value is shown by simulation in the tests and in the guide's page "metrics".
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.verdict.paired import Bools, score_difference
from harness.verdict.statistics import LEVEL, score_interval, student

SEED = 20260314  # the same record from the same samples
_RESAMPLES = 2000  # the standard error is then off by 1.6 % (its own standard error)

Groups = npt.NDArray[np.generic]


def clustered_interval(
    values: npt.ArrayLike, groups: Groups, *, confidence: float = LEVEL, seed: int = SEED
) -> tuple[float, float]:
    """Two-sided interval of the mean of real ``values`` [N], in their unit; sample i belongs to ``groups[i]`` (any names).

    Also of paired differences of real values, sample by sample. For shares and differences of shares, which have an interval
    even where all samples are alike, see below. ``MisuseError``: fewer than two groups, or a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    error, g = _standard_error(array, groups, confidence, seed)
    half = student(confidence, g - 1) * error
    mean = float(array.mean())
    return mean - half, mean + half


def clustered_share(hits: Bools, groups: Groups, *, confidence: float = LEVEL, seed: int = SEED) -> tuple[float, float]:
    """Two-sided interval of the share of True in ``hits`` [N], within 0..1. ``MisuseError``: fewer than two groups."""
    effective, g = effective_samples(hits, groups, seed=seed)
    return share_interval(float(hits.mean()), effective, g, confidence)


def share_interval(share: float, effective: float, groups: int, confidence: float = LEVEL) -> tuple[float, float]:
    """The same from what ``effective_samples`` gave: at another confidence, without the samples."""
    return score_interval(share, effective, student(confidence, groups - 1))


def effective_samples(hits: Bools, groups: Groups, *, seed: int = SEED) -> tuple[float, int]:
    """How many independent samples ``hits`` [N] are worth, and the number of groups. ``MisuseError``: fewer than two groups."""
    array = hits.astype(np.float64)
    error, g = _standard_error(array, groups, LEVEL, seed)
    p = float(array.mean())
    return _effective(p * (1 - p), error, len(array), g), g


def most_effective(samples: int, groups: int) -> float:
    """How many independent samples so many are worth at most: when their groups have nothing in common."""
    return _effective(0.0, 0.0, samples, groups)


def clustered_statistic(
    statistic: Callable[[npt.NDArray[np.intp]], float],
    groups: Groups,
    *,
    confidence: float = LEVEL,
    seed: int = SEED,
) -> tuple[float, float]:
    """Two-sided interval of any ``statistic`` of the samples' indices (an array, with repetitions), as that of a mean.

    Infinite ends where the statistic of a draw is infinite; draws of which it is NaN are left out. ``MisuseError``: fewer than
    two groups.
    """
    names, member = np.unique(groups, return_inverse=True)
    g = _enough(len(names))
    rows = [np.flatnonzero(member == group) for group in range(g)]
    draw = np.random.default_rng(seed)
    drawn = [statistic(np.concatenate([rows[i] for i in draw.integers(0, g, g)])) for _ in range(_RESAMPLES)]
    kept = np.array([value for value in drawn if not math.isnan(value)])
    if not len(kept) or not np.isfinite(kept).all():
        return -math.inf, math.inf
    half = student(confidence, g - 1) * float(kept.std()) * math.sqrt(g / (g - 1))
    value = float(statistic(np.arange(len(member))))
    return value - half, value + half


def clustered_difference(
    before: Bools, after: Bools, groups: Groups, *, confidence: float = LEVEL, seed: int = SEED
) -> tuple[float, float]:
    """Two-sided interval of the share of True in ``after`` minus that in ``before``, both [N] and about the same samples; -1..1.

    ``MisuseError``: fewer than two groups.
    """
    if before.shape != after.shape:
        raise MisuseError(
            "only what both sides have answered can be paired",
            expected=before.shape,
            found=after.shape,
            next_step="keep the samples that both have",
        )
    off = after.astype(np.float64) - before
    error, g = _standard_error(off, groups, confidence, seed)
    lost, gained = float(np.mean(off < 0)), float(np.mean(off > 0))
    n = _effective(lost + gained - (gained - lost) ** 2, error, len(off), g)
    return score_difference(lost * n, gained * n, n, student(confidence, g - 1))


def _standard_error(values: npt.NDArray[np.float64], groups: Groups, confidence: float, seed: int) -> tuple[float, int]:
    """That of the mean, and the number of groups."""
    if values.shape != groups.shape or values.ndim != 1 or not np.isfinite(values).all() or not 0 < confidence < 1:
        raise MisuseError(
            "no clustered interval of such values",
            expected="one group for each finite value, 0 < confidence < 1",
            found=f"{list(values.shape)} values, {list(groups.shape)} groups, confidence {confidence}",
            next_step="leave out what has no value",
        )
    names, member = np.unique(groups, return_inverse=True)
    g = _enough(len(names))
    # Centred first: what a draw of larger groups changes is then the mean alone, and equal values have an error of exactly 0.
    sums = np.bincount(member, weights=values - values.mean(), minlength=g)
    sizes = np.bincount(member, minlength=g)
    drawn = np.random.default_rng(seed).integers(0, g, (_RESAMPLES, g))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return float(means.std()) * math.sqrt(g / (g - 1)), g


def _enough(groups: int) -> int:
    if groups < 2:
        raise MisuseError(
            "one group says nothing of how groups differ",
            expected="2 groups or more",
            found=groups,
            next_step="use samples of more speakers (subjects, doors)",
        )
    return groups


def _effective(variance: float, error: float, n: int, g: int) -> float:
    """How many independent samples of that ``variance`` have a mean with that standard error, half a group allowed for."""
    independent = min(n, variance / error**2) if error > 0 else n
    return 1 / (1 / independent + 1 / (2 * g) ** 2)

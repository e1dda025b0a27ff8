"""What several families need."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.records import ByGroup, Measurement
from harness.verdict.clustered import Groups, clustered_statistic, effective_samples, share_interval
from harness.verdict.paired import Bools
from harness.verdict.statistics import wilson
from harness.verdict.view import View


def share(name: str, hits: int, n: int) -> Measurement:
    """hits / n with its Wilson interval. Raises ``MisuseError`` for n = 0: the share of nothing is not 1."""
    if n < 1:
        raise MisuseError(f"{name} of no samples", expected="n >= 1", found=n)
    low, high = wilson(hits, n)
    return Measurement(name=name, value=hits / n, unit="ratio", n=n, low=low, high=high)


def share_of(view: View, name: str, hits: Bools, among: Bools | None = None) -> Measurement:
    """The share of ``hits`` [N] among ``among`` [N] (all of them if left out), with the interval by groups where there are any."""
    kept = hits if among is None else hits[among]
    found = share(name, int(kept.sum()), len(kept))
    groups = groups_of(view, among)
    if groups is None:
        return found
    return found.model_copy(update={"by_group": by_group(groups, lambda: _of_share(kept, groups))})


def groups_of(view: View, among: Bools | None = None) -> Groups | None:
    """The groups of those samples, or the recordings that they are steps of; None where the data names neither, or no two share
    one: the plain interval is right then.
    """
    groups = view.truth.clusters
    if groups is None:
        return None
    kept = groups if among is None else groups[among]
    return kept if len(np.unique(kept)) < len(kept) else None


def by_group(groups: Groups, interval: Callable[[], ByGroup]) -> ByGroup:
    """``interval()``, or no ends where all samples are of one group."""
    count = len(np.unique(groups))
    return interval() if count > 1 else ByGroup(groups=count)


def statistic_by_group(groups: Groups, statistic: Callable[[npt.NDArray[np.intp]], float]) -> ByGroup:
    """Of any figure of the samples' indices; an end that nothing bounds is None."""

    def interval() -> ByGroup:
        low, high = clustered_statistic(statistic, groups)
        ends = (end if math.isfinite(end) else None for end in (low, high))
        return ends_by_group(groups, *ends)

    return by_group(groups, interval)


def ends_by_group(groups: Groups, low: float | None, high: float | None) -> ByGroup:
    """Of no share."""
    return ByGroup(groups=len(np.unique(groups)), low=low, high=high)


def _of_share(hits: Bools, groups: Groups) -> ByGroup:
    effective, count = effective_samples(hits, groups)
    low, high = share_interval(float(hits.mean()), effective, count)
    return ByGroup(groups=count, effective_n=effective, low=low, high=high)

"""Which of the compared samples come from one speaker, subject or recording, and intervals that heed it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.verdict.clustered import clustered_difference, clustered_share
from harness.verdict.paired import Bools, compare
from harness.verdict.statistics import clopper_pearson
from harness.verdict.swap.facts import Rate
from harness.verdict.swap.pairing import Pairs, Side


@dataclass(frozen=True)
class Grouping:
    """``names`` [n] of the paired samples; None where the data names none, or no two samples share one. ``seed``: of the draws."""

    names: npt.NDArray[np.str_] | None
    seed: int

    @classmethod
    def of(cls, side: Side, pairs: Pairs, seed: int) -> Grouping:
        """That of a side's data."""
        names = None if side.samples.groups is None else side.samples.groups[pairs.baseline]
        return cls(None if names is None or len(np.unique(names)) == len(names) else names, seed)

    @property
    def n(self) -> int:
        """Groups; 0 where samples share nothing."""
        return 0 if self.names is None else len(np.unique(self.names))

    def among(self, rows: Bools) -> Grouping:
        """Of some of the samples."""
        return self if self.names is None else Grouping(self.names[rows], self.seed)

    def difference(self, before: Bools, after: Bools, level: float) -> tuple[float, float]:
        """The interval of a paired difference: by groups where there are two or more, else Tango's."""
        if self.names is None or self.n < 2:
            return compare(before, after).interval(level)
        return clustered_difference(before, after, self.names, confidence=level, seed=self.seed)

    def rate(self, hits: Bools, level: float) -> Rate:
        """A share with its interval: by groups where there are two or more, else Clopper and Pearson's."""
        count, n = int(hits.sum()), len(hits)
        if self.names is None or self.n < 2:
            low, high = clopper_pearson(count, n, level)
        else:
            low, high = clustered_share(hits, self.names, confidence=level, seed=self.seed)
        return Rate(count=count, n=n, rate=count / n, low=low, high=high, n_groups=self.n)

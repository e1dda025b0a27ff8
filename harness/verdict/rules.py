"""From rows of outputs to detections, hop by hop: the twin of ``firmware/src/stream_rule.c``, bit for bit.

Smoothing itself is ``harness.data.features.decisions``; here is when a smoothed class is worth telling of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.data.features import decisions
from harness.plans.continuous import AverageRule, Continuous, SlidingRule
from harness.plans.schema import ArgmaxRule, ThresholdRule
from harness.records import Tensor

NONE = -1


@dataclass(frozen=True)
class Decision:
    """``decided``: the class after smoothing; ``detected``: the one to tell of now; -1 for none. ``score``: mean, or votes."""

    decided: int = NONE
    detected: int = NONE
    score: int = 0


class Rule:
    """The rule of a plan with its memory. ``step`` takes the rows of outputs in their order."""

    def __init__(
        self,
        continuous: Continuous,
        decide: ArgmaxRule | ThresholdRule,
        classes: Sequence[str],
        output: Tensor,
    ) -> None:
        self._output = output
        self._rule = continuous.rule
        self._background = {index for index, name in enumerate(classes[:32]) if name in continuous.background}
        self._above = decide.above if isinstance(decide, ThresholdRule) else None
        self._inclusive = isinstance(decide, ThresholdRule) and decide.inclusive
        if isinstance(continuous.rule, AverageRule):
            rule = continuous.rule
            self._average = decisions.Average(
                classes=output.elements,
                average_ms=rule.average_ms,
                suppression_ms=rule.suppress_ms,
                minimum_count=rule.at_least,
                threshold=rule.above,
                background=min(self._background, default=NONE),
            )
        elif isinstance(continuous.rule, SlidingRule):
            self._sliding = decisions.Sliding(
                classes=output.elements,
                over=continuous.rule.over,
                threshold=continuous.rule.above,
                rest=continuous.rule.rest,
                background=frozenset(self._background),
            )
        else:
            self._majority = decisions.Majority(continuous.rule.over)
        self._before, self._told, self._told_ms = NONE, NONE, 0

    def step(self, row: npt.NDArray[np.generic], now_ms: int) -> Decision:
        """``row`` raw in the output's dtype; ``now_ms`` the time in the recording behind the hop."""
        if isinstance(self._rule, AverageRule):
            found, score, is_new = self._average.step(row, self._output, now_ms)
            return Decision(found, found if is_new and not self._is_background(found) else NONE, score)
        if isinstance(self._rule, SlidingRule):
            found, score, is_new = self._sliding.step(row, self._output)
            return Decision(found, found if is_new else NONE, score)
        said = decisions.threshold(row, self._output, self._above, self._inclusive)
        decided = self._majority.step(said)
        votes = sum(vote == decided for vote in self._majority.latest)
        return Decision(decided, self._begins(decided, now_ms, self._rule.suppress_ms), votes)

    def run(self, rows: Iterable[tuple[npt.NDArray[np.generic], int]]) -> list[Decision]:
        """``step`` for each row with its time."""
        return [self.step(row, now_ms) for row, now_ms in rows]

    def _is_background(self, found: int) -> bool:
        return found < 0 or found in self._background

    def _begins(self, found: int, now_ms: int, suppress_ms: int) -> int:
        """A class is told of when it begins, but not again so soon."""
        before, self._before = self._before, found
        if found == before or self._is_background(found):
            return NONE
        if found == self._told and now_ms - self._told_ms < suppress_ms:
            return NONE
        self._told, self._told_ms = found, now_ms
        return found

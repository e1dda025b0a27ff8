"""What to simulate, from the runs that the history has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from harness.farm.simulate.model import Work

#: A run whose end was not told until later (a killed one, resumed the next day) says nothing of how long it takes.
_LONGEST_S = 24 * 3600.0


class Run(Protocol):
    """What is asked of a run: the history's ``RunRow``."""

    @property
    def plan(self) -> str:
        """The plan's name."""
        ...

    @property
    def board(self) -> str:
        """The kind of board."""
        ...

    @property
    def model(self) -> str:
        """What the plan calls the model."""
        ...

    @property
    def verdict(self) -> str:
        """What it came to."""
        ...

    @property
    def started(self) -> datetime:
        """When it began."""
        ...

    @property
    def finished(self) -> datetime:
        """When it ended."""
        ...


@dataclass(frozen=True)
class Fitted:
    """The works with what they rest on: runs that were read, and boards whose error rate is all boards' for want of runs."""

    works: tuple[Work, ...]
    runs: int
    errors: int


def fit(runs: Iterable[Run], host_share: float = 0.0) -> Fitted:
    """Each case's times as they were, and each board's share of rig faults.

    Times are those of runs that came to a verdict on the product: an error ends when it ends. The error rate of a board is
    (errors + 1/2) / (runs + 1) (Jeffreys' prior: no fault in ten runs does not mean never). ``host_share``: the part of a run
    that the host computes.
    """
    seconds: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    total: dict[str, int] = defaultdict(int)
    bad: dict[str, int] = defaultdict(int)
    for run in runs:
        took = (run.finished - run.started).total_seconds()
        total[run.board] += 1
        if run.verdict == "error":
            bad[run.board] += 1
        elif 0 < took <= _LONGEST_S:
            seconds[run.plan, run.board, run.model].append(took)
    works = []
    for (plan, board, model), taken in sorted(seconds.items()):
        usual = sum(taken) / len(taken)
        works.append(
            Work(
                case=f"{plan}/{board}/{model}",
                board=board,
                seconds=tuple(taken),
                error_rate=(bad[board] + 0.5) / (total[board] + 1),
                host_s=host_share * usual,
            )
        )
    return Fitted(tuple(works), sum(total.values()), sum(bad.values()))

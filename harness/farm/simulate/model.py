"""What is simulated: the work, the rack, and how both behave. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One case: what it is on, how long it has taken (s, each as likely as the other), and how often the rig spoilt it.

    ``host_s``: processor time of the host that one run takes, of its whole time; 0 where the host has processors enough.
    """

    case: str
    board: str
    seconds: tuple[float, ...]
    error_rate: float = 0.0
    host_s: float = 0.0


@dataclass(frozen=True)
class Rack:
    """So many units of each kind. ``cores`` are the processors that all of their runs share; None: as many as are asked for.

    ``claim_s``: how long the coordinator is busy with giving out one unit; it serves one at a time.
    """

    units: Mapping[str, int]
    cores: float | None = None
    claim_s: float = 0.0


@dataclass(frozen=True)
class Habits:
    """How the rack is run. Rates and times of faults are per run of a case; a fault is independent of the one before it.

    After a rig's error a case is tried ``retries`` times more, on another unit; where there is no other it stands.
    ``faults_in_a_row`` errors take a unit out for its health plan (``check_s``); it fails with ``broken_rate``, and then the
    unit is away for ``repair_s``.
    """

    retries: int = 1
    faults_in_a_row: int = 3
    check_s: float = 60.0
    broken_rate: float = 0.5
    repair_s: float = 12 * 3600.0


@dataclass(frozen=True)
class Arrivals:
    """When work comes: ``rounds`` times everything at the start (a night), and ``per_hour`` cases at random after that.

    Random ones are drawn from all works alike, by a Poisson process, until ``hours`` are over.
    """

    rounds: int = 1
    per_hour: float = 0.0
    hours: float = 0.0


@dataclass(frozen=True)
class Played:
    """What one simulated stretch came to. Times in seconds.

    ``waits_s``: of each case from its arrival to its first unit. ``busy_s``: by kind, unit time spent on cases. ``undone``:
    cases that had no verdict but an error, or no unit, in the end; ``unserved``: those of them that never had a unit. ``end_s``:
    when the last case ended; ``night_s``: the last one of those that came at the start, where any did.
    """

    waits_s: tuple[float, ...]
    end_s: float
    runs: int
    errors: int
    undone: int
    busy_s: Mapping[str, float]
    quarantined: int
    night_s: float
    unserved: int

    def in_time(self, deadline_s: float) -> bool:
        """Whether the night was over by then, with a unit for each case."""
        return self.night_s <= deadline_s and not self.unserved

    def wait_s(self, share: float) -> float:
        """The wait that this share of the cases did not exceed; 0 without cases."""
        if not self.waits_s:
            return 0.0
        ordered = sorted(self.waits_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def per_hour(self) -> float:
        """Runs of cases in an hour, over the whole stretch."""
        return 3600 * self.runs / self.end_s if self.end_s else 0.0

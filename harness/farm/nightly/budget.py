"""How much of the night is left, and whether a case would end within it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from harness.clock import Clock, spoken
from harness.evidence.nightrecord import NightCase
from harness.farm.schedule import Job


@dataclass
class Budget:
    """``seconds`` None: without end. ``spent_s``: what earlier commands of the same night have used of it.

    A case of which no time is known counts as the median of those of which one is; where nothing is known, as no time at all: such
    a night begins cases until its time is up.
    """

    seconds: float | None
    cases: tuple[NightCase, ...]
    clock: Clock
    spent_s: float = 0.0
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._began_s = self.clock.monotonic_s()
        known = [case.expected_s for case in self.cases if case.expected_s is not None]
        usual = statistics.median(known) if known else 0.0
        self._expected = {case.id: usual if case.expected_s is None else case.expected_s for case in self.cases}
        self._known = {case.id for case in self.cases if case.expected_s is not None}

    @property
    def used_s(self) -> float:
        """Of the budget, until now."""
        return self.spent_s + self.clock.monotonic_s() - self._began_s

    def has_room(self, job: Job) -> bool:
        """Whether a job would end within it."""
        return self.has_room_for(job.id)

    def has_room_for(self, case_id: str) -> bool:
        """The same, by the id of the case."""
        if self.seconds is None:
            return True
        left_s = self.seconds - self.used_s
        return left_s > 0 and self._expected[case_id] <= left_s

    def why(self, case_id: str) -> str:
        """Why a case had no room, in words."""
        assert self.seconds is not None
        left_s = max(0.0, self.seconds - self.used_s)
        said = "takes" if case_id in self._known else "was never run; the others take"
        takes = f"it {said} about {spoken(self._expected[case_id])}"
        return f"the budget of {spoken(self.seconds)} had {spoken(left_s)} left, and {takes}"

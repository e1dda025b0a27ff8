"""Plays a rack's work as discrete events. The same seed gives the same stretch."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import simpy

from harness.farm.simulate.cores import Cores
from harness.farm.simulate.model import Arrivals, Habits, Played, Rack, Work

_Steps = Generator[simpy.Event, Any, None]
_LONGEST_S = 400 * 86400.0  # nothing is awaited longer: units that are never repaired would keep it for ever


@dataclass(eq=False)
class _Unit:
    board: str
    in_a_row: int = 0


@dataclass
class _Tally:
    waits_s: list[float] = field(default_factory=list)
    busy_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    end_s: float = 0.0
    night_s: float = 0.0
    unserved: int = 0
    runs: int = 0
    errors: int = 0
    cases: int = 0
    judged: int = 0
    quarantined: int = 0


def play(rack: Rack, works: Sequence[Work], arrivals: Arrivals, habits: Habits, seed: int) -> Played:
    """One stretch. Cases whose kind has no unit are ``undone``, and no unit is awaited that is away for its repair."""
    stretch = _Stretch(rack, habits, random.Random(seed))
    stretch.run(works, arrivals)
    told = stretch.tally
    return Played(
        tuple(told.waits_s),
        told.end_s,
        told.runs,
        told.errors,
        told.cases - told.judged,
        dict(told.busy_s),
        told.quarantined,
        told.night_s if arrivals.rounds else told.end_s,
        told.unserved,
    )


class _Stretch:
    def __init__(self, rack: Rack, habits: Habits, chance: random.Random) -> None:
        self._env = simpy.Environment()
        self._habits, self._chance = habits, chance
        self._claim_s = rack.claim_s
        self._coordinator = simpy.Resource(self._env, capacity=1)
        self._cores = None if rack.cores is None else Cores(self._env, rack.cores)
        self._free = {board: simpy.FilterStore(self._env) for board, n in rack.units.items() if n > 0}
        self._there = {board: [_Unit(board) for _ in range(n)] for board, n in rack.units.items() if n > 0}
        self._waiting: dict[str, dict[Any, _Unit | None]] = {board: {} for board in self._there}
        for board, units in self._there.items():
            for unit in units:
                self._free[board].put(unit)
        self.tally = _Tally()

    def run(self, works: Sequence[Work], arrivals: Arrivals) -> None:
        """To the end of the last case."""
        # Longest first, as the schedulers do it.
        everything = [work for _ in range(arrivals.rounds) for work in works]
        for work in sorted(everything, key=_usual_s, reverse=True):
            self._env.process(self._case(work, of_the_night=True))
        if arrivals.per_hour > 0 and works:
            self._env.process(self._come(works, arrivals))
        self._env.run(until=_LONGEST_S)

    def _come(self, works: Sequence[Work], arrivals: Arrivals) -> _Steps:
        while True:
            yield self._env.timeout(self._chance.expovariate(arrivals.per_hour / 3600))
            if self._env.now > arrivals.hours * 3600:
                return
            self._env.process(self._case(self._chance.choice(works)))

    def _case(self, work: Work, *, of_the_night: bool = False) -> _Steps:
        self.tally.cases += 1
        came, last = self._env.now, None
        for turn in range(1 + self._habits.retries):
            unit = yield from self._other_than(last, work.board)
            if unit is None:
                self.tally.unserved += turn == 0
                return
            if self._claim_s:
                with self._coordinator.request() as asked:
                    yield asked
                    yield self._env.timeout(self._claim_s)
            if turn == 0:
                self.tally.waits_s.append(self._env.now - came)
            began = self._env.now
            yield from self._on_unit(work)
            self.tally.runs += 1
            self.tally.busy_s[work.board] += self._env.now - began
            self.tally.end_s = self._env.now
            if of_the_night:
                self.tally.night_s = self._env.now
            bad = self._chance.random() < work.error_rate
            unit.in_a_row = unit.in_a_row + 1 if bad else 0
            self._give_back(unit)
            if not bad:
                self.tally.judged += 1
                return
            self.tally.errors += 1
            last = unit

    def _other_than(self, last: _Unit | None, board: str) -> Generator[simpy.Event, Any, _Unit | None]:
        """A free unit, after an error another one; None as soon as none is there, as the schedulers have it."""
        if all(unit is last for unit in self._there.get(board, ())):
            return None
        asked = self._free[board].get(lambda unit: unit is not last)
        self._waiting[board][asked] = last
        unit = yield asked
        del self._waiting[board][asked]
        return cast(_Unit | None, unit)

    def _goes(self, unit: _Unit) -> None:
        """It is away: who waits for it alone waits for nothing."""
        self._there[unit.board].remove(unit)
        for asked, last in self._waiting[unit.board].items():
            if not asked.triggered and all(other is last for other in self._there[unit.board]):
                asked.cancel()
                asked.succeed(None)

    def _on_unit(self, work: Work) -> _Steps:
        seconds = self._chance.choice(work.seconds)
        if self._cores is None:
            yield self._env.timeout(seconds)
            return
        yield from self._cores.work(min(work.host_s, seconds))
        yield self._env.timeout(max(0.0, seconds - work.host_s))

    def _give_back(self, unit: _Unit) -> None:
        if unit.in_a_row < self._habits.faults_in_a_row:
            self._free[unit.board].put(unit)
        else:
            self._env.process(self._heal(unit))

    def _heal(self, unit: _Unit) -> _Steps:
        yield self._env.timeout(self._habits.check_s)
        if self._chance.random() < self._habits.broken_rate:
            self.tally.quarantined += 1
            self._goes(unit)
            yield self._env.timeout(self._habits.repair_s)
            self._there[unit.board].append(unit)
        unit.in_a_row = 0
        self._free[unit.board].put(unit)


def _usual_s(work: Work) -> float:
    return sum(work.seconds) / len(work.seconds)

"""All units of a case at work: their threads started, their answers written down as they come, and ended together.

One process, a thread for each unit: a line waits far more than it computes, the probes flash in processes of their own, and an
emulated board is one. What that leaves of near-linear speed is measured (guide: sharding).
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.bench.places import Place
from harness.run.journal import Earlier, Journal
from harness.run.sharded.seat import Common, Seat
from harness.run.sharded.shared import Answered, Ended, Ready, Shared, Stepped
from harness.run.watch import Step, Watch
from harness.wire.events import LinkCounters

_LOOK_S = 0.25
#: So long the threads of a case that has ended are waited for: one that flashes looks up at its next percent.
_END_S = 30.0


class Crew:
    """The seats of one case."""

    def __init__(
        self, common: Common, shared: Shared, places: tuple[Place | None, ...], before: Earlier | None = None
    ) -> None:
        self.common, self.shared, self._before = common, shared, before
        self.seats = [Seat(number, place, common, shared) for number, place in enumerate(places)]
        self._steps: dict[int, Step] = {}
        self._ready: set[int] = set()
        self._ended: set[int] = set()
        self._began_s: float | None = None
        self._last_s = 0.0

    @property
    def wall_s(self) -> float:
        """From when the first unit took samples until the last answer that counts."""
        return 0.0 if self._began_s is None else max(0.0, self._last_s - self._began_s)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Their threads run from here to the end of the block; then every unit is given back, however the block ends."""
        try:
            for seat in self.seats:
                seat.thread.start()
            yield
        finally:
            self.shared.end()
            for seat in self.seats:
                seat.let_go.set()
            for seat in self.seats:
                if seat.thread.ident is not None:
                    seat.thread.join(_END_S)

    def stream(self, journal: Journal | None, watch: Watch, on_answer: Callable[[Answered], None]) -> None:
        """Until no unit takes any more samples. Errors that are no unit's come out; so does what ``watch`` raises."""
        total = self.shared.spread.n
        while len(self._ended) < len(self.seats):
            try:
                told = self.shared.told.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            self._heed(told, journal, watch, on_answer, total)
        while not self.shared.told.empty():
            self._heed(self.shared.told.get(), journal, watch, on_answer, total)
        for seat in self.seats:
            if seat.bug is not None:
                raise seat.bug

    def release(self, but: Seat | None = None) -> None:
        """The others may have their units back; one is asked more."""
        for seat in self.seats:
            if seat is not but:
                seat.let_go.set()

    def counters(self) -> tuple[LinkCounters, int]:
        """Of all lines together, and the slowest one's speed."""
        sessions = [seat.session for seat in self.seats if seat.session is not None]
        total = LinkCounters()
        for session in sessions:
            for name, value in vars(session.counters).items():
                setattr(total, name, getattr(total, name) + value)
        return total, min((session.baud for session in sessions), default=0)

    def _heed(
        self,
        told: Answered | Stepped | Ready | Ended,
        journal: Journal | None,
        watch: Watch,
        on_answer: Callable[[Answered], None],
        total: int,
    ) -> None:
        if isinstance(told, Answered):
            self._last_s = self.common.clock.monotonic_s()
            if journal is not None:
                journal.add(told.index, told.result, quiet=told.alone, unit=told.unit)
            on_answer(told)
            done = len(self.shared.results)
            watch(Step("stream", done / total, f"{done}/{total} samples, {len(self._ready - self._ended)} units"))
        elif isinstance(told, Ended):
            self._ended.add(told.number)
        elif isinstance(told, Ready):
            self._ready.add(told.number)
            if self._began_s is None:
                self._began_s = self.common.clock.monotonic_s()
            facts = self.seats[told.number].facts
            assert facts is not None
            if self._before is not None and self.common.backend == "probe":
                self._before.check_chip(facts.uid, facts.chip_id, self.common.case.id)
            if journal is not None:
                journal.on_unit(facts.uid, facts.chip_id)
            self.common.notes.telling.on_unit(", ".join(self.seats[n].name for n in sorted(self._ready)))
        elif not self._ready:
            self._steps[told.number] = told.step
            watch(self._slowest())

    def _slowest(self) -> Step:
        """Where the units are that are behind: what all have passed is over."""
        order = ["flash", "hello"]
        steps = [self._steps.get(seat.number, Step("flash")) for seat in self.seats if seat.number not in self._ended]
        first = min(steps, key=lambda step: (order.index(step.name) if step.name in order else 9, step.share))
        return Step(first.name, first.share, f"{len(self.seats)} units")

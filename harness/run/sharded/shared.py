"""What the units' threads share while a case runs: the queue of samples, who said what, and the way to the main thread.

A unit's thread asks for samples and says what came of them, under one lock. Everything else (the journal, what is shown, what
other processes are told) is the main thread's: it is told in ``told``.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from harness.run.sharded.agree import Disagreement, Witnesses
from harness.run.sharded.spread import Spread
from harness.run.sharded.stopping import Stopped
from harness.run.watch import Step
from harness.session.stream import Supply
from harness.wire.events import ResultReceived

#: Of the samples whose answer is not the reference's, so many are asked of every unit: is it the product, or this unit?
MOST_DOUBTED = 16
_LOOK_S = 0.25


@dataclass(frozen=True)
class Answered:
    """A sample has its answer, the one that is scored."""

    unit: str
    index: int
    result: ResultReceived
    alone: bool


@dataclass(frozen=True)
class Stepped:
    """A unit is at another step, or further in one."""

    number: int
    step: Step


@dataclass(frozen=True)
class Ready:
    """A unit is there and takes samples from now on."""

    number: int


@dataclass(frozen=True)
class Ended:
    """A unit takes no more samples; it may stay open."""

    number: int


Event = Answered | Stepped | Ready | Ended


class Drawn(Supply):
    """What one unit draws from the queue for one stream. ``sent[k]``: the sample that went k-th, and whether alone.

    ``follows[k]``: whether it goes on from the memory that the one before it has left.
    """

    def __init__(self, unit: str, shared: Shared) -> None:
        self.unit = unit
        self.sent: list[tuple[int, bool]] = []
        self.follows: list[bool] = []
        self.waiting: deque[int] = deque()  # of the piece that it is in
        self._shared = shared

    def has(self, index: int) -> bool:
        """See Supply."""
        return index < len(self.sent) or self._shared.draw(self)

    def check(self) -> None:
        """See Supply."""
        if self._shared.stop.is_set():
            raise Stopped

    def alone(self, index: int) -> bool:
        """See Supply."""
        return self.sent[index][1]

    def __len__(self) -> int:
        return len(self.sent)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self._shared.payloads[at] for at, _ in self.sent[index]]
        return self._shared.payloads[self.sent[index][0]]

    def portion(self, n: int) -> list[bytes]:
        """Up to ``n`` samples drawn at once, for a session that takes no supply: its board is on another host."""
        while len(self.sent) < n and self._shared.draw(self):
            pass
        return self[:]


class Shared:
    """Of one case. ``doubtful(index, result)``: whether an answer is not what the host's reference gives. ``n_units`` will come."""

    def __init__(
        self,
        spread: Spread,
        payloads: Sequence[bytes],
        follows: Sequence[bool] | None,
        doubtful: Callable[[int, ResultReceived], bool],
        n_units: int,
    ) -> None:
        self.stop = threading.Event()
        self.told: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.results: dict[int, ResultReceived] = {}
        self.by: dict[int, str] = {}
        self.lost: dict[int, str] = {}
        self.alone: set[int] = set()
        self.witnesses = Witnesses()
        self.doubted = 0
        self.spread = spread
        self.payloads, self._follows, self._doubtful = payloads, follows, doubtful
        self._changed = threading.Condition()
        self._living: set[str] = set()
        self._coming = n_units

    def known(self, index: int, result: ResultReceived, unit: str, *, alone: bool) -> None:
        """An answer of an earlier part of the run, before any unit joins."""
        self.results[index], self.by[index] = result, unit
        self.witnesses.add(index, unit, result)
        if alone:
            self.alone.add(index)

    def join(self, unit: str) -> None:
        """It takes samples from now on."""
        with self._changed:
            self.spread.join(unit)
            self._living.add(unit)
            self._coming -= 1
            self._changed.notify_all()

    def leave(self, unit: str) -> int:
        """It takes no more: how many samples it had that are others' now. May be called again."""
        with self._changed:
            self._living.discard(unit)
            given = self.spread.leave(unit)
            self._settle()
            self._changed.notify_all()
            return len(given)

    def never_joined(self) -> None:
        """One that was expected does not come."""
        with self._changed:
            self._coming -= 1
            self._settle()
            self._changed.notify_all()

    def draw(self, drawn: Drawn) -> bool:
        """Let the unit have one more sample, if there is one for it."""
        with self._changed:
            drawn.check()
            begins = not drawn.waiting
            if begins:
                piece = self.spread.take(drawn.unit)
                if piece is None:
                    return False
                drawn.waiting.extend(piece.samples)
            index = drawn.waiting.popleft()
            alone = self.spread.alone(drawn.unit, index)
        # The beginning of a piece begins anew, also that of a sequence that another unit has had before.
        drawn.follows.append(self._follows is not None and self._follows[index] and not begins)
        drawn.sent.append((index, alone))
        return True

    def answered(self, drawn: Drawn, at: int, result: ResultReceived) -> None:
        """The unit's ``at``-th sample has come back."""
        drawn.check()
        index, alone = drawn.sent[at]
        with self._changed:
            first = self.spread.answer(drawn.unit, index)
            if first:
                self.results[index], self.by[index] = result, drawn.unit
                if alone:
                    self.alone.add(index)
            apart = self.witnesses.add(index, drawn.unit, result)
            # Who is odd is for all to say; and whether the product or one unit is at fault, where only one was asked.
            if apart or (first and self.doubted < MOST_DOUBTED and self._doubtful(index, result)):
                self.doubted += not apart
                self.spread.ask_all(index)
            self._settle()
            self._changed.notify_all()
        if first:
            self.told.put(Answered(drawn.unit, index, result, alone))

    def lose(self, drawn: Drawn, at: int, why: str) -> None:
        """The unit's wire has given its ``at``-th sample up."""
        index, _ = drawn.sent[at]
        with self._changed:
            if self.spread.lose(drawn.unit, index):
                self.lost[index] = why
            self._changed.notify_all()

    def wait_for_work(self, unit: str) -> bool:
        """Until there is something for it to take; False when there will be no more. ``Stopped`` when all is over."""
        with self._changed:
            while True:
                if self.stop.is_set():
                    raise Stopped
                if self.spread.has_work(unit):
                    return True
                if self.spread.at_rest:
                    return False
                self._changed.wait(_LOOK_S)

    def disagreements(self) -> list[Disagreement]:
        """Who is odd, of each sample that units computed differently, by all that was said. For when they have ended."""
        return self.witnesses.all_judged()

    def end(self) -> None:
        """Every unit stops at its next look."""
        self.stop.set()
        with self._changed:
            self._changed.notify_all()

    def _settle(self) -> None:
        """Units that disagree end the run as soon as it is known who is odd: what they computed is worth nothing."""
        # A unit that is still being flashed will have its say.
        if self._coming <= 0 and self.witnesses.apart and self.witnesses.settled(self._living) is not None:
            self.stop.set()

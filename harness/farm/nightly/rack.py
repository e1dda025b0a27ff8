"""The places where a night runs its cases: the units of a bench as they stand at this moment, or slots for virtual boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from harness.bench import emulators, lease, rackstate
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.bench.sources import Claim, Source, is_url
from harness.clock import Clock
from harness.errors import BenchError
from harness.farm import aftercare, valve
from harness.farm.schedule import Worker
from harness.findings import EarlierTry
from harness.run import of_night

#: By a night without a budget, a unit is waited for so long that one and the same somebody else has. One with a budget waits for as
#: long as there is time: it ends anyway.
PATIENCE_S: Final = 600.0
#: So long after a claim that was refused, the next one is tried.
_AGAIN_S: Final = 5.0
#: So often at most, the units of other hosts are listed.
_FAR_EVERY_S: Final = 15.0


@dataclass(frozen=True)
class Stopped:
    """What the safety valve says; ``night``: of all of it, else of one case."""

    why: str
    night: bool = False


@dataclass(frozen=True)
class Bay:
    """A place for one case at a time. ``ready``: it takes one now; ``coming``: it may later. ``why`` it is not ready.

    ``prove``: it takes none before its health check was passed.
    """

    worker: Worker
    title: str
    board: str = ""
    ready: bool = True
    coming: bool = False
    prove: bool = False
    state: str = State.GOOD.value
    why: str = ""

    @property
    def told(self) -> str:
        """Why it takes no work, for people."""
        return f"{self.title}: {'' if self.state == State.GOOD.value else f'{self.state}: '}{self.why}"


class Rack(Protocol):
    """What a night asks of the places where its cases run."""

    @property
    def slots(self) -> int:
        """So many cases at once, at most."""
        ...

    def look(self) -> tuple[Bay, ...]:
        """All of them, as they stand."""
        ...

    def claim(self, worker: Worker, what: str) -> Claim | None:
        """Keep a place for one case. ``BenchError`` when it cannot be had now; None: there is nothing to be kept."""
        ...

    def used(self, worker: Worker) -> None:
        """The case that was on it is over."""
        ...

    def words(self, worker: Worker) -> list[str]:
        """The options of ``hil run`` that mean this place."""
        ...

    def proof(self, worker: Worker) -> list[str]:
        """The arguments of the ``hil`` that has a unit prove its health. Asked once for each unit that must."""
        ...

    def died(self, worker: Worker, run_id: str, *, test: str) -> tuple[str, ...]:
        """The process of a case is gone without a word: nobody knows how it left the place. Lines to tell."""
        ...

    def stopped(self, test: str) -> Stopped | None:
        """Whether the case, or all of the night, must not go on: too much of the rack has gone wrong by it."""
        ...


@dataclass
class VirtualSlots:
    """So many virtual boards at once, each started for its case: a case that is tried again gets another one everywhere."""

    slots: int
    _used: dict[int, int] = field(default_factory=dict)

    def look(self) -> tuple[Bay, ...]:
        """See ``Rack``."""
        return tuple(Bay(worker, "virtual board") for worker in map(self._worker, range(1, self.slots + 1)))

    def claim(self, worker: Worker, what: str) -> Claim | None:
        """See ``Rack``."""
        return None

    def used(self, worker: Worker) -> None:
        """See ``Rack``."""
        number = int(worker.id.split("-")[1])
        self._used[number] = self._used.get(number, 0) + 1

    def words(self, worker: Worker) -> list[str]:
        """See ``Rack``."""
        return ["--backend", emulators.DEFAULT]

    def proof(self, worker: Worker) -> list[str]:
        """Never asked: a virtual board that is started anew has no past."""
        raise AssertionError("a virtual board need not prove itself")

    def died(self, worker: Worker, run_id: str, *, test: str) -> tuple[str, ...]:
        """See ``Rack``. The board died with it."""
        return ()

    def stopped(self, test: str) -> Stopped | None:
        """See ``Rack``. Nothing can go wrong by it that anybody else would meet."""
        return None

    def _worker(self, number: int) -> Worker:
        return Worker(f"virtual-{number}-{self._used.get(number, 0)}", None)


@dataclass
class Units:
    """The units of a bench. A person's hold and a unit's state count from one case to the next; ``check``: quarantined units may
    prove themselves, once a night. ``night``: its name, by which the safety valve knows it. ``patience_s``: how long a unit is
    waited for that one and the same other has."""

    bench: str
    source: Source
    clock: Clock
    slots: int
    night: str
    check: bool = False
    patience_s: float = PATIENCE_S
    _places: tuple[Place, ...] = ()
    _listed_s: float = float("-inf")
    _busy: dict[str, tuple[float, float, str]] = field(default_factory=dict)  # since when, not before, why
    _proved: set[str] = field(default_factory=set)

    def look(self) -> tuple[Bay, ...]:
        """See ``Rack``. Who keeps the units of other hosts is asked now and then: each of them is asked over ssh."""
        now = self.clock.monotonic_s()
        if now - self._listed_s >= (_FAR_EVERY_S if is_url(self.bench) else 0.0):
            self._places = self.source.list()
            self._listed_s = now
        stand = rackstate.states(self.clock)
        return tuple(self._bay(place, stand.get(place.uid)) for place in self._places)

    def claim(self, worker: Worker, what: str) -> Claim | None:
        """See ``Rack``."""
        place = self.place(worker)
        try:
            claim = self.source.acquire(place, what=what)
        except BenchError as error:
            now = self.clock.monotonic_s()
            why = f"{error.what}{f': {error.found}' if error.found else ''}"
            since, _, before = self._busy.get(place.uid, (now, 0.0, why))
            # Another holder than before: it goes from hand to hand, and it may be our turn next.
            self._busy[place.uid] = (since if why == before else now, now + _AGAIN_S, why)
            raise
        self._busy.pop(place.uid, None)
        return claim

    def used(self, worker: Worker) -> None:
        """See ``Rack``."""

    def words(self, worker: Worker) -> list[str]:
        """See ``Rack``."""
        return ["--backend", "probe", "--bench", self.bench, "--device-serial", self.place(worker).uid]

    def place(self, worker: Worker) -> Place:
        """Of a worker that ``look`` has told."""
        return next(place for place in self._places if place.uid == worker.uid)

    def proof(self, worker: Worker) -> list[str]:
        """See ``Rack``. Whatever comes of it, there is no second one in the same night."""
        assert worker.uid is not None
        self._proved.add(worker.uid)
        return ["rack", "check", "--bench", self.bench, worker.uid]

    def died(self, worker: Worker, run_id: str, *, test: str) -> tuple[str, ...]:
        """See ``Rack``."""
        assert worker.uid is not None
        return aftercare.worker_died(
            worker.uid,
            run_id,
            test=test,
            board=worker.board or "",
            rack=self._places,
            night=self.night,
            clock=self.clock,
        )

    def stopped(self, test: str) -> Stopped | None:
        """See ``Rack``."""
        why = valve.stopped(night=self.night, clock=self.clock)
        if why is not None:
            return Stopped(why, night=True)
        why = valve.stopped(test=test, clock=self.clock)
        return None if why is None else Stopped(why)

    def _bay(self, place: Place, stands: rackstate.UnitState | None) -> Bay:
        state = stands.state if stands else State.GOOD
        why = stands.reason if stands and state is not State.GOOD else ""
        ready, coming, prove = state is State.GOOD, False, False
        if state is State.MAINTENANCE:
            until = stands.until if stands else None
            coming = until is None or (until - self.clock.now()).total_seconds() < self.patience_s
        elif state is State.SUSPECT or (state is State.QUARANTINED and self.check):
            prove = place.uid not in self._proved
        elif place.skip:
            ready, why = False, why or place.skip
        if ready and place.uid in self._busy:
            since, again, why = self._busy[place.uid]
            now = self.clock.monotonic_s()
            ready, coming = now >= again, now - since < self.patience_s
        return Bay(
            Worker(
                place.uid,
                place.board,
                place.uid,
                frozenset(place.tags),
                place.via,
                stands.rig_faults if stands else 0,
            ),
            place.title,
            place.board,
            ready,
            coming,
            prove,
            state.value,
            why,
        )


def environment(night: str, tries: Sequence[EarlierTry] = ()) -> dict[str, str]:
    """What a process of this night must be told so that it may use the units that the night has claimed, and says whose it is."""
    return lease.environment() | of_night.environment(night, tries)

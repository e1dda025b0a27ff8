"""The units that this run may use: which are free, which it has claimed, and which it does not trust any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.bench import lease, rackstate
from harness.bench.places import Place
from harness.bench.rackstate import State
from harness.bench.sources import Claim, Queueing, Source
from harness.errors import BenchError
from harness.plugin.spread.hosts import Hosts


class Pool:
    """Claims units of a source, good ones before suspect ones. ``close`` gives all back."""

    def __init__(self, places: Sequence[Place], source: Source, what: str) -> None:
        self.places = tuple(places)
        self._source, self._what = source, what
        self._claims: dict[str, Claim] = {}
        self._away: dict[str, str] = {}  # by uid: why it is not for this run
        self._refused: dict[str, str] = {}  # by uid: why it could not be had, the last time
        self.hosts = Hosts()

    def claimed(self, uid: str) -> bool:
        """Whether this run has it."""
        return uid in self._claims

    def is_good(self, place: Place) -> bool:
        """Whether it takes work without having proved itself."""
        return rackstate.state_of(place.uid).state is State.GOOD

    def may_come(self) -> list[Place]:
        """What this run does not have and may get: good ones first, those of a host that does not answer last."""
        found = [place for place in self.places if not (self.claimed(place.uid) or self.why_not(place))]
        return sorted(found, key=lambda place: (self.hosts.is_gone(place), not self.is_good(place)))

    def why_not(self, place: Place) -> str | None:
        """Why a unit is not for this run; None: it is."""
        if place.skip:
            return f"skip: {place.skip}"
        if place.uid in self._away:
            return self._away[place.uid]
        if (why := self.hosts.given_up(place)) is not None:
            return why
        state = rackstate.state_of(place.uid)
        return None if state.works else f"{state.state}: {state.reason}"

    def take(self, place: Place) -> bool:
        """Claim a unit. False: it cannot be had now; ``absent`` says why."""
        try:
            self._claims[place.uid] = self._source.acquire(place, what=self._what)
        except BenchError as error:
            self._refused[place.uid] = f"{error.what}: {error.found}" if error.found else error.what
            return False
        self._refused.pop(place.uid, None)
        return True

    def take_some(self, most: int | None, kinds: Sequence[str]) -> list[Place]:
        """Claim up to ``most`` units (None: all that are free), of each kind one before a second of any."""
        taken: list[Place] = []
        rest = {kind: [place for place in self.may_come() if place.board == kind] for kind in kinds}
        while any(rest.values()):
            for waiting in rest.values():
                while waiting and (most is None or len(taken) < most):
                    place = waiting.pop(0)
                    if self.take(place):
                        taken.append(place)
                        break
            if most is not None and len(taken) >= most:
                break
        return taken

    def wait_for_one(self, kinds: Sequence[str], wait_s: float, tell: Callable[[str], None]) -> Place | None:
        """Claim the first unit of these kinds that becomes free within ``wait_s``, in the queue with all others who wait.

        None when none of them takes work. ``lease.InUse`` when all stay in use. ``tell`` is told who has them once a minute.
        """
        while wanted := [place for place in self.may_come() if place.board in kinds]:
            if not isinstance(self._source, Queueing):
                raise lease.InUse(
                    f"all {len(wanted)} units are in use",
                    found="; ".join(self.absent()),
                    next_step="run again later: who keeps these units has no queue",
                )
            try:
                claim = self._source.acquire_any(wanted, what=self._what, wait_s=wait_s, tell=tell)
            except lease.OutOfService as error:
                # Of these none took work any more: none is asked for a second time.
                self._away |= {place.uid: f"{error.what}: {error.found}" for place in wanted}
                continue
            self._claims[claim.place.uid] = claim
            return claim.place
        return None

    def renew(self) -> list[str]:
        """Say that all are still wanted; what has happened to them meanwhile. Never raises: a unit's own lock decides."""
        told: list[str] = []
        for claim in self._claims.values():
            try:
                told += claim.renew()
            except BenchError as error:
                told.append(f"{claim.place.title}: {error.what}")
        return told

    def give_back(self, uid: str) -> None:
        """Others may have it."""
        self.hosts.end(uid)
        if (claim := self._claims.pop(uid, None)) is not None:
            claim.release()

    def put_away(self, uid: str, why: str) -> None:
        """It is not for this run any more."""
        self.give_back(uid)
        self._away[uid] = why

    def absent(self, fits: Callable[[Place], bool] = lambda place: True) -> list[str]:
        """Of each unit that this run does not have, and why: for messages."""
        told = []
        for place in self.places:
            if fits(place) and not self.claimed(place.uid):
                why = self.why_not(place) or self._refused.get(place.uid)
                told.append(f"{place.title} ({place.board}): {why or 'not taken'}")
        return told

    def close(self) -> None:
        """Give everything back. May be called twice."""
        for uid in list(self._claims):
            self.give_back(uid)

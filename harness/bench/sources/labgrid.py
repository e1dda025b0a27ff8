"""Units of other hosts, as labgrid's coordinator has them: ``labgrid://host:port/?tag=value``. See ``harness.bench.labgrid``.

A claim is an acquisition of the place under a name of its own, renewed by the run's worker process. It says whose turn it is, as a
reservation does on one host. Who uses the unit only its own host knows, so that is asked before a claim is given: a coordinator
that was restarted has forgotten everybody, and lets anybody release anything.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from harness.bench import lease
from harness.bench.labgrid import address, beat, handed, units
from harness.bench.labgrid.beat import Acquired
from harness.bench.labgrid.hosts import Look, Stand, look
from harness.bench.labgrid.session import Held, Session
from harness.bench.places import Place
from harness.bench.remote import rack
from harness.clock import Clock, Deadline, SystemClock
from harness.errors import BenchError

_POLL_S: Final = 1.0
_FRESH_S: Final = 15.0
_TELL_S: Final = 60.0
_LOOK_AGAIN_S: Final = 5.0
_WAITING, _ALLOCATED = 0, 1  # labgrid's states of a reservation


class LabgridClaim:
    """A place that was acquired. See ``Claim``."""

    def __init__(self, place: Place, session: Session, number: int) -> None:
        self.place = place
        self._session, self._number = session, number
        self._released = False

    @property
    def identity(self) -> str:
        """Under which name the coordinator knows it."""
        return f"{self._session.identity}.{self._number}"

    def renew(self) -> tuple[str, ...]:
        """See ``Claim``. Nothing must be done: the worker process renews it.

        A place that the coordinator gave to somebody else is not lost: the unit is ours for as long as its host's lock is.
        """
        return () if self._released else self._session.renew(self._number)

    def release(self) -> None:
        """See ``Claim``. Never raises: what the coordinator cannot be told now, the worker tells it later."""
        if not self._released:
            self._released = True
            self._session.release(self._number)


class Labgrid:
    """See ``Source``. ``look`` asks the units' hosts."""

    def __init__(self, url: str, *, look: Look = look, clock: Clock | None = None) -> None:
        self.address = address.parse(url)
        self.session = Session(self.address)
        self._look, self._clock = look, clock or SystemClock()
        self._stands: dict[tuple[str, str], Stand] = {}
        self._fresh = Deadline.after(self._clock, 0.0)

    def list(self) -> tuple[Place, ...]:
        """See ``Source``. What runs that are gone have left behind is freed first: see ``reap``.

        A process of a run (a worker of pytest's) is told what the run was told.
        """
        if (told := handed.handed(self.address.url)) is not None:
            return told
        self.reap()
        found = tuple(self._as_they_stand(tuple(units.units(self.session.seen(), self.address))))
        rack.refresh(place for place in found if not place.skip)
        handed.hand_down(self.address.url, found)
        return found

    def acquire(self, place: Place, *, what: str) -> LabgridClaim:
        """See ``Source``: ``lease.InUse`` says who has the place, or, where the coordinator does not know of it, the unit."""
        number = self.session.join()
        try:
            self._take(number, place)
        except BaseException:
            self.session.release(number)
            raise
        return LabgridClaim(place, self.session, number)

    def acquire_any(
        self, wanted: Sequence[Place], *, what: str, wait_s: float, tell: lease.Tell | None = None
    ) -> LabgridClaim:
        """The first of them that is free; when none is, in labgrid's own queue for the first that becomes free.

        ``lease.InUse`` when all stay in use, ``lease.OutOfService`` when none takes work. ``tell`` as in ``lease.acquire``.
        """
        busy: BenchError | None = None
        for place in wanted:
            try:
                return self.acquire(place, what=what)
            except (lease.InUse, lease.OutOfService) as error:
                busy = error if busy is None or isinstance(error, lease.InUse) else busy
        if busy is None or wait_s <= 0 or not isinstance(busy, lease.InUse):
            raise busy or BenchError("no place was asked for", next_step="name a board that some place has")
        return self._queue(wanted, wait_s, tell, busy)

    def reap(self, limit_s: float = beat.LIMIT_S) -> tuple[Acquired, ...]:
        """Free what nobody has renewed for so long, and tell which: never what a person has acquired."""
        seen = self.session.seen()
        gone = beat.left_behind(units.acquired(seen), seen.now_s, limit_s)
        for each in gone:
            self.session.free(each.place, each.by)
        return gone

    def close(self) -> None:
        """Give all back. See ``Session.close``."""
        self.session.close()

    def _as_they_stand(self, places: tuple[Place, ...]) -> Sequence[Place]:
        usable = [place for place in places if not place.skip]
        if self._fresh.passed or any((place.via, place.uid) not in self._stands for place in usable):
            there: dict[str, list[str]] = {}
            for place in usable:
                there.setdefault(place.via, []).append(place.uid)
            self._stands = dict(self._look(there))
            self._fresh = Deadline.after(self._clock, _FRESH_S)
        return [
            replace(place, skip=self._stands[place.via, place.uid].refusal) if not place.skip else place
            for place in places
        ]

    def _take(self, number: int, place: Place) -> None:
        """Acquire it at the coordinator, then see that it is free where it is."""
        try:
            self.session.acquire(number, place.name)
        except Held as held:
            raise lease.InUse(
                f"place {place.name} is in use" if held.by else held.what,
                where=held.where,
                found=f"acquired by {held.by}" if held.by else held.found,
                next_step=held.next_step,
            ) from held
        # What was seen a moment ago will do, once: a rack of a hundred is not logged in to a hundred times. Who takes the unit
        # meanwhile is met when it is opened.
        stand = None if self._fresh.passed else self._stands.pop((place.via, place.uid), None)
        stand = stand or self._look({place.via: [place.uid]})[place.via, place.uid]
        if stand.refusal:
            raise lease.OutOfService(
                f"unit {place.uid} takes no work",
                where=f"place {place.name}, on {place.via}",
                found=stand.refusal,
                next_step="take another unit; `hil rack status` on its host shows all",
            )
        if stand.holder:
            raise lease.InUse(
                f"unit {place.uid} is in use on its host, though the coordinator says it is free",
                where=f"place {place.name}, on {place.via}",
                found=stand.holder,
                next_step="wait for it, or take another unit",
            )

    def _queue(
        self, wanted: Sequence[Place], wait_s: float, tell: lease.Tell | None, busy: lease.InUse
    ) -> LabgridClaim:
        named = {place.name: place for place in wanted}
        deadline, told = Deadline.after(self._clock, wait_s), Deadline.after(self._clock, 0.0)
        while not deadline.passed:
            number, token, place = self.session.join(), "", None
            claim: LabgridClaim | None = None
            try:
                token = self._stand_in_line(number, tuple(named.values()))
                turn: dict[str, Any] = {"state": _WAITING}
                while turn["state"] == _WAITING and not deadline.passed:
                    if told.passed:
                        self.reap()
                        if tell is not None:
                            tell(f"waits for {' or '.join(named)}: {self._who_has(named) or busy.found}")
                        told = Deadline.after(self._clock, _TELL_S)
                    self._clock.sleep_s(min(_POLL_S, deadline.left_s()))
                    turn = self.session.poll(number, token)
                place = named.get(turn.get("place", "")) if turn["state"] == _ALLOCATED else None
                if place is not None:
                    self._take(number, place)
                    claim = LabgridClaim(place, self.session, number)
                    return claim
            except lease.OutOfService:
                del named[place.name if place is not None else ""]
                if not named:
                    raise
            except (
                lease.InUse
            ) as error:  # somebody who is not in labgrid's queue: its head is looked at again in a while
                busy = error
                self._clock.sleep_s(min(_LOOK_AGAIN_S, deadline.left_s()))
            finally:
                # First the line: a place that is given back would be kept for it.
                self._leave_line(number, token)
                if claim is None:
                    self.session.release(number)
        raise lease.InUse(
            f"{' and '.join(named)} stayed in use for {wait_s:g} s",
            where=self.address.url,
            found=self._who_has(named) or busy.found,
            next_step="run again later; `labgrid-client who` tells who has which place",
        )

    def _leave_line(self, number: int, token: str) -> None:
        if token:
            try:
                self.session.cancel(number, token)
            except BenchError:
                pass  # it ends by itself when it is not asked for

    def _stand_in_line(self, number: int, wanted: Sequence[Place]) -> str:
        """labgrid's queue is by tags, all of which must fit; one place it knows by its name."""
        tags = {"name": wanted[0].name} if len(wanted) == 1 else dict(self.address.tags)
        boards = {place.board for place in wanted}
        if len(wanted) > 1 and len(boards) == 1 and self._all_tagged(wanted):
            tags[units.BOARD] = next(iter(boards))
        return str(self.session.reserve(number, tags)["token"])

    def _all_tagged(self, wanted: Sequence[Place]) -> bool:
        """Whether their places carry their board as a tag: our export sets it, a person may not have."""
        labels = {at.name: dict(at.labels) for at in units.units(self.session.seen(), self.address).values()}
        return all(labels.get(place.name, {}).get(units.BOARD) == place.board for place in wanted)

    def _who_has(self, named: Mapping[str, Place]) -> str:
        found = units.units(self.session.seen(), self.address).values()
        return "; ".join(f"{at.name}: {at.by}" for at in found if at.name in named and at.by)


@lru_cache(maxsize=8)
def _opened(url: str, process: int) -> Labgrid:
    source = Labgrid(url)
    atexit.register(source.close)
    return source


def open(url: str) -> Labgrid:
    """See ``sources``. One for each process, so that a run has one worker; what it still holds at its end is given back.

    Nothing is connected yet.
    """
    return _opened(url, os.getpid())

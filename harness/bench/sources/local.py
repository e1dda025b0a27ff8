"""The units of this host: those of a bench file, else those that are attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.bench import boards, lease, places
from harness.bench.places import Place
from harness.bench.remote import rack
from harness.plans.bench import load_bench


@dataclass(frozen=True)
class LocalClaim:
    """A reservation. The kernel keeps it: there is nothing to renew, and it goes with this process."""

    place: Place
    lease: lease.Lease

    def renew(self) -> tuple[str, ...]:
        """Nothing: see ``Claim``."""
        return ()

    def release(self) -> None:
        """See ``Claim``."""
        self.lease.release()


class Local:
    """See ``Source``. The bench file is read once: ``PlanError`` when it cannot be."""

    def __init__(self, bench: Path | None) -> None:
        self._named = None if bench is None else places.places_of(load_bench(bench, boards.names()))

    def list(self) -> tuple[Place, ...]:
        """See ``Source``. With a bench file its units alone: what else is attached may be wired to anything."""
        found = self._named if self._named is not None else _attached()
        rack.refresh(found)
        return tuple(_as_it_stands(place) for place in found)

    def acquire(self, place: Place, *, what: str) -> LocalClaim:
        """See ``Source``. A unit of another host is kept from this host's other runs: there its lease is all."""
        return self.acquire_any([place], what=what, wait_s=0.0)

    def acquire_any(
        self, wanted: Sequence[Place], *, what: str, wait_s: float, tell: lease.Tell | None = None
    ) -> LocalClaim:
        """See ``Queueing``: the queue is that of the leases."""
        refused = {place.uid: why for place in wanted if place.via and (why := lease.refusal(place.uid)) is not None}
        by_key = {_key(place): place for place in wanted if place.uid not in refused}
        if not by_key:
            raise next(iter(refused.values()))
        found = lease.reserve_any(list(by_key), what=what, wait_s=wait_s, tell=tell)
        return LocalClaim(by_key[found.uid], found)


def _key(place: Place) -> str:
    """What is reserved. Not the id of a unit of another host: that may be this one, and the server there, which no run has started,
    could not have it."""
    return f"{place.uid} on {place.via}" if place.via else place.uid


def _attached() -> tuple[Place, ...]:
    """A probe that several kinds of board carry is listed under each: which it is only the chip tells (`hil discover`)."""
    return tuple(place for name in boards.names() for place in places.known(boards.load_board(name), ()))


def _as_it_stands(place: Place) -> Place:
    if place.skip:
        return place
    why = lease.refusal(place.uid)
    return place if why is None else replace(place, skip=f"{why.what} {why.found}")

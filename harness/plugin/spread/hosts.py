"""Hosts that cannot be reached: what one test had to wait for, ten seconds or more, the next ones need not wait for again.

A host is gone when a test on one of its units was ended by it. Until a test has met one of its units again, its units are tried
only where nobody else could run a test, and one at a time (a scout). When so many scouts have not come back, it is given up for
this run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from harness.bench.places import Place
from harness.bench.remote import ssh
from harness.plugin.ours import RECORD
from harness.records import Record

SCOUTS: Final = 3


@dataclass
class Hosts:
    """What this run knows of the hosts of its units. Nothing is asked: it hears of tests only."""

    _gone: dict[str, int] = field(default_factory=dict)  # by host: the scouts that have not come back
    _why: dict[str, str] = field(default_factory=dict)
    _scouts: dict[str, str] = field(default_factory=dict)  # by host: the unit that is tried now

    def is_gone(self, place: Place) -> bool:
        """Whether its host did not answer the last time."""
        return place.via in self._gone

    def given_up(self, place: Place) -> str | None:
        """Why its host is asked no more; None: it may be."""
        if self._gone.get(place.via, 0) < SCOUTS:
            return None
        return f"its host {place.via} could not be reached {SCOUTS + 1} times: {self._why[place.via]}"

    def has_scout(self, place: Place) -> bool:
        """Whether one of its host's units is tried just now."""
        return place.via in self._scouts

    def begin(self, place: Place) -> None:
        """A test goes to that unit."""
        if self.is_gone(place):
            self._scouts[place.via] = place.uid

    def end(self, uid: str) -> None:
        """The test on that unit is over, or will not begin: it scouts no more. May be called for any unit."""
        for host in [host for host, scout in self._scouts.items() if scout == uid]:
            del self._scouts[host]

    def heard(self, place: Place, properties: Iterable[tuple[str, object]]) -> str | None:
        """What the reports of a test on that unit say of its host, by their ``properties``; what is to be told."""
        scouted = self._scouts.get(place.via) == place.uid
        self.end(place.uid)
        failed = _ended_by_host(properties) if place.via else None
        if failed == "" and place.via in self._gone:
            del self._gone[place.via], self._why[place.via]
            return f"host {place.via} is reached again"
        if not failed:
            return None
        self._why[place.via] = failed
        if place.via not in self._gone:
            self._gone[place.via] = 0
            return f"host {place.via} cannot be reached: its units are tried only where no other can be, until one is met again"
        if scouted:
            self._gone[place.via] += 1
            if (why := self.given_up(place)) is not None:
                return f"no unit of it is tried any more: {why}"
        return None


def _ended_by_host(properties: Iterable[tuple[str, object]]) -> str | None:
    """Why, in a line; "": a unit was met; None: nothing is said of it."""
    met = False
    for key, value in properties:
        if key != RECORD:
            continue
        record = Record.model_validate_json(str(value))
        said = [reason.partition("\n")[0] for reason in record.reasons]
        if gone := [line for line in said if line in ssh.GONE]:
            return gone[0]
        met = met or record.unit is not None
    return "" if met else None

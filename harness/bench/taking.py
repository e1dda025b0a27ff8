"""A unit for a run: leased where it is plugged in. One of another host is opened there in the same breath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.bench import lease
from harness.bench.boards import Board
from harness.bench.places import NoneFree, Place, known, lease_one, qualified
from harness.bench.remote import rack
from harness.bench.remote.connection import Connection
from harness.clock import Clock
from harness.errors import TakenError


@dataclass(frozen=True)
class Wish:
    """What for, and how: as of ``unit.open_unit``."""

    what: str
    wait_s: float
    allow_mass_erase: bool = False
    care: bool = False
    tell: lease.Tell | None = None
    named: bool = False
    user: str = ""  # whose it is, where not this process's person's


def take_one(
    board: Board, places: Sequence[Place], uid: str | None, tags: Sequence[str], wish: Wish, clock: Clock
) -> tuple[Place, lease.Lease | Connection]:
    """The first free one of the units that qualify: those of this host, then those of others. Errors as of ``lease_one``.

    When all are in use, it is waited for one of this host; for the first of the others where there is none. What is out of
    service is not waited for.
    """
    wanted = qualified(board, known(board, places), uid, tags)
    far = [place for place in wanted if place.via]
    near = [place for place in wanted if not place.via]
    if not far:
        return _here(board, places, uid, tags, wish, clock, wish.wait_s)
    refused: list[TakenError] = []
    worth: list[Place] = []  # waiting for
    if near:
        try:
            return _here(board, near, uid, tags, wish, clock, 0.0)
        except TakenError as taken:
            refused.append(taken)
            worth += near if isinstance(taken, lease.InUse) else []
    for place in far:
        try:
            return place, _there(board, place, wish, 0.0)
        except TakenError as taken:
            refused.append(taken)
            worth += [place] if isinstance(taken, lease.InUse) else []
    if not worth:
        raise _together(lease.OutOfService, f"none of {len(wanted)} units takes work", refused)
    if wish.wait_s <= 0:
        raise _together(NoneFree, f"none of the {len(wanted)} units that would do is free", refused)
    if not worth[0].via:
        return _here(board, near, uid, tags, wish, clock, wish.wait_s)
    return worth[0], _there(board, worth[0], wish, wish.wait_s)


def _together(kind: type[TakenError], what: str, refused: Sequence[TakenError]) -> TakenError:
    """Why none of them could be had. One alone says it in its own words."""
    if len(refused) == 1:
        one = refused[0]
        return kind(one.what, where=one.where, found=one.found, next_step=one.next_step)
    found = "; ".join(f"{one.what}: {one.found}" for one in refused)
    return kind(
        what, found=found, next_step="`hil rack status` on their hosts shows all; run again later, or let it wait"
    )


def _here(
    board: Board, places: Sequence[Place], uid: str | None, tags: Sequence[str], wish: Wish, clock: Clock, wait_s: float
) -> tuple[Place, lease.Lease]:
    return lease_one(
        board, places, uid, wish.what, clock, tags, wait_s=wait_s, care=wish.care, tell=wish.tell, named=wish.named
    )


def _there(board: Board, place: Place, wish: Wish, wait_s: float) -> Connection:
    connection = Connection.open(
        place.via,
        place.uid,
        board=board.name,
        what=wish.what,
        wait_s=wait_s,
        allow_mass_erase=wish.allow_mass_erase,
        care=wish.care,
        tell=wish.tell,
        named=wish.named,
    )
    rack.heed(place.via, rack.made(place.uid, connection.is_open.rack))
    return connection

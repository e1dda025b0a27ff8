"""Where units are found, and which of them a run gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bench import discover, lease
from harness.bench.boards import Board
from harness.bench.power import PowerSwitch, switch_of
from harness.clock import Clock, SystemClock
from harness.errors import BenchError
from harness.plans.bench import USUAL_HEALTH, Bench, BenchHealth
from harness.plans.names import suggestion

LEASE_WAIT_S = 600.0  # another worker's whole case may be in the way


@dataclass(frozen=True)
class Place:
    """Where a unit is found: a line of a bench file, or what discovery saw. ``port`` is a pyserial path or URL.

    ``power`` is its switch, where it has one, ``hub`` that of the hub that it hangs on with others. ``chip_id`` is the chip's
    unique id in hexadecimal as the bench file knows it, "" where it does not. ``skip`` is why it takes no work, "" when it does.
    ``health``: when it counts as broken, by its bench file. ``via`` is the host that it is plugged into, as ssh is given it; ""
    for this one.
    """

    board: str
    uid: str
    port: str
    power: PowerSwitch | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    chip_id: str = ""
    usb: str = ""
    skip: str = ""
    notes: str = ""
    via: str = ""
    hub: PowerSwitch | None = None
    health: BenchHealth = USUAL_HEALTH

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.uid

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual board whether it runs or not: it hangs on a virtual hub, or its port bears a name of one's.

        A single one that is gone cannot be told from a real one.
        """
        # Only now: the emulator's library need not be there, nor does every start wait for it.
        from harness.bench.power.virtual import VirtualSwitch
        from harness.virtual.host.hub import link_of

        ours = isinstance(self.power, VirtualSwitch) or isinstance(self.hub, VirtualSwitch)
        return ours or (not self.via and Path(self.port).parent == link_of(self.uid).parent)

    def fits(self, board: str, uid: str | None = None, tags: Sequence[str] = ()) -> bool:
        """Whether it is of that kind, goes by that id or name (None: any), has all of these tags, and takes work."""
        return (
            self.board == board
            and not self.skip
            and (uid is None or uid in (self.uid, self.name))
            and set(tags) <= set(self.tags)
        )


def places_of(bench: Bench) -> tuple[Place, ...]:
    """The units of a bench file."""
    return tuple(
        Place(
            board=unit.board,
            uid=unit.uid,
            port=unit.port,
            power=switch_of(unit.power),
            name=unit.name,
            tags=unit.tags,
            chip_id=unit.chip,
            usb=unit.usb,
            skip=unit.skip,
            notes=unit.notes,
            via=unit.via,
            hub=switch_of(unit.hub),
            health=bench.health,
        )
        for unit in bench.units
    )


def known(board: Board, places: Sequence[Place]) -> list[Place]:
    """The units of that kind: those of the bench file; where it names none, those that are attached and not in it.

    Beside a bench's units nothing is taken: what else is attached may be wired to anything. Nor is what the bench lists as
    another kind: several kinds carry one kind of probe.
    """
    named = [place for place in places if place.board == board.name]
    listed = {place.uid for place in places}
    return named or [
        Place(board.name, unit.uid, unit.port) for unit in discover.attached(board) if unit.uid not in listed
    ]


class NoneFree(lease.InUse):
    """All units that would do are in use, and whoever asked does not wait."""

    @classmethod
    def told(cls, what: str, found: object) -> NoneFree:
        """``what`` is in use, by whom."""
        return cls(
            f"{what}, and this run does not wait (--no-wait)",
            found=found,
            next_step="run again later, or leave out --no-wait to wait in the queue",
        )


def lease_one(
    board: Board,
    places: Sequence[Place],
    uid: str | None,
    what: str,
    clock: Clock,
    tags: Sequence[str] = (),
    *,
    wait_s: float = LEASE_WAIT_S,
    care: bool = False,
    tell: lease.Tell | None = None,
    named: bool | None = None,
) -> tuple[Place, lease.Lease]:
    """The first free one of the units that qualify; when all are in use, the first that becomes free within ``wait_s``.

    ``BenchError`` when none qualifies, ``lease.InUse`` when all that do stay in use (``NoneFree`` when ``wait_s`` is 0 and it is
    not for ``care``), ``lease.OutOfService`` when none of them takes work. ``care`` and ``tell`` as in ``lease.acquire``, and
    ``named``; None: so it is where there is a ``uid``.
    """
    wanted = qualified(board, known(board, places), uid, tags)
    try:
        held = lease.acquire_any(
            [place.uid for place in wanted],
            what=what,
            wait_s=wait_s,
            clock=clock,
            named=uid is not None if named is None else named,
            care=care,
            tell=tell,
        )
    except lease.InUse as busy:
        if wait_s > 0 or care:
            raise
        raise NoneFree.told(busy.what, busy.found) from None
    return next(place for place in wanted if place.uid == held.uid), held


def qualified(board: Board, near: Sequence[Place], uid: str | None, tags: Sequence[str] = ()) -> list[Place]:
    """Of the units that are ``near`` those of that kind, of that id or name, with those tags, that take work by their bench file.

    ``BenchError`` when there is none.
    """
    wanted = [place for place in near if place.fits(board.name, uid, tags)]
    if not wanted:
        what_for = f" with the id {uid}" if uid is not None else ""
        what_for += f" with the tags {', '.join(tags)}" if tags else ""
        raise BenchError(
            f"no {board.name}{what_for} is attached",
            expected=f"a probe with a USB id of {', '.join(board.debug.usb_ids)}, or a line in the bench file",
            found=", ".join(f"{place.uid} (skip: {place.skip})" if place.skip else place.uid for place in near)
            or "none",
            next_step=suggestion(uid or "", [place.uid for place in near], "plug it in, or use --backend virtual"),
        )
    return wanted


def check_free(
    board: Board, places: Sequence[Place], uid: str | None, tags: Sequence[str] = (), clock: Clock | None = None
) -> None:
    """Raise as ``lease_one`` with ``wait_s`` 0 would, and hold nothing: before what takes long is done for nothing."""
    what = "looking whether it is free"
    if any(place.via for place in qualified(board, known(board, places), uid, tags)):
        return  # to ask another host takes as long as to take it there
    _, held = lease_one(board, places, uid, what, clock or SystemClock(), tags, wait_s=0.0)
    held.release()

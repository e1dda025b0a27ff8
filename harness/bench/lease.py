"""One holder a unit, across processes of this host; those who wait get it in the order in which they came.

Two kernel locks (``disk.locks``) rule a unit. Its own says who uses it now: no two runs share a unit, whatever else is
wrong. Its reservation says whose turn it is: ``acquire`` takes both. A controller (pytest with workers, a nightly)
``reserve``s units for as long as it runs, and its processes, which find its number in ``HIL_RESERVED_BY``, take and give back
the unit's own lock case by case: between two cases nobody slips in. The readable records beside the locks are for people only
(``held``), the queue is ``queue``, and what the rack thinks of a unit is ``rackstate``'s: it is asked before a lock is.

When a process dies, however it dies:

- a holder: the kernel frees both locks, and the first of the queue has the unit at its next look;
- a waiter: its ticket's lock is free, so it has left the queue;
- a controller with a reservation: the reservation is free, but as long as a worker of it is in a case, that worker has the
  unit's own lock and nobody gets the unit. Its next case is one among others: it takes both locks, or waits;
- a worker: its unit's own lock is free and the reservation stands: the controller's other processes alone get the unit.

All files go with the lease; those of killed processes with the next lease of any unit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from harness.bench import held, people, queue, rackstate
from harness.bench.held import Holder as Holder  # who asks for a holder asks here
from harness.bench.rackstate import State
from harness.clock import Clock, Deadline, SystemClock
from harness.disk import locks
from harness.errors import TakenError

#: The process whose reservations this one may use: set by controllers for what they start.
RESERVED_BY: Final = "HIL_RESERVED_BY"
_POLL_S, _POLL_AT_MOST_S = 0.1, 1.0
_TELL_S = 60.0
#: A lock without a holder record: its holder is just starting or ending, or somebody sweeps it. That takes no time.
_NAMELESS_S = 0.5
_USED, _RESERVED = "leases", "reservations"

Tell = Callable[[str], None]


class InUse(TakenError):
    """Somebody else holds the unit."""


class OutOfService(TakenError):
    """The unit takes no work: it is quarantined, or a person has it. No waiting helps."""


class Lease:
    """The right to use one unit. A context manager; ``release`` may be called twice."""

    def __init__(self, uid: str, lock: locks.Lock, record: Path, turn: locks.Lock | None = None) -> None:
        self.uid = uid
        self._lock: locks.Lock | None = lock
        self._record, self._turn = record, turn

    def release(self) -> None:
        """Give the unit back. After it, any process may take the unit."""
        if self._lock is None:
            return
        with suppress(OSError):  # a folder that may not be written any more must not keep the lock
            self._record.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None
        if self._turn is not None:
            self._turn.release()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def acquire(
    uid: str,
    *,
    what: str,
    wait_s: float = 0.0,
    clock: Clock | None = None,
    named: bool = False,
    care: bool = False,
    tell: Tell | None = None,
) -> Lease:
    """Take the unit ``uid``, waiting up to ``wait_s`` seconds. ``InUse`` names the holder when it stays taken.

    ``named``: it was asked for by its id, as whoever has it on hold must. ``care``: a quarantined unit is taken too, to be
    examined or mended. ``tell`` is told who has it when the waiting begins and once a minute. ``OutOfService`` comes at once,
    another ``BenchError`` says why no lock can be had here.
    """
    return acquire_any([uid], what=what, wait_s=wait_s, clock=clock, named=named, care=care, tell=tell)


def acquire_any(
    uids: Sequence[str],
    *,
    what: str,
    wait_s: float = 0.0,
    clock: Clock | None = None,
    named: bool = False,
    care: bool = False,
    tell: Tell | None = None,
) -> Lease:
    """``acquire`` one of several: the first that is free, in their order; when none is, the first that becomes free."""
    clock = clock or SystemClock()
    return _turn(uids, lambda uid: _try(uid, held.me(what, clock)), what, wait_s, clock, named, care, tell)


def reserve(
    uid: str,
    *,
    what: str,
    wait_s: float = 0.0,
    clock: Clock | None = None,
    named: bool = False,
    care: bool = False,
    tell: Tell | None = None,
) -> Lease:
    """Keep the unit ``uid`` for this process and for those that it starts with ``environment``; errors as ``acquire``.

    What it gives back leaves a unit that one of those still uses in use.
    """
    return reserve_any([uid], what=what, wait_s=wait_s, clock=clock, named=named, care=care, tell=tell)


def reserve_any(
    uids: Sequence[str],
    *,
    what: str,
    wait_s: float = 0.0,
    clock: Clock | None = None,
    named: bool = False,
    care: bool = False,
    tell: Tell | None = None,
) -> Lease:
    """``reserve`` one of several, as ``acquire_any``."""
    clock = clock or SystemClock()
    me = held.me(what, clock, reserved=True)
    return _turn(uids, lambda uid: _try_to_reserve(uid, me), what, wait_s, clock, named, care, tell)


def environment() -> dict[str, str]:
    """What a process needs in its environment to use the units that this one has reserved."""
    return {RESERVED_BY: str(os.getpid())}


def holder(uid: str) -> Holder | None:
    """Who uses ``uid`` now, else who has reserved it; None when it is free."""
    if locks.held(held.file(_USED, uid, ".lock")):
        return held.read(held.file(_USED, uid, ".holder")) or Holder(pid=0, since="?", what="unknown")
    return reserver(uid)


def reserver(uid: str) -> Holder | None:
    """Who has reserved ``uid``; None when nobody has, also while somebody uses it without."""
    if not locks.held(held.file(_RESERVED, uid, ".lock")):
        return None
    found = held.read(held.file(_RESERVED, uid, ".holder"))
    return found if found is not None and found.alive else None


def refusal(uid: str, *, named: bool = False, care: bool = False, clock: Clock | None = None) -> OutOfService | None:
    """Why the unit takes no work of this person's now; None when it does."""
    state = rackstate.state_of(uid, clock)
    if state.state is State.MAINTENANCE:
        own = state.by == people.me()
        if own and named:
            return None
        return OutOfService(
            f"unit {uid} is held by {state.by}",
            found=f"until {state.until:%Y-%m-%d %H:%M} UTC: {state.reason}",
            next_step=f"name it (`--device-serial {uid}`), or `hil rack release {uid}`"
            if own
            else f"ask {state.by}, or take another unit; `hil rack status` shows all",
        )
    if state.state is State.QUARANTINED and not care:
        return OutOfService(
            f"unit {uid} is quarantined",
            found=f"by {state.by} since {state.since:%Y-%m-%d %H:%M} UTC: {state.reason}",
            next_step=f"`hil rack check {uid}` when it is mended; to use it by hand until then, `hil rack hold {uid}` and name it",
        )
    return None


def _turn(
    uids: Sequence[str],
    take: Callable[[str], Lease | None],
    what: str,
    wait_s: float,
    clock: Clock,
    named: bool,
    care: bool,
    tell: Tell | None,
) -> Lease:
    """The first of ``uids`` that ``take`` gets when it is this process's turn."""
    deadline, nameless = Deadline.after(clock, wait_s), Deadline.after(clock, _NAMELESS_S)
    told = Deadline.after(clock, 0.0)
    ticket: queue.Ticket | None = None
    try:
        while True:
            refused = [refusal(uid, named=named, care=care, clock=clock) for uid in uids]
            open_ones = [uid for uid, why in zip(uids, refused, strict=True) if why is None]
            if not open_ones:
                raise _out_of_service(uids, [why for why in refused if why is not None])
            ahead = {uid: ticket.ahead(uid) if ticket is not None else queue.first(uid) for uid in open_ones}
            for uid, before in ahead.items():
                lease = take(uid) if before is None or _is_ours(uid) else None
                if lease is not None:
                    _sweep()
                    return lease
            if deadline.passed:
                busy = {uid: _in_the_way(uid, before) for uid, before in ahead.items()}
                if None not in busy.values() or nameless.passed:
                    raise _in_use(busy)
            if ticket is None and not deadline.passed:
                ticket = queue.enter(uids, held.me(what, clock))
                continue
            if tell is not None and ticket is not None and told.passed:
                tell(_waits({uid: _in_the_way(uid, before) for uid, before in ahead.items()}))
                told = Deadline.after(clock, _TELL_S)
            # Whoever is far behind looks less often: a hundred that wait must not keep the machine busy.
            n_ahead = ticket.place(open_ones) if ticket is not None else 0
            look_s = min(_POLL_S * (1 + n_ahead), _POLL_AT_MOST_S)
            clock.sleep_s(min(look_s, max(deadline.left_s(), nameless.left_s())))
    finally:
        if ticket is not None:
            ticket.leave()


def _try(uid: str, me: Holder) -> Lease | None:
    if _is_ours(uid):
        lock = locks.take(held.file(_USED, uid, ".lock"))
        return None if lock is None else _kept(uid, _USED, lock, me)
    turn = locks.take(held.file(_RESERVED, uid, ".lock"))
    if turn is None:
        return None
    lease: Lease | None = None
    try:
        held.file(_RESERVED, uid, ".holder").unlink(missing_ok=True)  # a killed controller's
        lock = locks.take(held.file(_USED, uid, ".lock"))
        lease = None if lock is None else _kept(uid, _USED, lock, me, turn)
        return lease
    finally:
        if lease is None:
            turn.release()


def _try_to_reserve(uid: str, me: Holder) -> Lease | None:
    lock = locks.take(held.file(_RESERVED, uid, ".lock"))
    if lock is None:
        return None
    lease = _kept(uid, _RESERVED, lock, me)
    if locks.held(held.file(_USED, uid, ".lock")):  # by a process whose controller was killed
        lease.release()
        return None
    return lease


def _kept(uid: str, kind: str, lock: locks.Lock, me: Holder, turn: locks.Lock | None = None) -> Lease:
    record = held.file(kind, uid, ".holder")
    try:
        held.write(record, me)
    except OSError:
        lock.release()
        raise
    return Lease(uid, lock, record, turn)


def _is_ours(uid: str) -> bool:
    """Whether this process may use the unit under a reservation: its own, or that of the process that started it."""
    found = reserver(uid)
    return found is not None and str(found.pid) in (str(os.getpid()), os.environ.get(RESERVED_BY))


def _in_the_way(uid: str, before: Holder | None) -> str | None:
    """Who has the unit, or is to get it before us; None when nobody who lives has said so."""
    for kind in (_USED, _RESERVED):
        found = held.read(held.file(kind, uid, ".holder"))
        if found is not None and found.alive:
            return found.describe()
    return f"{before.describe()} waits for it" if before is not None and before.alive else None


def _in_use(busy: dict[str, str | None]) -> InUse:
    who = {uid: said or "a lock without a holder record" for uid, said in busy.items()}
    if len(who) == 1:
        (uid, found) = next(iter(who.items()))
        what = f"unit {uid} is in use"
    else:
        what, found = f"all {len(who)} units are in use", "; ".join(f"{uid}: {said}" for uid, said in who.items())
    return InUse(
        what, found=found, next_step="wait for it, or end that process; `hil units` shows all units and their holders"
    )


def _out_of_service(uids: Sequence[str], why: Sequence[OutOfService]) -> OutOfService:
    if len(why) == 1:
        return why[0]
    return OutOfService(
        f"none of {len(uids)} units takes work",
        found="; ".join(f"{one.what} {one.found}" for one in why),
        next_step="`hil rack status` shows all",
    )


def _waits(busy: dict[str, str | None]) -> str:
    return "waits for " + "; ".join(f"unit {uid}: {said or 'just taken'}" for uid, said in busy.items())


def _sweep() -> None:
    """Remove what killed holders and waiters have left."""
    queue.sweep()
    for kind in (_USED, _RESERVED):
        folder = held.folder(kind)
        for name in {path.stem for path in folder.iterdir() if path.suffix in (".lock", ".holder")}:
            record = held.read(folder / f"{name}.holder")
            if record is not None and record.alive:
                continue  # asking its lock would keep others from it for a moment
            lock = locks.take(folder / f"{name}.lock")
            if lock is not None:
                (folder / f"{name}.holder").unlink(missing_ok=True)
                lock.release()

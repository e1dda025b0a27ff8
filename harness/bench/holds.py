"""What a person does with a unit: holds it and gives it back, takes it out of service and puts it back. All of it is written down.

A hold is no lock: it outlives the shell it was made in, and ends at its time. Who holds a unit still uses it through its
lease, by naming it; whoever is in a case on it when it is held ends that case.
"""

from __future__ import annotations

from datetime import timedelta

from harness.bench import people, rackstate
from harness.bench.rackstate import State, UnitState
from harness.clock import Clock, SystemClock
from harness.errors import BenchError, MisuseError


def hold(uid: str, *, reason: str, for_: timedelta = rackstate.HOLD, clock: Clock | None = None) -> UnitState:
    """Hold a unit for this person, or hold it on. ``BenchError`` when another has it, ``MisuseError`` without a reason."""
    clock, me = clock or SystemClock(), people.me()
    stands = rackstate.move(
        uid,
        State.MAINTENANCE,
        reason=_said(reason, "hold"),
        by=me,
        until=clock.now() + for_,
        only_if=lambda before: before.state is not State.MAINTENANCE or before.by == me,
        clock=clock,
    )
    if stands.by != me or stands.state is not State.MAINTENANCE:
        raise _anothers(stands, f"ask {stands.by}, or take it: `hil rack release {uid} --force`, then hold it")
    return stands


def release(uid: str, *, force: bool = False, reason: str = "", clock: Clock | None = None) -> UnitState:
    """End a hold before its time: one's own, or with ``force`` another's, which the journal says. ``BenchError`` else."""
    me, before = people.me(), rackstate.state_of(uid, clock)
    if before.state is not State.MAINTENANCE:
        raise BenchError(
            f"nobody holds unit {uid}",
            found=f"it is {before.state}",
            next_step=f"`hil rack admit {uid}` puts a quarantined unit back"
            if not before.works
            else "`hil rack status`",
        )
    why = reason or ("given back" if before.by == me else f"taken from {before.by} by force")
    stands = rackstate.end_hold(uid, reason=why, by=me, only_if=lambda now: force or now.by == me, clock=clock)
    if stands.state is State.MAINTENANCE:
        raise _anothers(stands, f"ask {stands.by}; `--force` takes it from them, and the journal says so")
    return stands


def quarantine(uid: str, *, reason: str, clock: Clock | None = None) -> UnitState:
    """Take a unit out of service until it has proved itself, or is admitted. ``MisuseError`` without a reason."""
    return rackstate.move(uid, State.QUARANTINED, reason=_said(reason, "quarantine"), by=people.me(), clock=clock)


def admit(uid: str, *, reason: str = "", clock: Clock | None = None) -> UnitState:
    """Put a unit back into service, unproved: a person answers for it."""
    why = " ".join(reason.split()) or "admitted by a person, unproved"
    return rackstate.move(uid, State.GOOD, reason=why, by=people.me(), clock=clock)


def _anothers(stands: UnitState, next_step: str) -> BenchError:
    return BenchError(
        f"unit {stands.uid} is held by {stands.by}",
        found=f"until {stands.until:%Y-%m-%d %H:%M} UTC: {stands.reason}",
        next_step=next_step,
    )


def _said(reason: str, verb: str) -> str:
    if not reason.strip():
        raise MisuseError(f"a {verb} needs a reason", next_step="say it for those who find it: --reason WHY")
    return " ".join(reason.split())

"""Whether the units of this host take work: good, suspect, quarantined, or held by a person. Who moved them, why, until when.

It lies on the unit's own host (``$HIL_STATE_DIR/rack``, see ``rackjournal``), as the locks do, and not in a project's history
database: units belong to a host, several projects with databases of their own share them, and a database that is gone must
not put a broken unit back to work. A unit of another host has its state there; what stands of it here follows (``remote.rack``).

Two things are kept apart: what the rack thinks of a unit (good, suspect, quarantined), and that a person has it
(maintenance). A hold that ends, by itself or by its holder, leaves the first as it is, also when it has moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from harness.bench import rackjournal
from harness.bench.rackjournal import Line
from harness.clock import Clock, SystemClock
from harness.errors import MisuseError

#: A hold without an end of its own ends after so long; none is longer than the second.
HOLD: Final = timedelta(hours=8)
LONGEST_HOLD: Final = timedelta(days=14)
#: How many moves a compaction keeps, beside those that say how each unit stands.
_KEPT = 1000
#: The ``since`` of a unit that nothing has moved.
NEVER: Final = datetime.min.replace(tzinfo=UTC)


class State(StrEnum):
    """What a unit is good for. ``maintenance``: a person has it."""

    GOOD = "good"
    SUSPECT = "suspect"
    QUARANTINED = "quarantined"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True)
class UnitState:
    """How a unit stands, or one move of it.

    ``since``: since it is in this state; of a move, when that was. ``rig_faults``: in a row, as whoever counts has said.
    ``evidence``: the run or test that moved it. ``beneath``: what stands again when a hold ends; else the state itself.
    """

    uid: str
    state: State
    reason: str
    by: str
    since: datetime
    until: datetime | None = None
    rig_faults: int = 0
    evidence: str = ""
    beneath: State = State.GOOD

    @property
    def works(self) -> bool:
        """Whether it takes work that nobody named it for. A suspect one does: who hands out work has it prove itself first."""
        return self.state in (State.GOOD, State.SUSPECT)


def state_of(uid: str, clock: Clock | None = None) -> UnitState:
    """How the unit stands now; ``good`` where nothing is known. Never raises: who only reads is never held up."""
    return _stands(uid, _by_unit().get(uid, ()), (clock or SystemClock()).now())


def states(clock: Clock | None = None) -> dict[str, UnitState]:
    """The same of every unit of which anything is known."""
    now = (clock or SystemClock()).now()
    return {uid: _stands(uid, of_it, now) for uid, of_it in _by_unit().items()}


def moves(uid: str | None = None) -> tuple[UnitState, ...]:
    """What has moved units, oldest first. A hold's end that came before its time is a move to what was beneath."""
    return tuple(entry.move for entry in _entries(rackjournal.read(), uid))


def move(
    uid: str,
    to: State,
    *,
    reason: str,
    by: str,
    until: datetime | None = None,
    evidence: str = "",
    rig_faults: int | None = None,
    only_from: Collection[State] = (),
    only_if: Callable[[UnitState], bool] | None = None,
    clock: Clock | None = None,
) -> UnitState:
    """Move a unit, and return how it stands then. A move to the state that it is in says a new reason or count.

    ``rig_faults`` None: the count stays, and is 0 for ``good``. ``only_from``: the unit is left as it is where it is, by now, in
    none of these states (what is beneath a hold counts); so where ``only_if`` says no of how it stands. A move to
    ``maintenance`` ends by itself, at ``until`` or after ``HOLD``; any other leaves a hold as it is.

    ``MisuseError`` for a hold beyond ``LONGEST_HOLD``; ``BenchError`` when it cannot be written down: the unit is not moved then.
    """
    clock = clock or SystemClock()
    now = clock.now()
    if to is State.MAINTENANCE:
        until = until or now + HOLD
        if not now < until <= now + LONGEST_HOLD:
            raise MisuseError(
                f"unit {uid} cannot be held until then",
                expected=f"an end within {LONGEST_HOLD.days} days from now",
                found=until.isoformat(timespec="minutes"),
                next_step="say how long, e.g. 2h, and hold it again before that is over",
            )
    else:
        until = None

    def line(read: rackjournal.Read) -> Line | None:
        before = _stands(uid, _entries(read, uid), now)
        if only_from and not {before.state, before.beneath} & set(only_from):
            return None
        if only_if is not None and not only_if(before):
            return None
        kept = 0 if to is State.GOOD else before.rig_faults
        faults = kept if rig_faults is None else rig_faults
        return _line(UnitState(uid, to, reason, by, now, until, faults, evidence))

    rackjournal.write(line, clock, _left)
    return state_of(uid, clock)


def end_hold(
    uid: str,
    *,
    reason: str,
    by: str,
    only_if: Callable[[UnitState], bool] | None = None,
    clock: Clock | None = None,
) -> UnitState:
    """End a person's hold before its time; how the unit stands then. Nothing is written where there is none. As ``move``."""
    clock = clock or SystemClock()
    now = clock.now()

    def line(read: rackjournal.Read) -> Line | None:
        before = _stands(uid, _entries(read, uid), now)
        if before.state is not State.MAINTENANCE or (only_if is not None and not only_if(before)):
            return None
        return _line(UnitState(uid, before.beneath, reason, by, now)) | {"ends_hold": True}

    rackjournal.write(line, clock, _left)
    return state_of(uid, clock)


@dataclass(frozen=True)
class _Entry:
    move: UnitState
    ends_hold: bool = False


def _stands(uid: str, entries: Iterable[_Entry], now: datetime) -> UnitState:
    """Fold its moves, oldest first."""
    rack = UnitState(uid, State.GOOD, "", "", NEVER)
    hold: UnitState | None = None
    for entry in entries:
        move = entry.move
        if entry.ends_hold:
            hold = None
        elif move.state is State.MAINTENANCE:
            hold = move
        else:
            rack = replace(move, since=rack.since if move.state is rack.state and rack.by else move.since)
    rack = replace(rack, beneath=rack.state)
    if hold is None or hold.until is None or now >= hold.until:
        return rack
    return replace(hold, rig_faults=rack.rig_faults, beneath=rack.state)


_last: tuple[rackjournal.Read, dict[str, list[_Entry]]] | None = None


def _by_unit() -> dict[str, list[_Entry]]:
    """Made anew when the journal is: who waits for many units asks for each of them, ten times a second."""
    global _last
    read = rackjournal.read()
    if _last is None or _last[0] is not read:
        found: dict[str, list[_Entry]] = {}
        for entry in _entries(read):
            found.setdefault(entry.move.uid, []).append(entry)
        _last = read, found
        return found
    return _last[1]


def _entries(read: rackjournal.Read, uid: str | None = None) -> list[_Entry]:
    found = (_entry(line) for line in read.lines if uid is None or line.get("uid") == uid)
    return [entry for entry in found if entry is not None]


def _entry(line: Line) -> _Entry | None:
    """None for a line that says nothing to this release: what it does not know does not stop it."""
    try:
        until = line.get("until")
        move = UnitState(
            uid=str(line["uid"]),
            state=State(line["state"]),
            reason=str(line["reason"]),
            by=str(line["by"]),
            since=_moment(line["at"]),
            until=_moment(until) if until else None,
            rig_faults=int(line.get("rig_faults", 0)),
            evidence=str(line.get("evidence", "")),
        )
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return _Entry(replace(move, beneath=move.state), bool(line.get("ends_hold")))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _line(move: UnitState) -> Line:
    line: Line = {
        "uid": move.uid,
        "state": str(move.state),
        "reason": move.reason,
        "by": move.by,
        "at": move.since.isoformat(),
    }
    if move.until:
        line["until"] = move.until.isoformat()
    if move.rig_faults:
        line["rig_faults"] = move.rig_faults
    if move.evidence:
        line["evidence"] = move.evidence
    return line


def _left(lines: Sequence[Line]) -> Iterable[Line]:
    """What a compaction leaves: the newest moves, and of each unit those that say how it stands and since when."""
    rack: dict[str, tuple[int, int, State]] = {}  # where its state began, where it was told last, which it is
    hold: dict[str, int] = {}
    for at, line in enumerate(lines):
        entry = _entry(line)
        if entry is None:
            continue
        uid, state = entry.move.uid, entry.move.state
        if entry.ends_hold or state is State.MAINTENANCE:
            hold[uid] = at
        else:
            before = rack.get(uid)
            rack[uid] = (before[0] if before and before[2] is state else at, at, state)
    needed = {at for began, told, _ in rack.values() for at in (began, told)} | set(hold.values())
    return [line for at, line in enumerate(lines) if at in needed or at >= len(lines) - _KEPT]

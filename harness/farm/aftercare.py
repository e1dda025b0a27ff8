"""What is done for a unit after a case: its faults are counted, a suspect one proves itself or goes into quarantine.

Called by whoever ran a case, when its record is written and its unit given back. Nothing here raises, and nothing changes a
verdict: it returns lines to tell. A unit is of the rack when it was reached as one, through a probe (a virtual one that a bench
file names is); an emulator that was started for its case is thrown away anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import wraps
from typing import Final, ParamSpec

from harness.bench import discover, rackstate
from harness.bench.boards import Board, load_board
from harness.bench.places import Place, known
from harness.bench.rackstate import State, UnitState
from harness.bench.remote import rack as remote_rack
from harness.clock import Clock, SystemClock
from harness.errors import HilError
from harness.evidence import ourfault
from harness.farm import health, healthplan, recovery, valve
from harness.farm.health import Change
from harness.farm.valve import Cause
from harness.records import Record
from harness.run.options import RunOptions
from harness.text import printable

BY: Final = "hil"
#: Rows of the table of blame after which it is not sure that the unit can be reached at all.
_UNREACHABLE: Final = ("rig", "unreachable", "in-reset", "never-began", "line-mute", "line-broken")
#: What may help a probe that hangs: nothing that has to be asked of it.
_OF_WEDGED: Final = ("reconnect", "reenumerate", "power_port", "hub")
#: Other cases wait meanwhile.
_RECOVERY_S: Final = 120.0
_LONGEST = 160  # of a reason
_P = ParamSpec("_P")


def _lines(made: Callable[_P, Iterator[str]]) -> Callable[_P, tuple[str, ...]]:
    """All that it has to tell, whatever happens on the way."""

    @wraps(made)
    def told(*arguments: _P.args, **options: _P.kwargs) -> tuple[str, ...]:
        lines: list[str] = []
        try:
            for line in made(*arguments, **options):
                lines.append(line)
        except HilError as error:
            lines.append(f"the unit's health could not be looked after: {_short(error)}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not hide what the case came to
            lines.append(ourfault.told(error))
        return tuple(printable(line) for line in lines)

    return told


@_lines
def after_case(
    record: Record,
    place: Place | None = None,
    *,
    board: Board,
    options: RunOptions,
    clock: Clock | None = None,
    night: str = "",
) -> Iterator[str]:
    """After a case, whatever became of it. ``place``: where its unit is, None: it is looked up in ``options`` and on the host.

    ``night``: the name of the nightly run that it is part of.
    """
    if record.units:
        for part in health.parts(record):
            mine = place if place is not None and part.unit is not None and place.uid == part.unit.uid else None
            yield from after_case(part, mine, board=board, options=options, clock=clock, night=night)
        yield from _of_one_mind(record, board, options, night, clock)
        return
    uid = health.unit_of(record)
    if not uid:
        return
    rack = tuple(options.places)
    place = place or _place(uid, board, rack)
    stands = rackstate.state_of(uid, clock)
    change = health.after_case(stands, health.seen(record), place.health, _reason(record))
    if change is None:
        return
    image = record.firmware.elf_sha256 if record.firmware else ""
    cause = Cause(run=record.run_id, test=record.case_id, image=image, night=night, board=board.name)
    if change.to is State.SUSPECT and stands.state is State.GOOD:
        wedged = record.rig is not None and record.rig.wedged
        yield from _suspected(place, stands, change, cause, rack, clock, wedged=wedged)
        return
    _move(stands, change, cause, clock, place)
    if change.rig_faults:
        left = place.health.faults_in_a_row - change.rig_faults
        yield f"unit {place.title}: {change.why}" + (f"; {left} more and it is suspect" if left > 0 else "")
    if change.rig_faults == 1 and record.rig is not None and record.rig.row in _UNREACHABLE:
        recovered = _recovered(place, rack, clock, recovery.LADDER)
        yield f"unit {place.title} {recovered.told()}"


def _of_one_mind(record: Record, board: Board, options: RunOptions, night: str, clock: Clock | None) -> Iterator[str]:
    """Those of a case's units that computed otherwise than the others."""
    image = record.firmware.elf_sha256 if record.firmware else ""
    for share in record.units if record.backend == "probe" else ():
        if not share.trusted:
            yield from disagrees(
                share.unit.uid,
                _reason(record),
                record.run_id,
                test=record.case_id,
                image=image,
                board=board.name,
                rack=tuple(options.places),
                night=night,
                clock=clock,
            )


@_lines
def worker_died(
    uid: str,
    evidence: str,
    *,
    test: str = "",
    board: str = "",
    rack: Sequence[Place] = (),
    night: str = "",
    clock: Clock | None = None,
) -> Iterator[str]:
    """The process that used the unit has died: nobody knows how it left it. ``evidence``: what it was at, as a run's id.

    It is suspect from now on, and proves itself before its next work (``prove``): not here, where the next worker may be starting.
    """
    cause = Cause(run=evidence, test=test, night=night, board=board)
    yield from _doubted(uid, "the process that used it died", cause, rack, clock)


@_lines
def disagrees(
    uid: str,
    why: str,
    evidence: str,
    *,
    test: str = "",
    image: str = "",
    board: str = "",
    rack: Sequence[Place] = (),
    night: str = "",
    clock: Clock | None = None,
) -> Iterator[str]:
    """It answered the same samples otherwise than its equals: suspect from now on, as ``worker_died``."""
    cause = Cause(run=evidence, test=test, image=image, night=night, board=board)
    yield from _doubted(uid, f"it disagrees with its equals: {why}", cause, rack, clock)


def prove(
    place: Place,
    *,
    rack: Sequence[Place] = (),
    clock: Clock | None = None,
    tell: Callable[[str], None] | None = None,
) -> bool:
    """Whether the unit may be given work: a suspect one only when it passes its health plan, now. Never raises.

    One that fails goes into quarantine; one that could not be asked (the host, or somebody else, was in the way) stays as it was.
    ``tell`` is given what was done.
    """
    tell = tell or (lambda line: None)
    stands = rackstate.state_of(place.uid, clock)
    if stands.state is State.SUSPECT:
        for line in _proved(place, Cause.read(stands.evidence), tuple(rack), clock, wedged=False):
            tell(line)
    return rackstate.state_of(place.uid, clock).state is State.GOOD


@_lines
def _proved(place: Place, cause: Cause, rack: tuple[Place, ...], clock: Clock | None, *, wedged: bool) -> Iterator[str]:
    """A suspect unit proves itself. One that cannot be reached is brought back first, if it can be.

    ``wedged``: it has just let a whole deadline pass, so it is not asked again before something was done about it.
    """
    report = None if wedged else examine(place, clock)
    if report is None or (report.ok is False and report.parts[-1].name in ("probe", "hello")):
        recovered = _recovered(place, rack, clock, _OF_WEDGED if wedged else recovery.LADDER)
        yield f"unit {place.title} {recovered.told()}"
        if recovered.ok:
            report = examine(place, clock)
        elif report is None:
            at = (clock or SystemClock()).now().isoformat(timespec="seconds")
            report = healthplan.unreached(place, at, recovered.told())
    yield from settle(place, report, cause, rack, asked=False, clock=clock)


def _recovered(place: Place, rack: Sequence[Place], clock: Clock | None, ladder: Sequence[str]) -> recovery.Recovery:
    board = load_board(place.board)
    return recovery.recover(place, board, clock=clock, budget_s=_RECOVERY_S, near=rack, ladder=ladder)


def examine(place: Place, clock: Clock | None = None) -> healthplan.HealthReport:
    """Its health plan, with nothing made of it yet. ``PlanError`` as ``healthplan.check``."""
    return healthplan.check(place, load_board(place.board), clock=clock)


def settle(
    place: Place,
    report: healthplan.HealthReport,
    cause: Cause,
    rack: Sequence[Place],
    *,
    asked: bool,
    clock: Clock | None = None,
) -> Iterator[str]:
    """Make of a unit what its health plan has shown, and tell it. ``asked``: somebody asked for this very unit.

    ``BenchError`` when it cannot be written down. The valve is not asked about a unit that somebody asked for.
    """
    stands = rackstate.state_of(place.uid, clock)
    change = health.after_plan(stands, report.ok, _cut(report.why), asked=asked)
    if change is not None and report.quick and report.ok:
        yield f"unit {place.title} stays {stands.state}: a quick check proves too little"
        return
    if change is None:
        if report.ok is None:
            yield f"unit {place.title} was not checked, and stays {stands.state}: {report.why}"
        elif stands.beneath is State.QUARANTINED:
            yield f"unit {place.title} has passed its health plan; it stays quarantined until somebody asks for it by its id"
        return
    cause = replace(cause, board=place.board, report=str(healthplan.report_path(place.uid)))
    if change.to is State.QUARANTINED and stands.beneath is State.GOOD and not asked:
        refused = _refused(place.uid, cause, rack, place.board, clock)
        if refused is not None:
            yield refused
            return
    _move(stands, change, cause, clock, place)
    if change.to is not stands.beneath:
        yield f"unit {place.title} is {change.to}: {change.why}"


def _suspected(
    place: Place,
    stands: UnitState,
    change: Change,
    cause: Cause,
    rack: tuple[Place, ...],
    clock: Clock | None,
    *,
    wedged: bool,
) -> Iterator[str]:
    """It becomes suspect, if the valve lets it, and proves itself at once."""
    refused = _refused(place.uid, cause, rack, place.board, clock)
    if refused is not None:
        # The count goes on from one below: should the image be innocent, the next fault asks again.
        _move(stands, replace(change, to=State.GOOD, rig_faults=place.health.faults_in_a_row - 1), cause, clock, place)
        yield refused
        return
    _move(stands, change, cause, clock, place)
    yield f"unit {place.title} is suspect: {change.why}"
    yield from _proved(place, cause, rack, clock, wedged=wedged)


def _doubted(uid: str, why: str, cause: Cause, rack: Sequence[Place], clock: Clock | None) -> Iterator[str]:
    stands = rackstate.state_of(uid, clock)
    change = health.doubted(stands, why)
    if change is None:
        return
    refused = _refused(uid, cause, rack, cause.board, clock)
    if refused is not None:
        yield refused
        return
    _move(stands, change, cause, clock, next((place for place in rack if place.uid == uid), None))
    yield f"unit {uid} is suspect: {why}; it has to pass its health plan before it gets work"


def _refused(uid: str, cause: Cause, rack: Sequence[Place], board: str, clock: Clock | None) -> str | None:
    """What the valve says against it, loudly; None: nothing."""
    board = board or next((one.board for one in rack if one.uid == uid), "")
    of_kind = sum(one.board == board for one in rack) if board else len(rack)
    share = next((one.health.share for one in rack if one.uid == uid), Place("", uid, "").health.share)
    refused = valve.allows(
        uid,
        test=cause.test,
        image=cause.image,
        night=cause.night,
        rack_size=max(1, len(rack)),
        of_kind=max(1, of_kind),
        share=share,
        clock=clock,
    )
    return None if refused is None else f"SAFETY VALVE: {refused}"


def _move(stands: UnitState, change: Change, cause: Cause, clock: Clock | None, place: Place | None) -> None:
    """Only if it still stands so: two processes may have had the unit in turn. On the unit's own host first, whose word it is."""
    if place is not None and place.via:
        there = remote_rack.move(
            place.via, stands, change.to, reason=change.why, by=BY, evidence=cause.text(), rig_faults=change.rig_faults
        )
        if (there.beneath, there.rig_faults) != (change.to, change.rig_faults):
            remote_rack.heed(place.via, there)
            return
    rackstate.move(
        stands.uid,
        change.to,
        reason=change.why,
        by=BY,
        evidence=cause.text(),
        rig_faults=change.rig_faults,
        only_from=(stands.beneath,),
        clock=clock or SystemClock(),
    )


def _place(uid: str, board: Board, rack: Sequence[Place]) -> Place:
    """Where the unit is: by the bench file, as it is attached now, else by its id alone (it may just have gone)."""
    usual = rack[0].health if rack else Place("", "", "").health
    found = next((place for place in known(board, rack) if place.uid == uid), None)
    if found is None:
        return Place(
            board.name, uid, next((one.port for one in discover.attached(board) if one.uid == uid), ""), health=usual
        )
    return found if found in rack else replace(found, health=usual)


def _reason(record: Record) -> str:
    return _cut(record.reasons[0].partition("\n")[0] if record.reasons else "no reason was told")


def _short(error: HilError) -> str:
    return _cut(" ".join(part for part in (error.what, f"({error.where})" if error.where else "") if part))


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."

"""When a unit counts as broken. Pure rules: what a case, a health plan or a person's question makes of how a unit stands.

    case: pass, fail, inconclusive   the unit did its work, whatever the product is worth: its count begins anew
    case: error, the unit's fault    one more in a row; the n-th (3) makes it suspect, and so does one that let a deadline pass
    case: error, the host's fault    nothing: no compiler, a full disk, missing data say nothing of a unit
    case: error, nobody's fault      nothing: it was in use, out of service, or not flashed
    it disagrees with its equals     suspect
    its worker died                  suspect
    health plan passed               good; one that is quarantined only when somebody asked for that very unit
    health plan failed               quarantined
    health plan not made             nothing (the host, or somebody else, was in the way)

A suspect unit gets no work before it has passed its health plan. A quarantined one counts nothing more. What a person holds is
theirs: cases on it count nothing, whatever they break.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from harness.bench.rackstate import State, UnitState
from harness.plans.bench import BenchHealth
from harness.records import Record, UnitShare, Verdict


class Saw(Enum):
    """What a case has shown of the unit that it ran on."""

    CLEAN = auto()
    FAULT = auto()
    WEDGED = auto()  # a fault, and each further one costs a whole deadline
    NOTHING = auto()


@dataclass(frozen=True)
class Change:
    """How a unit stands from now on; ``why`` in words."""

    to: State
    rig_faults: int
    why: str


def unit_of(record: Record) -> str:
    """The id of the rack's unit that a record is of; "" for an emulator that was started for its case alone, and for none."""
    if record.backend != "probe":
        return ""
    if record.unit is not None:
        return record.unit.uid
    return record.rig.unit if record.rig is not None else ""


def seen(record: Record) -> Saw:
    """What its case says of its unit."""
    if record.verdict is not Verdict.ERROR:
        return Saw.CLEAN if record.unit is not None else Saw.NOTHING
    if record.rig is None or record.rig.whose != "unit":
        return Saw.NOTHING
    return Saw.WEDGED if record.rig.wedged else Saw.FAULT


def parts(record: Record) -> list[Record]:
    """What a case that was spread over several units says of each of them, as if it had run on it alone."""
    return [_part(record, share) for share in record.units]


def _part(record: Record, share: UnitShare) -> Record:
    did_its_part = share.trusted and share.link is not None and record.verdict is not Verdict.ERROR
    return record.model_copy(
        update={
            "units": (),
            "unit": share.unit,
            # Without a fault of its own, and without an end: nothing is learnt of it.
            "verdict": record.verdict if did_its_part and share.rig is None else Verdict.ERROR,
            "rig": share.rig,
            "reasons": (share.fault or "no reason was told",),
        }
    )


def after_case(unit: UnitState, saw: Saw, rules: BenchHealth, reason: str = "") -> Change | None:
    """What a case makes of a unit that stands so; None: nothing. ``reason``: what went wrong, in a few words."""
    if saw is Saw.NOTHING or unit.state in (State.MAINTENANCE, State.QUARANTINED):
        return None
    if saw is Saw.CLEAN:
        return Change(unit.state, 0, "a case ran to its end on it") if unit.rig_faults else None
    n = unit.rig_faults + 1
    most = rules.faults_in_a_row
    if unit.state is State.SUSPECT or (n < most and saw is not Saw.WEDGED):
        return Change(unit.state, n, f"{_faults(n)}: {reason}")
    if saw is Saw.WEDGED:
        return Change(State.SUSPECT, n, f"it let a whole deadline pass: {reason}")
    return Change(State.SUSPECT, n, f"{_faults(n)}: {reason}")


def doubted(unit: UnitState, why: str) -> Change | None:
    """It disagrees with its equals, or its worker died."""
    if unit.state is not State.GOOD:
        return None
    return Change(State.SUSPECT, unit.rig_faults, why)


def after_plan(unit: UnitState, ok: bool | None, why: str, *, asked: bool) -> Change | None:
    """What a health plan makes of it. ``asked``: for this very unit, by its id. A person's hold stays, whatever comes out."""
    if ok is None:
        return None
    if ok:
        if unit.beneath is State.QUARANTINED and not asked:
            return None
        if unit.beneath is State.GOOD and not unit.rig_faults:
            return None
        return Change(State.GOOD, 0, "it has passed its health plan")
    return Change(State.QUARANTINED, unit.rig_faults, f"it has failed its health plan: {why}")


def _faults(n: int) -> str:
    return "a fault of the rig" if n == 1 else f"{n} faults of the rig in a row"

"""What a case on several units came to, before its samples are judged: whose fault it was, and what a reader must know.

    what was seen                                                        verdict
    units computed a sample differently                                  error; the odd ones are not trusted (``UnitShare``)
    firmware crashed, hung or broke the wire on a unit (``blame``)       fail, with the unit named
    one did not come up, without a crash, and others did                 that unit's: they ran the same image, byte for byte
    every unit was lost to the rig                                       error
    some units were lost to the rig                                      by the samples; told as a warning, and as that unit's fault

A unit that computes otherwise than its equals is believed in nothing, also not in a crash of the firmware. What becomes of it,
and of one that was lost, is for whoever looks after the rack (``farm.aftercare``): it reads the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.findings import RigFault
from harness.plans.expand import Case
from harness.records import Verdict
from harness.run.notes import Notes
from harness.run.sharded.crew import Crew
from harness.run.sharded.pooled import present
from harness.run.sharded.seat import Seat


def excused(seats: Sequence[Seat]) -> None:
    """Make it the unit's fault where one did not come to its first sample, tells of no crash, and others with its image did."""
    others = [
        seat.name for seat in seats if seat.joined and (seat.fault is None or seat.fault.verdict is Verdict.ERROR)
    ]
    for seat in seats:
        found = seat.fault
        if found is None or found.verdict is not Verdict.FAIL or seat.joined or found.fault is not None or not others:
            continue
        words = f"the same image, byte for byte, came up on {len(others)} other unit{'s' if len(others) > 1 else ''}"
        rig = RigFault(whose="unit", unit=seat.name, row=found.row)
        seat.fault = replace(found, verdict=Verdict.ERROR, reasons=(*found.reasons, words), rig=rig)


def told_of(crew: Crew, notes: Notes) -> None:
    """Warnings: how each unit came up, and which had no part, or none to the end."""
    for seat in crew.seats:
        if seat.taken:
            notes.warnings.append(f"unit {seat.name} had no part: {_line(seat.taken)}")
            continue
        notes.warnings += [f"unit {seat.name}: {words}" for words in seat.notes.warnings]
        if seat.notes.climbed is not None:
            refused = seat.notes.climbed.refused.items()
            notes.warnings += [f"unit {seat.name}: {baud} baud does not hold: {why}" for baud, why in refused]
            notes.warnings += [f"unit {seat.name}: {seat.notes.climbed.note}"] if seat.notes.climbed.note else []
        if seat.fault is not None and seat.fault.verdict is Verdict.ERROR:
            answered = sum(uid == seat.name for uid in crew.shared.by.values())
            when = f"after {answered} samples" if seat.parts or answered else "before it took any sample"
            notes.warnings.append(
                f"unit {seat.name} was lost {when}, and the others went on without it: {_line(seat.fault.reasons[0])}"
            )


def verdict_of(case: Case, crew: Crew, notes: Notes) -> tuple[Verdict, tuple[str, ...]] | None:
    """Verdict and reasons where the samples are not to be judged; None where they are."""
    shared = crew.shared
    seats = present(crew.seats)
    n = shared.spread.n
    by_then = f"{len(shared.results)} of {n} samples had been answered by then"
    apart = shared.disagreements()
    odd = {uid for one in apart for uid in one.odd}
    if apart:
        assert notes.workload is not None
        ids = notes.workload.data.ids
        return Verdict.ERROR, (*(one.describe(str(ids[one.index])) for one in apart[:4]), by_then)
    wrong = [seat for seat in seats if seat.fault is not None and seat.fault.verdict is Verdict.FAIL]
    for seat in wrong:
        if seat.name not in odd and seat.fault is not None:
            notes.fault = notes.fault or seat.fault.fault
    if wrong:
        return Verdict.FAIL, (*(reason for seat in wrong for reason in _reasons(seat)), by_then)
    if not any(seat.fault is None for seat in seats):
        reasons = tuple(reason for seat in seats for reason in _reasons(seat))
        return Verdict.ERROR, (*(reasons or (_no_unit(crew),)), by_then)
    return None


def _reasons(seat: Seat) -> list[str]:
    if seat.fault is None:
        return []
    first, *rest = seat.fault.reasons
    return [f"unit {seat.name}: {first}", *rest]


def _no_unit(crew: Crew) -> str:
    taken = [seat for seat in crew.seats if seat.taken]
    return f"no unit was left: {_line(taken[0].taken)}" if taken else "no unit was left"


def _line(text: str) -> str:
    return "; ".join(" ".join(part.split()) for part in text.splitlines() if part.strip())

"""After the last case: reports, the tag in the history, the exit status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from harness.bench import rackstate
from harness.bench.rackstate import State
from harness.errors import HilError
from harness.evidence import layout, nightreports
from harness.evidence.database import is_off
from harness.evidence.history import History
from harness.evidence.nightrecord import NightRecord, UnitMove
from harness.evidence.runrecord import RunRecord
from harness.exits import Exit
from harness.farm.nightly.begin import tag_of
from harness.farm.nightly.book import Book
from harness.records import Record, Verdict
from harness.run.whole import Whole
from harness.text import printable

#: What the lack of a verdict says, in the order in which one speaks for several.
_STATUS: Final = {
    "unit": Exit.RIG,
    "valve": Exit.RIG,
    "plan": Exit.MISTAKE,
    "data": Exit.INCONCLUSIVE,
    "budget": Exit.INCONCLUSIVE,
    "stopped": Exit.INCONCLUSIVE,
}
_ORDER: Final = (Exit.FAIL, Exit.RIG, Exit.MISTAKE, Exit.INCONCLUSIVE)
_REFUSED: Final = ("plan", "unit", "valve")


def status(night: NightRecord) -> Exit:
    """The exit status of a night that was not ended by a signal: that of its worst case.

    1 for a product that is wrong, whether new or known; 2 for a rig; 3 for a mistake in a plan; 4 where verdicts are missing.
    """
    found = {Exit.MISTAKE} if night.refused else set()
    for case in night.cases:
        if case.verdict is Verdict.FAIL:
            found.add(Exit.FAIL)
        elif case.verdict is Verdict.ERROR:
            found.add(Exit.RIG)
        elif case.verdict is Verdict.INCONCLUSIVE or case.state in ("waiting", "running", "interrupted"):
            found.add(Exit.INCONCLUSIVE)
        elif case.lack is not None and not (case.lack == "budget" and case.spare):
            found.add(_STATUS[case.lack])
    return next((each for each in _ORDER if each in found), Exit.PASS)


def sum_up(book: Book, whole: Whole, ended: datetime, ends_with: int, *, history: bool) -> str | None:
    """Leave the reports of the night; what could not be written, in words."""
    book.change_night(moves=_moves(book.night))
    book.end_part(ended, ends_with)
    told = _tag(book) if history and not is_off() else None
    if told:
        book.change_night(warnings=(*book.night.warnings, told))
    left = [(case.id, case.why, case.lack) for case in book.night.of_state("left")]
    return whole.end(
        ends_with,
        [(name, why) for name, why, lack in left if lack not in _REFUSED],
        [
            *((name, why) for name, why, lack in left if lack in _REFUSED),
            *((one.id, one.reason) for one in book.night.refused),
        ],
    )


def own(book: Book, run: RunRecord, records: Mapping[str, Record]) -> dict[str, bytes]:
    """What stands in place of the reports that every run has."""
    forms = [nightreports.load(name) for name in nightreports.names()]
    return {form.FILENAME: form.render(book.night, records) for form in forms}


def _moves(night: NightRecord) -> tuple[UnitMove, ...]:
    """Of the rack's units from one state to another, since the night began."""
    stood = {unit.uid: State.GOOD for unit in night.units}
    found = []
    for move in rackstate.moves():
        if move.uid in stood and stood[move.uid] is not move.state:
            stood[move.uid] = move.state
            if move.since >= night.began:
                found.append(UnitMove(at=move.since, uid=move.uid, to=move.state.value, reason=move.reason, by=move.by))
    return tuple(found)


def _tag(book: Book) -> str:
    """Let the rack plan's tag mean what each of its cases came to last; why that did not work, "" when it did.

    A case that this night has not run keeps its place: the next night is compared with its last verdict.
    """
    night = book.night
    ours = [
        case.last.run_id if case.verdict and case.last else case.before.run_id if case.before else ""
        for case in night.cases
    ]
    if not any(case.verdict for case in night.cases):
        return ""
    try:
        with History.open(base=layout.base_of(book.root)) as store:
            known = store.known([run_id for run_id in ours if run_id])
            store.tag(tag_of(night.name), [run_id for run_id in ours if run_id in known], force=True, by="hil nightly")
    except HilError as error:
        return printable(f"the next night will not be compared with this one: {error.what}")
    return ""

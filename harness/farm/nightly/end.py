"""After the last case: reports, the tag in the history, the exit status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from harness.bench import rackstate
from harness.bench.rackstate import State
from harness.errors import HilError, MisuseError
from harness.evidence import layout, nightreports, read_record
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


def is_cut_short(night: NightRecord) -> bool:
    """Whether a case was broken off, or never begun, since somebody ended the night."""
    return any(case.state in ("waiting", "running", "interrupted") or case.lack == "stopped" for case in night.cases)


def sum_up(book: Book, whole: Whole, ended: datetime, ends_with: int, *, history: bool) -> str | None:
    """Leave the reports of the night; what could not be written, in words."""
    book.change_night(moves=_moves(book.night))
    book.end_part(ended, ends_with)
    lost = list(_lost(book))
    told = [f"{name}: {why}" for name, why in lost]
    told += filter(None, [_tag(book) if history and not is_off() else ""])
    if new := tuple(line for line in told if line not in book.night.warnings):
        book.change_night(warnings=(*book.night.warnings, *new))
    left = [(case.id, case.why, case.lack) for case in book.night.of_state("left")]
    return whole.end(
        ends_with,
        [(name, why) for name, why, lack in left if lack not in _REFUSED],
        [
            *((name, why) for name, why, lack in left if lack in _REFUSED),
            *((one.id, one.reason) for one in book.night.refused),
            *lost,
        ],
    )


def own(book: Book, run: RunRecord, records: Mapping[str, Record]) -> dict[str, bytes]:
    """What stands in place of the reports that every run has."""
    forms = [nightreports.load(name) for name in nightreports.names()]
    return {form.FILENAME: form.render(book.night, records) for form in forms}


def _lost(book: Book) -> Iterator[tuple[str, str]]:
    """The cases that came to a verdict whose records are no longer there, or damaged: no summary may be silent of them."""
    for case in book.night.of_state("ended"):
        if case.last is None:
            continue
        try:
            read_record(book.root / case.last.folder / "record.json")
        except HilError as error:
            yield case.id, printable(f"it came to {case.verdict}, and its record cannot be read any more: {error.what}")


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
    """Let the rack plan's tag mean what each of its cases came to last; why that did not work, "" when it did."""
    night = book.night
    if not any(case.verdict for case in night.cases):
        return ""
    try:
        with History.open(base=layout.base_of(book.root)) as store:
            store.tag(tag_of(night.name), _meant(store, night), force=True, by="hil nightly")
    except HilError as error:
        return printable(f"the next night will not be compared with this one: {error.what}")
    return ""


def _meant(store: History, night: NightRecord) -> list[str]:
    """Of each case the newest run that the next night is to be compared with.

    A case keeps its place that this night has not run, or that the rig alone has spoilt: what failed before would else be new
    again. So does one that another night has run since (this one was gone on with later), and, while a plan cannot be read,
    each of a plan that this night does not know.
    """
    try:
        before = {row.case_id: row for row in store.resolve(tag_of(night.name))}
    except MisuseError:  # the first night
        before = {}
    plans = {case.id.partition("/")[0] for case in night.cases}
    found = {row.case_id: row.run_id for row in before.values() if night.refused and row.plan not in plans}
    ended = {case.id: case.last.run_id for case in night.cases if case.verdict and case.last}
    known = store.known(list(ended.values()))
    for case in night.cases:
        old, run_id = before.get(case.id), ended.get(case.id, "")
        if old is not None and (
            run_id not in known or known[run_id] < old.finished or _says_less(case.verdict, old.verdict)
        ):
            found[case.id] = old.run_id
        elif run_id in known:
            found[case.id] = run_id
    return list(found.values())


def _says_less(now: Verdict | None, before: str) -> bool:
    return now is Verdict.ERROR and before != Verdict.ERROR.value

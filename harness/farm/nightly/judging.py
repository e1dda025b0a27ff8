"""What a case's process came to: its record, or one that says that it left none; the history; the unit's health."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from harness.bench import boards, emulators
from harness.clock import Clock, spoken
from harness.data import DataMissing
from harness.errors import HilError, PlanError
from harness.evidence import layout, read_record
from harness.evidence.history import folders
from harness.evidence.nightrecord import Lack, NightCase, folder_of
from harness.farm.nightly import left
from harness.farm.nightly.book import Book
from harness.farm.schedule import Worker
from harness.findings import EarlierTry
from harness.plans import Case, expand
from harness.records import Record, Verdict
from harness.run.keeping import Keeping
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import killed_case
from harness.run.workload import read_data
from harness.text import printable

_MISTAKE: Final = 3  # the exit status of `hil run` when nothing ran: plan, data or command


@dataclass(frozen=True)
class Ended:
    """How a try has ended. ``verdict`` None: it was broken off by the night (``interrupted``), could not go on from the journal of
    an earlier part (``anew``: it has to begin without), or could not begin at all (``lack``).

    ``killed``: its process was gone without a record.
    """

    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    interrupted: bool = False
    anew: bool = False
    killed: bool = False
    lack: Lack | None = None
    why: str = ""


@dataclass
class Judging:
    """For the night of ``book``. ``warnings`` collects what changes no verdict."""

    book: Book
    clock: Clock
    keeping: Keeping
    warnings: list[str] = field(default_factory=list)

    def ended(
        self, case_id: str, worker: Worker, status: int, *, late: bool, stopped: bool, resumed: bool = False
    ) -> Ended:
        """After its process has ended: write down what came of the try, and bring its reports to their place.

        ``resumed``: it was to go on from what an earlier part of the night has left.
        """
        case = self.book.case(case_id)
        root = self.book.root
        found = left.found(root, case)
        record, killed = found.record, False
        if record is None and status == _MISTAKE:
            why = left.said(root, case_id) or "hil run ended with exit status 3"
            left.settle(root, case_id)
            self.book.ended(case_id, ended=self.clock.now(), reasons=(why,))
            why = why.removeprefix("hil: ")
            # The plan, its data, the firmware or the chip may be another than in the earlier part: it is no lack of the case.
            if resumed and left.forgotten(root, case_id):
                return Ended(anew=True, why=why)
            return Ended(lack=_lack(case), why=why)
        if record is None and stopped and not late:
            left.settle(root, case_id)
            self.book.ended(case_id, ended=self.clock.now(), reasons=("broken off",))
            return Ended(interrupted=True)
        if record is None:
            words = _words(case, root, status, late=late)
            try:
                record, killed = _without(case, worker, root, words), True
            except PlanError as error:  # its plan was changed meanwhile
                left.settle(root, case_id)
                self.book.ended(case_id, ended=self.clock.now(), reasons=(words,))
                return Ended(lack="plan", why=f"{error}\n{words}")
        left.settle(root, case_id)
        self._note(case, worker, record, late=late, killed=killed)
        return Ended(record.verdict, record.reasons, killed=killed)

    def adopt(self, case_id: str, worker: Worker) -> Ended | None:
        """What a process has left whose night was killed; None: nothing that has come to its end."""
        case = self.book.case(case_id)
        found = left.found(self.book.root, case)
        left.settle(self.book.root, case_id)
        if found.record is None:
            return None
        self._note(case, worker, found.record, late=False, killed=False, ended=found.record.finished)
        return Ended(found.record.verdict, found.record.reasons)

    def keep(self, folder: Path) -> None:
        """Into the history: the record in a folder that it will stay in."""
        try:
            found = folders.read(folder)
            self.keeping.keep(found.record, found.samples, folder)
        except HilError as error:
            self.warnings.append(printable(f"not in the history: {error.what} ({folder})"))

    def catch_up(self) -> None:
        """Into the history: what an earlier part of the night was killed before it could keep it."""
        root = self.book.root
        ended = [case for case in self.book.night.cases if case.state == "ended" and case.last]
        places = [(case, number) for case in ended for number, _ in enumerate(case.tries, start=1)]
        found = {}
        for case, number in places:
            folder = folder_of(case, number)
            try:
                found[folder] = read_record(root / folder / "record.json")
            except HilError:  # it is told of where it is shown
                continue
        if told := self.keeping.catch_up(found, datetime.min.replace(tzinfo=UTC)):
            self.warnings.append(told)

    def _note(
        self,
        case: NightCase,
        worker: Worker,
        record: Record,
        *,
        late: bool,
        killed: bool,
        ended: datetime | None = None,
    ) -> None:
        self.book.ended(
            case.id,
            ended=ended or self.clock.now(),
            verdict=record.verdict,
            reasons=record.reasons,
            run_id=record.run_id,
            folder=layout.case_folder(Path(), case.id).as_posix(),
            late=late,
            killed=killed,
            blamed=_blamed(record, worker.uid if killed else None),
        )
        if worker.uid is not None:
            last = self.book.case(case.id).tries[-1]
            for uid in (worker.uid, *last.lent):
                tries = (one for each in self.book.night.cases for one in each.tries if uid in (one.unit, *one.lent))
                self.book.unit(uid, busy_s=sum(one.wall_s for one in tries))


def _blamed(record: Record, killed_on: str | None) -> tuple[str, ...]:
    """The units whose fault an error was: of several that did not agree the odd ones, not the one that had the case."""
    if record.verdict is not Verdict.ERROR:
        return ()
    if killed_on is not None:
        return (killed_on,)
    odd = tuple(share.unit.uid for share in getattr(record, "units", ()) if not share.trusted)
    if odd or record.rig is None or record.rig.whose != "unit":
        return odd
    return (record.rig.unit,) if record.rig.unit else ()


def earlier_tries(case: NightCase) -> tuple[EarlierTry, ...]:
    """What a record says of the tries before it."""
    return tuple(
        EarlierTry(
            unit=one.unit,
            ended="killed" if one.killed else "error",
            reason=next((line for reason in one.reasons for line in reason.splitlines()), ""),
            folder=f"{left.TRY}{number}",
        )
        for number, one in enumerate((one for one in case.tries if one.verdict is Verdict.ERROR), start=1)
    )


def _words(case: NightCase, root: Path, status: int, *, late: bool) -> str:
    how = f"the process of the case ended with status {status} and left no record"
    if late:
        how = f"the case took longer than its deadline of {spoken(case.deadline_s)}, and its process was ended"
    said = left.said(root, case.id)
    return f"{how}; it said last: {said}" if said else how


def _without(case: NightCase, worker: Worker, root: Path, words: str) -> Record:
    """The record of a case whose process left none: the rig's error."""
    folder = layout.case_folder(left.running(root, case.id), case.id)
    options = RunOptions(backend=emulators.DEFAULT if worker.uid is None else "probe", uid=worker.uid)
    result = killed_case(_expanded(case), options, words, folder).after(earlier_tries(case))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise left.refused(folder, error) from error
    result.write(folder)
    return read_record(folder / "record.json")


def _lack(case: NightCase) -> Lack:
    """Whether it is the data that is missing, or the plan that is wrong: the process has said only that nothing ran."""
    try:
        found = _expanded(case)
        read_data(found.plan, found.plan.dataset)
    except DataMissing:
        return "data"
    except HilError:
        pass
    return "plan"


def _expanded(case: NightCase) -> Case:
    plan = read_plan(Path(case.file), boards.names())
    found = expand(plan, boards=boards.names(), only_boards=[case.board], samples=case.samples)
    for each in found:
        if each.id == case.id:
            return each
    raise PlanError(
        "the plan does not have this case any more",
        where=case.file,
        found=case.id,
        next_step="begin a new night: the plan was changed under this one",
    )

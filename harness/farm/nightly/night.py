"""A night from its first line to its last: begun or taken up, run, summed up."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.bench.sources import open_source
from harness.clock import Clock, SystemClock
from harness.errors import MisuseError
from harness.evidence import layout, nightrecord
from harness.evidence.nightrecord import NightCase, NightRecord
from harness.evidence.nightreports import headline
from harness.evidence.runrecord import Command
from harness.farm.nightly import begin, end, left
from harness.farm.nightly.begin import Wishes
from harness.farm.nightly.book import Book, gone_on_with
from harness.farm.nightly.budget import Budget
from harness.farm.nightly.child import HIL
from harness.farm.nightly.judging import Judging
from harness.farm.nightly.loop import Night
from harness.farm.nightly.rack import PATIENCE_S, Rack, Units, VirtualSlots
from harness.farm.nightly.stopping import Stops
from harness.farm.schedule import Outcome, Schedule, Worker
from harness.run import claim
from harness.run.keeping import Keeping
from harness.run.whole import Whole

__all__ = ["Told", "Wishes", "planned", "resumed", "run"]


@dataclass(frozen=True)
class Told:
    """What is said of a night at its end. ``stopped_by``: the signal that ended it, "" when none did."""

    status: int
    headline: str
    stopped_by: str = ""
    unwritten: str = ""


def planned(file: Path, report_dir: Path | None, command: Command, wishes: Wishes) -> tuple[Path, NightRecord]:
    """A night that is to begin, and its folder. Nothing is made yet. ``PlanError``, ``MisuseError`` for what cannot be."""
    rack, found = begin.read(file)
    base = Path(rack.report_dir) if rack.report_dir else Path(layout.BASE)
    root = (report_dir or base / layout.run_name(command.started, command.process)).absolute()
    if (root / nightrecord.FILENAME).exists():
        raise MisuseError(
            "a night lies in this report directory already",
            where=str(root),
            next_step=f"go on with it: --resume {root}; or give this night another --report-dir",
        )
    bench = begin.bench_of(rack, wishes)
    units = len(open_source(bench).list()) if bench else os.cpu_count() or 1
    slots = min(wishes.jobs, units) if wishes.jobs and bench else wishes.jobs or units
    return root, begin.made(rack, found, command, root, wishes, slots)


def resumed(root: Path, file: Path | None, command: Command, wishes: Wishes) -> NightRecord:
    """A night that is taken up again, as it stands in its folder; a rack plan that is named must be its own."""
    night = nightrecord.read(root)
    if file is not None and file.stem != Path(night.file).stem:
        raise MisuseError(
            "the night is of another rack plan", where=str(root), expected=night.file, found=str(file),
            next_step="leave RACKPLAN out: the night knows its own",
        )  # fmt: skip
    changed: dict[str, object] = {}
    if told := begin.changed_since(night):
        changed["warnings"] = (*(one for one in night.warnings if one != told), told)
    if wishes.bench is not None:
        changed["bench"] = wishes.bench if "://" in wishes.bench else str(Path(wishes.bench).absolute())
    if wishes.jobs is not None:
        changed["slots"] = wishes.jobs
    return gone_on_with(night, command).model_copy(update=changed)


def run(
    root: Path,
    night: NightRecord,
    command: Command,
    wishes: Wishes,
    *,
    tell: Callable[[str], None],
    clock: Clock | None = None,
    program: Sequence[str] = HIL,
) -> Told:
    """Run what is left of a night in its folder, and sum it up, however it ends. ``program`` runs the cases.

    ``MisuseError`` when another process runs it, ``BenchError`` when the disk refuses.
    """
    clock = clock or SystemClock()
    with claim.claimed(root, what=f"hil nightly {night.name}"), Stops() as stops:
        book = Book(root, night)
        whole = Whole(root, command, history=wishes.history, own=partial(end.own, book))
        try:
            whole.begin()
            book.change_night()
            judging = Judging(book, clock, Keeping(root, wanted=wishes.history))
            budget = _budget(book.night, wishes, clock)
            rack = _rack(book, clock, budget.seconds)
            schedule = Schedule(begin.jobs_of(book.night.cases), retry=night.retries > 0)
            _take_up(book, schedule, judging, tell)
            Night(book, schedule, rack, budget, judging, clock, stops, tell, program).run()
            if judging.keeping.failed:  # once more, before the tag is to name what it came to
                judging.catch_up()
            by = (
                stops.by if end.is_cut_short(book.night) else None
            )  # one that came after the last case has ended nothing
            if by is not None:
                book.change_night(stopped=f"The night was ended by {by.name} before its cases were through")
            stopped_by = by.name if by is not None else ""
            status = 128 + by if by is not None else int(end.status(book.night))
            if warnings := tuple(line for line in judging.warnings if line not in book.night.warnings):
                book.change_night(warnings=(*book.night.warnings, *warnings))
            unwritten = end.sum_up(book, whole, clock.now(), status, history=wishes.history)
        finally:
            whole.release()
    return Told(status, headline(book.night), stopped_by, unwritten or "")


def _rack(book: Book, clock: Clock, budget_s: float | None) -> Rack:
    night = book.night
    if not night.bench:
        return VirtualSlots(night.slots)
    return Units(
        night.bench,
        open_source(night.bench),
        clock,
        night.slots,
        night.session,
        check=night.quarantined == "check",
        patience_s=PATIENCE_S if budget_s is None else float("inf"),
    )


def _budget(night: NightRecord, wishes: Wishes, clock: Clock) -> Budget:
    if wishes.budget_s is not None:  # said now, it is for this part of the night
        return Budget(wishes.budget_s, night.cases, clock)
    return Budget(night.budget_s, night.cases, clock, spent_s=night.wall_s)


def _take_up(book: Book, schedule: Schedule, judging: Judging, tell: Callable[[str], None]) -> None:
    """What an earlier part of the night has left: cases whose processes ended after it, and those that had one try."""
    judging.catch_up()
    for case in book.night.cases:
        if case.state in ("running", "interrupted"):
            _adopt(case, book, schedule, judging, tell)
        elif case.state == "waiting":
            _tell_tries(schedule, case)


def _adopt(case: NightCase, book: Book, schedule: Schedule, judging: Judging, tell: Callable[[str], None]) -> None:
    assert case.last is not None
    left.wait_for_its_process(book.root, case.id)
    ended = judging.adopt(case.id, Worker("before", case.board, case.last.unit or None))
    if ended is None or ended.verdict is None:
        book.change(case.id, state="waiting")
        _tell_tries(schedule, book.case(case.id))
        return
    tell(f"{case.id} had come to {ended.verdict} by itself")
    if not _tell_tries(schedule, book.case(case.id)):
        book.change(case.id, state="waiting")
        return
    book.change(case.id, state="ended")
    judging.keep(left.kept(book.root, case.id))


def _tell_tries(schedule: Schedule, case: NightCase) -> bool:
    """Let the schedule know of the tries that a case has had; whether that was its end."""
    over = False
    for number, one in enumerate((one for one in case.tries if one.verdict is not None), start=1):
        worker = Worker(f"before-{number}", case.board, one.unit or None, frozenset(case.tags))
        schedule.add_worker(worker)
        if schedule.next_for(worker.id, lambda job: job.id == case.id) is not None and one.verdict is not None:
            over = schedule.done(worker.id, case.id, Outcome(one.verdict.value))
        schedule.remove_worker(worker.id, died=False)
    return over

"""Before the first case: the rack plan and its plans are read, what is known of each case is looked up, the record is made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bench import boards
from harness.clock import age
from harness.errors import HilError, MisuseError, PlanError
from harness.evidence import layout, runs
from harness.evidence.database import is_off
from harness.evidence.history import History, RunRow, folders
from harness.evidence.nightrecord import Before, NightCase, NightRecord
from harness.evidence.runrecord import Command, Skipped
from harness.farm.nightly.cases import Expanded, Planned, available, expanded, folder_of, named
from harness.farm.schedule import Job
from harness.paths import read_file, shipped
from harness.plans import Plan, discover
from harness.plans.load import load_rack_plan
from harness.plans.names import listed, suggestion
from harness.plans.racks import RackPlan
from harness.records import Verdict
from harness.run.reading import read_plan

FOLDER = Path("testplans") / "racks"


def tag_of(name: str) -> str:
    """The tag by which the history knows what each case of a rack plan came to the last time that a night ran it."""
    return f"night-{name}"


@dataclass(frozen=True)
class Wishes:
    """What the command line says in place of the rack plan; None: what that says."""

    bench: str | None = None
    budget_s: float | None = None
    jobs: int | None = None
    history: bool = True


def find(name: str) -> Path:
    """A rack plan by path, or by name in ``./testplans/racks`` or among those that come with hil. ``PlanError`` for none."""
    path = Path(name)
    if path.is_file():
        return path
    folders = [FOLDER, shipped("testplans") / "racks"]
    there = {found.stem: found for folder in reversed(folders) for found in discover(folder)}
    if name in there:
        return there[name]
    raise PlanError(
        f"there is no rack plan {name!r}",
        expected=f"a file, or one of: {listed(there)}",
        next_step=suggestion(path.stem, there, "name one of these, or a file"),
    )


def read(file: Path) -> tuple[RackPlan, Expanded]:
    """A rack plan and its cases. ``PlanError`` for what is wrong with it; a plan that is wrong is among the refused."""
    rack = load_rack_plan(file)
    known = boards.names()
    files = named(rack, available(folder_of(rack)), known)
    plans: dict[Path, Plan | PlanError] = {}
    for path in dict.fromkeys(path for each in files for path in each):
        try:
            plans[path] = read_plan(path, known)
        except PlanError as error:
            plans[path] = error
    return rack, expanded(rack, files, plans)


def made(rack: RackPlan, found: Expanded, command: Command, root: Path, wishes: Wishes, slots: int) -> NightRecord:
    """The record of a night that begins now, into ``root``."""
    assert rack.origin is not None
    known, warning = _known(rack.name, found.cases, layout.base_of(root))
    befores = {case_id: one.before for case_id, one in known.items() if one.before}
    sessions = sorted({before.session for before in befores.values()}, reverse=True)
    return NightRecord(
        name=rack.name,
        title=rack.title,
        file=str(rack.origin),
        sha256=hashlib.sha256(read_file(rack.origin)).hexdigest(),
        session=folders.named(root, command),
        bench=bench_of(rack, wishes),
        slots=slots,
        budget_s=wishes.budget_s if wishes.budget_s is not None else _seconds(rack.budget),
        retries=rack.retries,
        quarantined=rack.quarantined,
        max_fails=rack.stop_on.fails,
        max_errors=rack.stop_on.errors,
        parts=(command,),
        cases=tuple(_case(case, known.get(case.id, _Known())) for case in found.cases),
        refused=tuple(Skipped(id=name, reason=why) for name, why in found.refused),
        compared=", ".join(sessions[:3]) + (f" and {len(sessions) - 3} before" if len(sessions) > 3 else ""),
        warnings=(warning,) if warning else (),
    )


def changed_since(night: NightRecord) -> str:
    """That the rack plan is not what it was when the night began, in words; "" when it is."""
    try:
        now = hashlib.sha256(read_file(Path(night.file))).hexdigest()
    except OSError:
        return ""
    if not night.sha256 or now == night.sha256:
        return ""
    return (
        f"{night.file} was changed since the night began, which goes on as it was: what it says now is for the next one"
    )


def bench_of(rack: RackPlan, wishes: Wishes) -> str:
    """Where the night's units are: a path from here, or a URL; "" for virtual ones."""
    if wishes.bench is not None:
        return wishes.bench if "://" in wishes.bench else str(Path(wishes.bench).absolute())
    if not rack.bench or "://" in rack.bench:
        return rack.bench
    assert rack.origin is not None
    return str((rack.origin.absolute().parent / rack.bench).resolve())


def jobs_of(cases: Sequence[NightCase]) -> tuple[Job, ...]:
    """For the schedule: those that are still to be run."""
    return tuple(
        Job(
            case.id,
            frozenset({case.board}),
            frozenset(case.tags),
            seconds=case.expected_s,
            priority=case.priority,
        )
        for case in cases
        if case.state in ("waiting", "interrupted", "running")
    )


def night_folder(reference: str) -> Path:
    """The folder of the night that ``--resume`` means: a path, a run of hil-reports by its name, or ``latest``."""
    base = Path(layout.BASE)
    found = runs.latest(base) if reference == layout.LATEST else None
    if found is None and Path(reference).is_dir():
        found = Path(reference)
    found = found or runs.named(base, reference)
    if found is None:
        raise MisuseError(
            "there is no night that could be gone on with",
            expected=f"{layout.LATEST}, a night's folder, or a run of {base} by its name",
            found=reference,
            next_step="name the night's folder",
        )
    return found.absolute()


@dataclass(frozen=True)
class _Known:
    """What the history has of a case."""

    seconds: float | None = None
    before: Before | None = None


def _known(name: str, cases: Sequence[Planned], base: Path) -> tuple[dict[str, _Known], str]:
    """By case; and what kept the history from being asked, "" when nothing did."""
    if is_off():
        return {}, "HIL_DB=off: nothing is known of earlier nights, and nothing is kept of this one"
    try:
        with History.open(base=base, create=False) as store:
            try:
                before = {row.case_id: row for row in store.resolve(tag_of(name))}
            except MisuseError:  # the first night
                before = {}
            seconds = store.seconds([case.id for case in cases])
            return {case.id: _Known(seconds.get(case.id), _before(before.get(case.id))) for case in cases}, ""
    except HilError as error:
        return {}, f"nothing is known of earlier nights: {error.what}"


def _before(row: RunRow | None) -> Before | None:
    if row is None:
        return None
    return Before(run_id=row.run_id, session=row.session, verdict=Verdict(row.verdict), finished=row.finished)


def _case(case: Planned, known: _Known) -> NightCase:
    return NightCase(
        id=case.id,
        file=str(case.file),
        board=case.board,
        model=case.model,
        tags=case.tags,
        priority=case.priority,
        samples=case.samples,
        shards="" if case.shards is None else str(case.shards),
        baseline=case.baseline,
        spare=case.spare,
        deadline_s=case.deadline_s,
        expected_s=known.seconds,
        before=known.before,
    )


def _seconds(span: str | None) -> float | None:
    return age(span).total_seconds() if span else None

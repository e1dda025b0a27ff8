"""The one road from a case to its record. Nothing is printed here; ``watch`` is told where it stands."""

from __future__ import annotations

from pathlib import Path

from harness.bench.boards import Board, load_board
from harness.bench.places import NoneFree
from harness.bench.unit import choose_backend, expected
from harness.build.symbols import Symbols
from harness.clock import Clock, SystemClock
from harness.errors import BenchError, DeviceError
from harness.models.metadata import Model
from harness.plans.expand import Case
from harness.records import Backend, Verdict
from harness.run import blame, journal, onboard, underway
from harness.run.at_unit import at_unit, see_whether_free
from harness.run.baseline import baseline_of, judged_against
from harness.run.journal import Earlier
from harness.run.notes import CaseResult, Notes, ended_early, judged, result
from harness.run.options import RunOptions
from harness.run.played.playing import Playing
from harness.run.played.workload import at_speed, loaded
from harness.run.prepare import prepared
from harness.run.product import product_for
from harness.run.sharded.case import Given, spread_out
from harness.run.streaming import binding, case_files, find_earlier, same_unit, was_aside
from harness.run.watch import PREPARE, Step, Watch
from harness.run.workload import make_workload, truth_of

__all__ = ["CaseResult", "killed_case", "not_run", "run_case"]


def run_case(
    case: Case, options: RunOptions, *, watch: Watch, clock: Clock | None = None, folder: Path | None = None
) -> CaseResult:
    """Run one case and judge it.

    ``folder`` is where the journal of answered samples goes (and the wire log, if asked for): the report directory of the
    case. Without it there is neither, and the run cannot be gone on with.

    Raises ``PlanError`` (``DataMissing`` among them) and ``MisuseError`` when the plan or the call is wrong: nothing ran
    then; ``NoneFree`` when it was not to wait for a unit, and would have to. Everything that goes wrong later is in the record:
    ``fail`` for the product, ``error`` for the rig.
    """
    clock = clock or SystemClock()
    case = judged_against(at_speed(case, options.speed), options.baseline)
    board = load_board(case.board)
    backend = choose_backend(board, options.backend, options.places, options.uid)
    see_whether_free(options, board, backend=backend, clock=clock, tags=(*case.plan.requires, *options.tags))
    earlier = find_earlier(case.id, options)
    notes = _begin(case, board, backend, options, clock)
    notes.baseline = baseline_of(case, options.baseline, folder)
    if earlier is not None:
        notes.run_id, notes.started = earlier[1].run_id, earlier[1].started
        notes.answered = len(earlier[1].answered)
    with underway.told(
        case, clock, folder, run_id=notes.run_id, started=notes.started, backend=backend
    ) as notes.telling:
        found = _run(case, board, options, notes, earlier, underway.beside(notes.telling, watch), clock, folder)
        notes.telling.end(found.record.verdict)
    return found


def _begin(case: Case, board: Board, backend: Backend, options: RunOptions, clock: Clock) -> Notes:
    return Notes.begin(backend, clock, case.plan.folder, expected(board, backend, options.places, options.uid))


def _run(
    case: Case,
    board: Board,
    options: RunOptions,
    notes: Notes,
    earlier: tuple[Path, Earlier] | None,
    watch: Watch,
    clock: Clock,
    folder: Path | None,
) -> CaseResult:
    watch(Step(PREPARE))
    model, playing = _prepare(case, notes)
    assert notes.workload is not None
    symbols: Symbols | None = None
    try:
        watch(Step("build"))
        notes.product = product_for(model, board, options, case.plan.timeouts.build_s, playing)
        symbols = Symbols(notes.product.image.elf)
        if options.ask_first is not None and notes.backend == "probe":
            options.ask_first(case.id, notes.product.elf_sha256)
        bound = binding(case.id, notes.workload, notes.product)
        tags = (*case.plan.requires, *options.tags)
        spread = spread_out(Given(case, board, options, notes, symbols, bound, earlier, watch, clock, folder, tags))
        if spread is not None:
            return spread
        with (
            case_files(folder, earlier, bound, options, clock, run_id=notes.run_id, started=notes.started) as files,
            at_unit(
                options,
                board,
                backend=notes.backend,
                what=case.id,
                clock=clock,
                watch=watch,
                tags=tags,
            ) as unit,
        ):
            notes.unit, notes.stand_in = unit.facts(), unit.stand_in
            notes.telling.on_unit(unit.uid)
            notes.console = files.console
            notes.journal = files.journal.path if files.journal else None
            if files.aside is not None:
                notes.warnings.append(was_aside(files.aside))
            same_unit(files, unit)  # before anything is flashed; once more when its chip is known
            try:
                onboard.put(case, options, unit, notes, files, watch, clock)
                onboard.run(case, options, unit, notes, symbols, files, watch, clock)
            except (BenchError, DeviceError) as error:
                return ended_early(case, notes, clock, error, unit, symbols)
    except NoneFree:
        raise
    except (BenchError, DeviceError) as error:
        return ended_early(case, notes, clock, error, None, symbols)
    return judged(case, notes, clock)


def _prepare(case: Case, notes: Notes) -> tuple[Model, Playing | None]:
    """Model and workload; where recordings are played, what is played too."""
    if case.plan.continuous is not None:
        model, work = loaded(case)
        notes.network, notes.workload = model.record(), work
        notes.warnings += work.warnings
        return model, work.playing
    ready = prepared(case)
    notes.network = ready.model.record()
    notes.workload = make_workload(ready.model, ready.data, case.plan.reference, ready.planned, ready.memory)
    notes.truth = truth_of(case.plan, ready.model, notes.workload)
    notes.warnings += [*ready.warnings, *notes.workload.warnings]
    return ready.model, None


def not_run(case: Case, options: RunOptions, reasons: tuple[str, ...], clock: Clock | None = None) -> CaseResult:
    """What there is to say of a case that no unit was there for: the rig's error, with why."""
    clock = clock or SystemClock()
    board = load_board(case.board)
    backend = choose_backend(board, options.backend, options.places, options.uid)
    return result(case, _begin(case, board, backend, options, clock), clock, Verdict.ERROR, reasons)


def killed_case(case: Case, options: RunOptions, words: str, folder: Path, clock: Clock | None = None) -> CaseResult:
    """What is left to say of a case whose process was killed, in ``words`` by whoever saw it: an error with its record.

    What was answered by then is read from the journal in ``folder``, which stays: the run can be gone on with.
    """
    clock = clock or SystemClock()
    board = load_board(case.board)
    notes = _begin(case, board, choose_backend(board, options.backend, options.places, options.uid), options, clock)
    notes.began = None  # it is not known when
    found = blame.worker_killed(words)
    notes.rig = found.rig
    reasons = found.reasons
    path = folder / journal.FILENAME
    if path.is_file():
        earlier = journal.read(path)
        notes.run_id, notes.started = earlier.run_id, earlier.started
        reasons = (
            *reasons,
            f"{len(earlier.answered)} samples had been answered by then; --resume {folder} goes on with it",
        )
    return result(case, notes, clock, found.verdict, reasons)

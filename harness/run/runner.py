"""The one road from a case to its record. Nothing is printed here; ``watch`` is told where it stands."""

from __future__ import annotations

import platform
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness import __version__
from harness.bench.boards import load_board
from harness.bench.emulators import About, Findings
from harness.bench.unit import Unit, about, choose_backend, open_unit
from harness.build.symbols import Symbols
from harness.clock import Clock, SystemClock
from harness.errors import BenchError, DeviceError
from harness.evidence import write_reports
from harness.plans.expand import Case
from harness.records import Backend, Evidence, Explanation, FaultReport, ModelFacts, Record, Samples, UnitFacts, Verdict
from harness.run import blame, journal
from harness.run.arrival import named
from harness.run.bring_up import Live, bring_up
from harness.run.explain import explain, is_wanted
from harness.run.inside import Inside, look_inside
from harness.run.options import RunOptions
from harness.run.prepare import prepared
from harness.run.product import Product, build_product, read_product
from harness.run.scoring import link_facts, score
from harness.run.streaming import (
    CaseFiles,
    binding,
    case_files,
    find_earlier,
    raise_speed,
    rescue,
    same_unit,
    stream_case,
)
from harness.run.watch import Step, Watch
from harness.run.workload import Workload, make_workload
from harness.session.climb import Climbed
from harness.session.verbs import BoardFaultError, BoardSilentError, OtherBoardError, StreamResult
from harness.verdict import Assessment


@dataclass(frozen=True)
class CaseResult:
    """A record with its arrays; ``samples`` is None when nothing was scored. ``inputs`` float32 [N, ...] are for pictures.

    ``journal`` is where the answers were written down, in the folder of an earlier part of the run maybe.
    """

    record: Record
    samples: Samples | None
    inputs: npt.NDArray[np.float32] | None = None
    journal: Path | None = None

    def write(self, folder: Path) -> None:
        """Leave the report directory. The journal of a case that came to its end has served: the reports say it all."""
        write_reports(self.record, self.samples, folder, self.inputs)
        if self.samples is not None:
            for place in {folder, *([self.journal.parent] if self.journal else [])}:
                journal.remove(place, self.record.run_id)


@dataclass
class _Notes:
    """What is known of a case so far: it ends up in the record whatever happens next."""

    run_id: str
    started: datetime
    backend: Backend
    stand_in: About | None
    network: ModelFacts | None = None
    workload: Workload | None = None
    product: Product | None = None
    unit: UnitFacts | None = None
    live: Live | None = None
    answered: int = 0
    streamed: StreamResult | None = None
    climbed: Climbed | None = None
    assessed: Assessment | None = None
    fault: FaultReport | None = None
    explanation: Explanation | None = None
    inside: Inside = field(default_factory=Inside)
    warnings: list[str] = field(default_factory=list)
    journal: Path | None = None
    began_s: float = 0.0  # of this part of the run, with the wall clock's word of it
    began: datetime | None = None


def run_case(
    case: Case, options: RunOptions, *, watch: Watch, clock: Clock | None = None, folder: Path | None = None
) -> CaseResult:
    """Run one case and judge it.

    ``folder`` is where the journal of answered samples goes (and the wire log, if asked for): the report directory of the
    case. Without it there is neither, and the run cannot be gone on with.

    Raises ``PlanError`` (``DataMissing`` among them) and ``MisuseError`` when the plan or the call is wrong: nothing ran
    then. Everything that goes wrong later is in the record: ``fail`` for the product, ``error`` for the rig.
    """
    clock = clock or SystemClock()
    board = load_board(case.board)
    backend = choose_backend(board, options.backend, options.places, options.uid)
    earlier = find_earlier(case.id, options)
    notes = _Notes(
        run_id=uuid.uuid4().hex[:12],
        started=clock.now(),
        backend=backend,
        stand_in=about(backend),
        began_s=clock.monotonic_s(),
        began=clock.now(),
    )
    if earlier is not None:
        notes.run_id, notes.started = earlier[1].run_id, earlier[1].started
        notes.answered = len(earlier[1].answered)
    watch(Step("prepare"))
    ready = prepared(case)
    model = ready.model
    notes.network = model.record()
    notes.workload = make_workload(model, ready.data, case.plan.reference, ready.planned)
    notes.warnings += [*ready.warnings, *notes.workload.warnings]
    symbols: Symbols | None = None
    try:
        watch(Step("build"))
        if options.firmware is None:
            notes.product = build_product(model, board, compiler=options.compiler, timeout_s=case.plan.timeouts.build_s)
        else:
            notes.product = read_product(model, board, options.firmware)
        symbols = Symbols(notes.product.image.elf)
        bound = binding(case.id, notes.workload, notes.product)
        with (
            case_files(folder, earlier, bound, options, clock, run_id=notes.run_id, started=notes.started) as files,
            open_unit(
                board,
                backend=backend,
                places=options.places,
                uid=options.uid,
                what=case.id,
                clock=clock,
                allow_mass_erase=options.allow_mass_erase,
            ) as unit,
        ):
            notes.unit, notes.stand_in = unit.facts(), unit.stand_in
            notes.journal = files.journal.path if files.journal else None
            if files.aside is not None:
                notes.warnings.append(
                    f"an interrupted run lay in the report directory; it was kept: --resume {files.aside} goes on with it"
                )
            same_unit(files, unit)  # before anything is flashed; once more when its chip is known
            try:
                _on_the_unit(case, options, unit, notes, symbols, files, watch, clock)
            except (BenchError, DeviceError) as error:
                return _ended_early(case, notes, clock, error, unit, symbols)
    except (BenchError, DeviceError) as error:
        return _ended_early(case, notes, clock, error, None, symbols)
    return _judged(case, notes, clock)


def killed_case(case: Case, options: RunOptions, words: str, folder: Path, clock: Clock | None = None) -> CaseResult:
    """What is left to say of a case whose process was killed, in ``words`` by whoever saw it: an error with its record.

    What was answered by then is read from the journal in ``folder``, which stays: the run can be gone on with.
    """
    clock = clock or SystemClock()
    backend = choose_backend(load_board(case.board), options.backend, options.places, options.uid)
    notes = _Notes(uuid.uuid4().hex[:12], clock.now(), backend, about(backend))
    found = blame.worker_killed(words)
    reasons = found.reasons
    path = folder / journal.FILENAME
    if path.is_file():
        earlier = journal.read(path)
        notes.run_id, notes.started = earlier.run_id, earlier.started
        reasons = (
            *reasons,
            f"{len(earlier.answered)} samples had been answered by then; --resume {folder} goes on with it",
        )
    return _result(case, notes, clock, found.verdict, reasons)


def _on_the_unit(
    case: Case,
    options: RunOptions,
    unit: Unit,
    notes: _Notes,
    symbols: Symbols,
    files: CaseFiles,
    watch: Watch,
    clock: Clock,
) -> None:
    assert notes.product is not None
    assert notes.workload is not None
    plan, workload = case.plan, notes.workload
    notes.live = live = bring_up(
        unit,
        notes.product,
        clock=clock,
        skip_flash=options.skip_flash,
        flash_timeout_s=plan.timeouts.flash_s,
        hello_timeout_s=plan.timeouts.hello_s,
        silence_s=plan.timeouts.answer_s,
        watch=watch,
        encoding=plan.stream.encoding,
        tap=files.log,
    )
    notes.unit = unit.facts()
    same_unit(files, unit)
    if files.journal is not None:
        files.journal.on_unit(unit.uid, notes.unit.chip_id)
    notes.warnings += live.warnings
    if live.flashed is not None and live.flashed.recovery:
        notes.warnings.append(f"flashing: {live.flashed.recovery}")
    notes.climbed = raise_speed(live.session, unit, plan.stream, clock)
    payloads = workload.payloads()
    total = len(payloads)

    def count() -> None:
        notes.answered += 1
        watch(Step("stream", notes.answered / total, f"{notes.answered}/{total} samples"))

    try:
        notes.streamed = stream_case(
            live.session,
            payloads,
            files,
            notes.climbed,
            wanted=plan.stream,
            timeout_s=plan.timeouts.case_s,
            helped=rescue(unit, clock, symbols),
            answered=files.earlier.answered if files.earlier else {},
            on_answer=count,
        )
    except (BoardSilentError, BoardFaultError) as error:
        notes.streamed = error.partial
        raise
    except OtherBoardError as other:
        raise named(other, unit) from other.__cause__
    notes.unit = unit.facts()  # the port may have another name by now
    if shared := blame.shared_port(unit):
        if notes.streamed.lost:
            raise shared
        notes.warnings.append(f"{shared.what}: {shared.found}")
    watch(Step("judge"))
    status = live.session.status()
    _heed(unit.findings(), notes)
    notes.assessed = score(
        case, notes.product, workload, notes.streamed, live, evidence=unit.evidence, stack_bytes=status.stack_bytes
    )
    notes.warnings += notes.assessed.warnings
    watch(Step("layers"))
    notes.inside = look_inside(
        notes.product,
        workload,
        notes.assessed.samples,
        live,
        reference=plan.reference,
        evidence=unit.evidence,
        profile=options.layers,
    )
    notes.warnings.extend(notes.inside.warnings)


def _heed(found: Findings, notes: _Notes) -> None:
    """What the emulator saw: gaps of its model are warnings; what a chip would not have done is the firmware's fault."""
    notes.warnings += found.warnings
    if found.errors:
        raise blame.OnAChipError(
            "every sample was answered, but on a chip this firmware would have crashed or gone wrong",
            found="; ".join(found.errors[:5]),
            next_step="look the pc up in the ELF: addr2line -e fw.elf <pc>",
        )


def _judged(case: Case, notes: _Notes, clock: Clock) -> CaseResult:
    assert notes.assessed is not None
    _warn(notes)
    reasons = notes.assessed.reasons
    if notes.assessed.verdict is Verdict.FAIL and is_wanted(notes.assessed):
        assert notes.product is not None
        assert notes.workload is not None
        notes.explanation, why_not = explain(case, notes.product.model, notes.workload, clock)
        if notes.explanation is not None:
            reasons = (*reasons, notes.explanation.describe())
        elif why_not:
            notes.warnings.append(why_not)
    if notes.inside.divergence is not None and notes.assessed.verdict is Verdict.FAIL:
        reasons = (*reasons, notes.inside.divergence.describe())
    return _result(case, notes, clock, notes.assessed.verdict, reasons)


def _warn(notes: _Notes) -> None:
    """What a reader must know although the run went on."""
    streamed, climbed = notes.streamed, notes.climbed
    if streamed is not None and streamed.resets:
        notes.warnings.append(
            f"the board was reset {len(streamed.resets)} time(s) during the run and went on; each sample was scored once"
        )
    for words in streamed.revived if streamed else ():
        notes.warnings.append(f"the board fell silent and was reset through its probe; before that, {words}")
    for port in streamed.reopened if streamed else ():
        notes.warnings.append(f"the serial port vanished and came back as {port}")
    if streamed is not None and streamed.earlier_s:
        notes.warnings.append(
            "the run was interrupted and gone on with; the link's counters are of its last part, each sample was scored once"
        )
    if climbed is not None:
        if climbed.note:
            notes.warnings.append(climbed.note)
        notes.warnings += [f"{baud} baud does not hold: {why}" for baud, why in climbed.refused.items()]


def _ended_early(
    case: Case,
    notes: _Notes,
    clock: Clock,
    error: BenchError | DeviceError,
    unit: Unit | None,
    symbols: Symbols | None,
) -> CaseResult:
    _warn(notes)
    if unit is not None:
        notes.unit = unit.facts()  # who answered, if that is what went wrong
    found = blame.blame(error, unit, notes.live.session if notes.live else None, symbols)
    notes.fault = found.fault
    reasons = list(found.reasons)
    if notes.live is not None and notes.workload is not None:
        reasons.append(f"{notes.answered} of {len(notes.workload.data)} samples had been answered by then")
    return _result(case, notes, clock, found.verdict, tuple(reasons))


def _finished(notes: _Notes, clock: Clock) -> datetime:
    """When the case ended by the clock that it began by: the wall's may have been set meanwhile, or since an earlier part."""
    if notes.began is None:
        return max(clock.now(), notes.started)
    return max(notes.began + timedelta(seconds=clock.monotonic_s() - notes.began_s), notes.started)


def _result(case: Case, notes: _Notes, clock: Clock, verdict: Verdict, reasons: tuple[str, ...]) -> CaseResult:
    assessed = notes.assessed
    evidence: Evidence = "hardware" if notes.stand_in is None else notes.stand_in.evidence
    record = Record(
        run_id=notes.run_id,
        case_id=case.id,
        started=notes.started,
        finished=_finished(notes, clock),
        verdict=verdict,
        reasons=reasons,
        plan=case.plan.name,
        board=case.board,
        model=case.model,
        unit=notes.unit,
        backend=notes.backend,
        evidence=evidence,
        caveat=notes.stand_in.caveat if notes.stand_in else "",
        firmware=notes.product.facts(notes.live.flashed if notes.live else None) if notes.product else None,
        network=notes.network,
        dataset=notes.workload.facts() if notes.workload else None,
        outputs=notes.product.model.outputs[0].dtype if notes.product else None,
        inputs=notes.workload.inputs if notes.workload else None,
        reference=notes.workload.reference if notes.workload else None,
        link=link_facts(notes.streamed, evidence) if notes.streamed else None,
        measurements=assessed.measurements if assessed else (),
        gates=assessed.gates if assessed else (),
        confusion=assessed.confusion if assessed else (),
        fault=notes.fault,
        divergence=notes.inside.divergence,
        explanation=notes.explanation,
        layers=notes.inside.layers,
        layers_sample=notes.inside.sample,
        warnings=tuple(notes.warnings),
        harness_version=__version__,
        host=platform.node(),
    )
    return CaseResult(
        record.plain(),
        assessed.samples if assessed else None,
        notes.workload.data.inputs if notes.workload else None,
        notes.journal,
    )

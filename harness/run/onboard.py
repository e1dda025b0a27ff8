"""A case on its open unit: the image put there, the samples streamed, what came back measured and judged."""

from __future__ import annotations

from harness.bench.emulators import Findings
from harness.bench.unit import Unit
from harness.build.symbols import Symbols
from harness.clock import Clock
from harness.errors import DeviceError, PlanError
from harness.plans.expand import Case
from harness.plans.schema import Plan
from harness.run import blame
from harness.run.arrival import named
from harness.run.bring_up import bring_up
from harness.run.inside import look_inside
from harness.run.notes import Notes
from harness.run.options import RunOptions
from harness.run.played.score import scored
from harness.run.played.stages import first_stage
from harness.run.played.workload import PlayedWorkload
from harness.run.scoring import judge_of, view_of
from harness.run.streaming import CaseFiles, raise_speed, rescue, same_unit, stream_case
from harness.run.truth import looked_at
from harness.run.watch import Step, Watch
from harness.session.stream import check_state
from harness.session.verbs import BoardFaultError, BoardSilentError, OtherBoardError
from harness.verdict import assess
from harness.verdict.view import Truth
from harness.wire.events import ResultReceived
from harness.wire.messages import Hello


def put(
    case: Case, options: RunOptions, unit: Unit, notes: Notes, files: CaseFiles, watch: Watch, clock: Clock
) -> None:
    """Flash, greet, and go to the line's speed: ``notes.live`` and ``notes.climbed``. Errors as ``bring_up``."""
    assert notes.product is not None
    plan = case.plan
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
        tap=files.tap,
        tap_tx=files.log is not None,
    )
    notes.unit = unit.facts()
    notes.warnings += live.told()
    same_unit(files, unit)
    if files.journal is not None:
        files.journal.on_unit(unit.uid, notes.unit.chip_id)
    if notes.workload is not None and notes.workload.memory.follows is not None:
        _check_state(live.hello, plan)
    notes.climbed = raise_speed(live.session, unit, plan.stream, clock)


def _check_state(hello: Hello, plan: Plan) -> None:
    """``PlanError`` unless the firmware keeps a network's memory from sample to sample."""
    try:
        check_state(hello)
    except DeviceError as error:
        raise PlanError(
            error.what,
            where=plan.where("state"),
            expected=error.expected,
            found=f"{error.found} of {error.where}",
            next_step=error.next_step,
        ) from error


def run(
    case: Case,
    options: RunOptions,
    unit: Unit,
    notes: Notes,
    symbols: Symbols,
    files: CaseFiles,
    watch: Watch,
    clock: Clock,
) -> None:
    """Stream the samples to what ``put`` has left, measure and judge: ``notes.streamed``, ``view``, ``assessed``, ``inside``.

    Errors of rig and firmware come out, with what was streamed by then in ``notes``.
    """
    assert notes.product is not None
    assert notes.workload is not None
    assert notes.live is not None
    assert notes.climbed is not None
    plan, workload, live = case.plan, notes.workload, notes.live
    payloads = workload.payloads()
    playing = workload.playing if isinstance(workload, PlayedWorkload) else None
    total = len(payloads)

    what = "samples" if playing is None else "hops"

    def count(index: int, result: ResultReceived) -> None:
        notes.answered += 1
        notes.telling.answer(index, result)
        watch(Step("stream", notes.answered / total, f"{notes.answered}/{total} {what}"))

    answered = files.earlier.answered if files.earlier else {}
    notes.telling.streaming(
        total,
        answered,
        lambda: (live.session.counters, live.session.baud),
        judge_of(case, workload, notes.product.model.outputs, looked_at(plan, notes.product.model)),
    )
    try:
        notes.streamed = stream_case(
            live.session,
            payloads,
            files,
            notes.climbed,
            wanted=plan.stream if playing is None else playing.timed(plan.stream),
            timeout_s=plan.timeouts.case_s,
            helped=rescue(unit, clock, symbols),
            answered=answered,
            on_answer=count,
            follows=workload.memory.follows,
            pace=None if playing is None else playing.pace(live.hello.slots),
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
    heed(unit.findings(), notes)
    if isinstance(workload, PlayedWorkload):
        found = scored(case, notes.product.model, workload, notes.streamed, live.hello.clock_hz)
        notes.streamed, notes.workload, notes.playback = found.streamed, found.workload, found.playback
        if playing is not None and found.first is not None and found.first[1] == "features":
            words = first_stage(live.session, playing, found.first[0], found.first[2])
            told = f"{found.playback.divergence}; {words}"
            notes.playback = found.playback.model_copy(update={"divergence": told})
        notes.truth = Truth(played=found.played)
        workload = found.workload
    notes.view = view_of(
        case,
        notes.product,
        workload,
        notes.streamed,
        live,
        truth=notes.truth,
        evidence=unit.evidence,
        stack_bytes=status.stack_bytes,
    )
    notes.assessed = assess(notes.view, case.gates)
    notes.warnings += notes.assessed.warnings
    if playing is not None:
        if options.layers:
            notes.warnings.append(
                "the layers were not profiled: a sample is a hop of a recording, not the network's input; --layers is for a plan"
                " of the same model without 'continuous'"
            )
        notes.said = notes.last_lines()
        return
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
    notes.said = notes.last_lines()


def heed(found: Findings, notes: Notes) -> None:
    """What the emulator saw: gaps of its model are warnings; what a chip would not have done is the firmware's fault."""
    notes.warnings += found.warnings
    if found.errors:
        raise blame.OnAChipError(
            "every sample was answered, but on a chip this firmware would have crashed or gone wrong",
            found="; ".join(found.errors[:5]),
            next_step="look the pc up in the ELF: addr2line -e fw.elf <pc>",
        )

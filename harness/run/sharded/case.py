"""A case on several units, from the image to its record: one record, one ``samples.npz``, each sample scored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.bench.boards import Board
from harness.bench.places import Place
from harness.build.symbols import Symbols
from harness.clock import Clock
from harness.errors import BenchError, DeviceError
from harness.evidence import clear_reports
from harness.plans.expand import Case
from harness.records import Evidence
from harness.run.bring_up import Live
from harness.run.inside import look_inside
from harness.run.journal import Earlier
from harness.run.notes import CaseResult, Notes, ended_early, judged, result
from harness.run.options import RunOptions
from harness.run.scoring import judge_of, view_of
from harness.run.sharded import pooled
from harness.run.sharded.aftermath import excused, told_of, verdict_of
from harness.run.sharded.crew import Crew
from harness.run.sharded.places import taken, wish
from harness.run.sharded.reference import doubts
from harness.run.sharded.seat import Common, Seat
from harness.run.sharded.shared import Answered, Shared
from harness.run.sharded.spread import Spread
from harness.run.streaming import was_aside, written_down
from harness.run.truth import looked_at
from harness.run.watch import Step, Watch
from harness.verdict import assess


@dataclass(frozen=True)
class Given:
    """What the runner has made by the time that a unit is needed."""

    case: Case
    board: Board
    options: RunOptions
    notes: Notes
    symbols: Symbols
    bound: Mapping[str, str]
    earlier: tuple[Path, Earlier] | None
    watch: Watch
    clock: Clock
    folder: Path | None
    tags: Sequence[str] = ()  # that the units must have

    @property
    def before(self) -> Earlier | None:
        """What an earlier part of the run has left."""
        return self.earlier[1] if self.earlier else None


def spread_out(given: Given) -> CaseResult | None:
    """Run the case on several units if it is to be, and there are; None when it runs on one, with the reason in its notes.

    Errors as of ``run_case``.
    """
    case, options, notes, before = given.case, given.options, given.notes, given.before
    assert notes.workload is not None
    wanted, why_not = wish(case, options, notes.workload)
    if why_not:
        notes.warnings.append(why_not)
    gone_on = before is not None and before.spread
    if wanted is None and not gone_on:
        return None
    with taken(
        case, given.board, options, notes.backend, wanted or "auto", given.folder, given.clock, given.tags
    ) as team:
        notes.warnings += team.warnings
        if len(team.places) >= 2:
            return _streamed(given, team.places)
    # What several units have begun is gone on with by one too, which is waited for: whose answer each is stays known.
    return _streamed(given, (None,)) if gone_on else None


def _streamed(given: Given, places: tuple[Place | None, ...]) -> CaseResult:
    case, notes, clock, folder = given.case, given.notes, given.clock, given.folder
    assert notes.workload is not None
    assert notes.product is not None
    with written_down(folder, given.earlier, given.bound, clock, run_id=notes.run_id, started=notes.started) as (
        kept,
        aside,
    ):
        if folder is not None:
            clear_reports(folder)  # of an earlier run: should this one be killed, nothing must look like its result
        if aside is not None:
            notes.warnings.append(was_aside(aside))
        notes.journal = kept.path if kept else None
        shared = _shared(case, notes, given.before, len(places))
        common = Common(
            case,
            given.board,
            notes.backend,
            given.options,
            notes,
            given.symbols,
            notes.workload.memory.follows,
            folder,
            clock,
            given.tags,
            go_on=given.earlier is not None,
        )
        crew = Crew(common, shared, places, given.before)
        outputs, chosen = notes.product.model.outputs, looked_at(case.plan, notes.product.model)
        notes.telling.streaming(
            shared.spread.n,
            given.before.answered if given.before else {},
            crew.counters,
            judge_of(case, notes.workload, outputs, chosen),
        )

        def count(told: Answered) -> None:
            notes.answered += 1
            notes.telling.answer(told.index, told.result)

        with crew.at_work():
            try:
                crew.stream(kept, given.watch, count)
            except (BenchError, DeviceError) as error:  # nobody's unit: the journal's disk, say
                return ended_early(case, notes, clock, error, None, given.symbols)
            given.watch(Step("judge"))
            return _ended(given, crew)


def _shared(case: Case, notes: Notes, before: Earlier | None, n_units: int) -> Shared:
    assert notes.workload is not None
    assert notes.product is not None
    work = notes.workload
    payloads = work.payloads()
    answered = before.answered if before else {}
    timed = before.quiet if before else frozenset()
    # What an earlier part has timed need not be timed again; with one sample under way all of them are.
    quiet = len(payloads) if case.plan.stream.window == 1 else max(0, case.plan.stream.quiet - len(timed))
    spread = Spread(len(payloads), n_units, work.memory.follows, answered, quiet)
    shared = Shared(spread, payloads, work.memory.follows, doubts(work, notes.product.outputs), n_units)
    for index, answer in answered.items():
        shared.known(index, answer, before.by.get(index, "") if before else "", alone=index in timed)
    return shared


def _ended(given: Given, crew: Crew) -> CaseResult:
    """The record of what the crew has streamed."""
    case, notes, clock, before = given.case, given.notes, given.clock, given.before
    assert notes.workload is not None
    shared, seats = crew.shared, pooled.present(crew.seats)
    for index in shared.spread.give_up():
        shared.lost[index] = f"no answer within {case.plan.timeouts.case_s} s"
    known = [seat for seat in seats if seat.facts is not None]
    first = next((seat for seat in known if seat.fault is None), known[0] if known else None)
    if first is not None:
        notes.unit, notes.stand_in = first.facts, first.stand_in
    evidence = notes.evidence
    excused(seats)
    told_of(crew, notes)
    found = verdict_of(case, crew, notes)
    live = [seat for seat in seats if seat.notes.live is not None]
    notes.live = _slowest(live)
    if any(seat.parts for seat in seats):
        notes.streamed = pooled.one_stream(shared, seats, crew.wall_s, before)
        notes.link = pooled.all_lines(notes.streamed, seats, evidence)
    notes.units = pooled.parts_of(shared, seats, None, evidence, before)
    speaker = next((seat for seat in seats if seat.fault is not None), first)
    notes.said = speaker.notes.said if speaker is not None else ()
    if found is not None:
        return result(case, notes, clock, *found)
    kept = next(seat for seat in live if seat.fault is None)
    crew.release(but=kept)
    _judge(given, crew, seats, kept, evidence)
    crew.release()
    return judged(case, notes, clock)


def _judge(given: Given, crew: Crew, seats: list[Seat], kept: Seat, evidence: Evidence) -> None:
    """Measure and judge what was streamed. ``kept`` is open yet: it is looked into."""
    case, notes, shared = given.case, given.notes, crew.shared
    assert notes.product is not None
    assert notes.workload is not None
    assert notes.live is not None
    assert notes.streamed is not None
    assert kept.notes.live is not None
    view = view_of(
        case,
        notes.product,
        notes.workload,
        notes.streamed,
        notes.live,
        truth=notes.truth,
        evidence=evidence,
        stack_bytes=max(seat.stack_bytes for seat in seats),
    )
    numbers = pooled.whose(shared, [share.unit.uid for share in notes.units])
    notes.view = replace(view, samples=replace(view.samples, units=numbers), link=notes.link)
    notes.units = pooled.parts_of(shared, seats, notes.view.samples, evidence, given.before)
    notes.assessed = assess(notes.view, case.gates)
    notes.warnings += notes.assessed.warnings
    given.watch(Step("layers"))
    notes.inside = look_inside(
        notes.product,
        notes.workload,
        notes.assessed.samples,
        kept.notes.live,
        reference=case.plan.reference,
        evidence=evidence,
        profile=given.options.layers,
    )
    notes.warnings.extend(notes.inside.warnings)


def _slowest(live: list[Seat]) -> Live | None:
    """What the record says of flashing and hello: all units ran the same image, and the slowest flash is how long it took."""
    known = [seat.notes.live for seat in live if seat.notes.live is not None]
    return max(known, key=lambda one: one.flashed.duration_s if one.flashed else 0.0, default=None)

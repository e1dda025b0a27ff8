"""What is known of a case while it runs, and how that becomes its record, however the case ends."""

from __future__ import annotations

import platform
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness import __version__
from harness.bench.emulators import About
from harness.bench.unit import Unit, about
from harness.build.symbols import Symbols
from harness.clock import Clock
from harness.conversion import Conversion
from harness.errors import BenchError, DeviceError
from harness.evidence import write_reports
from harness.findings import BaselineFacts, EarlierTry, Explanation, PublishedFigure, RigFault
from harness.plans.expand import Case
from harness.playback import Playback
from harness.records import (
    Backend,
    Evidence,
    FaultReport,
    LinkFacts,
    ModelFacts,
    Record,
    Samples,
    Setting,
    SourceFacts,
    UnitFacts,
    UnitShare,
    Verdict,
)
from harness.run import blame, journal
from harness.run.bring_up import Live
from harness.run.explain import explain, is_wanted, missed
from harness.run.inside import Inside
from harness.run.product import Product
from harness.run.scoring import link_facts
from harness.run.source import source_of
from harness.run.suspect import suspect
from harness.run.truth import looked_at
from harness.run.underway import Telling
from harness.run.workload import Workload
from harness.session.climb import Climbed
from harness.session.console import Console
from harness.session.verbs import StreamResult
from harness.verdict import Assessment, Extent, View, tasks
from harness.verdict.conversion import Row, change_facts, rows, steps, task_rows
from harness.verdict.metrics import family_of
from harness.verdict.relative import Baseline, held_against
from harness.verdict.swap import Side
from harness.verdict.view import Truth

_SHOWN_LINES = 20  # of what the firmware printed; serial.log has them all


@dataclass(frozen=True)
class CaseResult:
    """A record with its arrays; ``samples`` is None when nothing was scored. ``inputs`` float32 [N, ...] are for pictures.

    ``journal`` is where the answers were written down, in the folder of an earlier part of the run maybe.
    """

    record: Record
    samples: Samples | None
    inputs: npt.NDArray[np.float32] | None = None
    journal: Path | None = None

    def after(self, tries: tuple[EarlierTry, ...]) -> CaseResult:
        """The same, of a case that has been tried before."""
        return replace(self, record=self.record.model_copy(update={"tries": tries})) if tries else self

    def write(self, folder: Path) -> None:
        """Leave the report directory. The journal of a case that came to its end has served: the reports say it all."""
        write_reports(self.record, self.samples, folder, self.inputs)
        if self.samples is not None:
            for place in {folder, *([self.journal.parent] if self.journal else [])}:
                journal.remove(place, self.record.run_id)


@dataclass
class Notes:
    """What is known of a case so far: it ends up in the record whatever happens next."""

    run_id: str
    started: datetime
    backend: Backend
    stand_in: About | None
    source: SourceFacts | None = None
    network: ModelFacts | None = None
    workload: Workload | None = None
    playback: Playback | None = None
    truth: Truth = field(default_factory=Truth)
    product: Product | None = None
    unit: UnitFacts | None = None
    live: Live | None = None
    answered: int = 0
    streamed: StreamResult | None = None
    link: LinkFacts | None = None  # the lines' counters, where there are several
    units: tuple[UnitShare, ...] = ()  # each unit's part, where there are several
    view: View | None = None
    climbed: Climbed | None = None
    assessed: Assessment | None = None
    baseline: Baseline | None = None  # what gates against one are judged by; None: the case has none
    held_against: BaselineFacts | None = None  # what they were judged by
    fault: FaultReport | None = None
    rig: RigFault | None = None  # where its fault lay
    explanation: Explanation | None = None
    inside: Inside = field(default_factory=Inside)
    warnings: list[str] = field(default_factory=list)
    journal: Path | None = None
    console: Console | None = None
    printed: int = 0  # lines on it that are not this case's
    said: tuple[str, ...] | None = None  # the last of its lines, when it has ended
    telling: Telling = field(default_factory=Telling)  # what other processes may know of it
    began_s: float = 0.0  # of this part of the run, with the wall clock's word of it
    began: datetime | None = None

    @property
    def evidence(self) -> Evidence:
        """What its figures are worth. Of a unit that was never open it is not known, unless its bench says that it is virtual."""
        if self.stand_in is not None:
            return self.stand_in.evidence
        return "unknown" if self.unit is None else "hardware"

    def last_lines(self) -> tuple[str, ...]:
        """Of what the firmware has printed in this case so far."""
        return self.console.since(self.printed)[-_SHOWN_LINES:] if self.console is not None else ()

    @classmethod
    def begin(cls, backend: Backend, clock: Clock, folder: Path | None, stand_in: About | None = None) -> Notes:
        """Of a case that starts now; its plan stands in ``folder``, None for one that is in no file.

        ``stand_in``: what its unit will be, where that is known before one is open (``bench.unit.expected``).
        """
        now = clock.now()
        return cls(
            run_id=uuid.uuid4().hex[:12],
            started=now,
            backend=backend,
            stand_in=stand_in or about(backend),
            source=source_of(folder),
            began_s=clock.monotonic_s(),
            began=now,
        )


def judged(case: Case, notes: Notes, clock: Clock) -> CaseResult:
    """The record of a case that ran to its end. Where labels are missed it is tried what would explain them."""
    assert notes.assessed is not None
    _warn(notes)
    hold_against_baseline(case, notes, clock)
    reasons = notes.assessed.reasons
    if notes.assessed.verdict is Verdict.FAIL and missed(notes.assessed) and (cost := _conversion(notes)) is not None:
        reasons = (*reasons, cost.describe())
    if notes.assessed.verdict is Verdict.FAIL and is_wanted(notes.assessed):
        assert notes.product is not None
        assert notes.workload is not None
        notes.explanation, why_not = explain(case, notes.product.model, notes.workload, clock)
        if notes.explanation is not None:
            reasons = (*reasons, notes.explanation.describe())
        elif why_not:
            notes.warnings.append(why_not)
    elif notes.assessed.verdict is Verdict.FAIL and notes.view is not None and notes.playback is None:
        assert notes.product is not None
        assert notes.workload is not None
        notes.explanation, why_not = suspect(case, notes.product.model, notes.workload, notes.view.samples, clock)
        if notes.explanation is not None:
            reasons = (*reasons, notes.explanation.describe())
        elif why_not:
            notes.warnings.append(why_not)
    if notes.playback is not None and notes.playback.divergence and notes.assessed.verdict is Verdict.FAIL:
        reasons = (*reasons, f"board and host part: {notes.playback.divergence}")
    if notes.inside.divergence is not None and notes.assessed.verdict is Verdict.FAIL:
        reasons = (*reasons, notes.inside.divergence.describe())
    return result(case, notes, clock, notes.assessed.verdict, reasons)


def hold_against_baseline(case: Case, notes: Notes, clock: Clock) -> None:
    """Judge the case's gates against ``notes.baseline`` too, if it has one: they need the record of this run as it is so far."""
    baseline = notes.baseline
    if baseline is None:
        return
    assert notes.assessed is not None
    assert notes.view is not None
    draft = result(case, notes, clock, notes.assessed.verdict, ())
    assert draft.samples is not None
    view = notes.view
    extent = Extent(view.n, view.planned or view.n, view.wanted)
    before = notes.assessed.warnings
    notes.assessed, notes.held_against = held_against(
        notes.assessed, case.gates, Side("this run", draft.record, draft.samples), baseline, extent
    )
    notes.warnings += [words for words in notes.assessed.warnings if words not in (*before, *notes.warnings)]


def _warn(notes: Notes) -> None:
    """What a reader must know although the run went on."""
    streamed, climbed = notes.streamed, notes.climbed
    if streamed is not None and streamed.resets:
        notes.warnings.append(
            f"the board was reset {len(streamed.resets)} time(s) during the run and went on; each sample was scored once"
        )
    if streamed is not None and streamed.counters.replayed:
        notes.warnings.append(
            f"the board lost the network's memory: {streamed.counters.replayed} sample(s) were computed once more to bring it"
            " back; their first answers were scored"
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


def ended_early(
    case: Case,
    notes: Notes,
    clock: Clock,
    error: BenchError | DeviceError,
    unit: Unit | None,
    symbols: Symbols | None,
) -> CaseResult:
    """The record of a case that broke off with ``error``: whose fault it was is asked now, see ``blame``.

    ``unit`` is the open one, None when there was none yet. ``symbols`` None: nothing was built.
    """
    _warn(notes)
    if unit is not None:
        notes.unit = unit.facts()  # who answered, if that is what went wrong
    found = blame.blame(error, unit, notes.live.session if notes.live else None, symbols)
    notes.fault, notes.rig = found.fault, found.rig
    reasons = list(found.reasons)
    if notes.live is not None and notes.workload is not None:
        reasons.append(f"{notes.answered} of {len(notes.workload.data)} samples had been answered by then")
    return result(case, notes, clock, found.verdict, tuple(reasons))


def _conversion(notes: Notes) -> Conversion | None:
    """What the conversion and the board cost, where the origin was run and the board has answered."""
    work = notes.workload
    if work is None or work.origin is None or work.host is None or notes.product is None:
        return None
    if notes.view is None:
        return None
    origin, engine = work.origin.facts, notes.product.facts(None).engine
    engines: dict[Row, str] = {
        "origin": f"{origin.engine} {origin.version}",
        "tflite": f"{work.host.engine} {work.host.version}",
        "board": engine,
    }
    found = Conversion(
        origin=origin,
        rows=rows(notes.view, engines),
        steps=steps(notes.view),
        task_rows=task_rows(notes.view, engines),
        changes=change_facts(notes.view),
    )
    return found if found.rows or found.task_rows else None


def _published(case: Case) -> tuple[PublishedFigure, ...]:
    """What the plan knows of others' figures, in the units of ours."""
    found = ((one, family_of(one.metric, case.plan.task.name)) for one in case.plan.published)
    return tuple(
        PublishedFigure(
            metric=one.metric, value=one.value, unit=family.unit(one.metric) if family else "1", note=one.note
        )
        for one, family in found
    )


def _finished(notes: Notes, clock: Clock) -> datetime:
    """When the case ended by the clock that it began by: the wall's may have been set meanwhile, or since an earlier part."""
    if notes.began is None:
        return max(clock.now(), notes.started)
    return max(notes.began + timedelta(seconds=clock.monotonic_s() - notes.began_s), notes.started)


def result(case: Case, notes: Notes, clock: Clock, verdict: Verdict, reasons: tuple[str, ...]) -> CaseResult:
    """The record of what is known by now, with that verdict."""
    assessed = notes.assessed
    model = notes.product.model if notes.product else None
    output = model.outputs[looked_at(case.plan, model)] if model else None
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
        evidence=notes.evidence,
        caveat=notes.stand_in.caveat if notes.stand_in else "",
        firmware=notes.product.facts(notes.live.flashed if notes.live else None) if notes.product else None,
        source=notes.source,
        network=notes.network,
        dataset=notes.workload.facts() if notes.workload else None,
        task=case.plan.task.name,
        task_options=tuple(Setting(name=name, value=value) for name, value in tasks.settings(case.plan.task))
        if notes.workload  # else it is not known to be right
        else (),
        output=output.name if output and model and len(model.outputs) > 1 else "",
        outputs=output.dtype if output else None,
        outputs_scale=output.scale if output else 0.0,
        outputs_zero_point=output.zero_point if output else 0,
        state_reset=notes.workload.memory.reset or "" if notes.workload else "",
        inputs=notes.workload.inputs if notes.workload else None,
        reference=notes.workload.reference if notes.workload else None,
        conversion=_conversion(notes),
        playback=notes.playback,
        link=notes.link or (link_facts(notes.streamed, notes.evidence) if notes.streamed else None),
        units=notes.units,
        measurements=assessed.measurements if assessed else (),
        gates=assessed.gates if assessed else (),
        baseline=notes.held_against,
        published=_published(case),
        confusion=assessed.confusion if assessed else (),
        fault=notes.fault,
        rig=notes.rig,
        divergence=notes.inside.divergence,
        explanation=notes.explanation,
        layers=notes.inside.layers,
        layers_sample=notes.inside.sample,
        console=notes.last_lines() if notes.said is None else notes.said,
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

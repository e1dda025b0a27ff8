"""What a unit made of some samples, in the hands of a test: figures, gates, and what they come to in the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.clock import Clock
from harness.errors import MisuseError
from harness.plans.expand import Case
from harness.plans.names import suggestion
from harness.plans.schema import Gate
from harness.records import GateResult, LinkFacts, Measurement, Samples, Verdict
from harness.run.baseline import baseline_of
from harness.run.notes import CaseResult, Notes, hold_against_baseline, judged
from harness.run.wishes import gate_of
from harness.verdict import Extent, View, assess, check_gates, judge, measure_all, tasks
from harness.verdict.gates import why_absent
from harness.verdict.metrics import family_of, metric_names


class CheckFailed(AssertionError):
    """A check of ours that a test has asked for does not hold. Its text says all: where it was raised says nothing."""


class NotPrinted(CheckFailed):
    """The firmware did not print in time what a test has waited for."""


class GateBroken(CheckFailed):
    """A gate that a test has stated does not hold: the product is wrong."""


class NotMeasured(MisuseError):
    """A figure that this unit cannot have, such as a latency of an emulator: the test is skipped, never passed."""


@dataclass(frozen=True)
class Ending:
    """How the test ended. ``words`` say what ended it early, "" when nothing did. ``judged``: it was a check of the test's own."""

    words: str = ""
    judged: bool = False


@dataclass(frozen=True)
class Pending:
    """What only the road knows of a run whose record is not written yet."""

    case: Case
    notes: Notes
    view: View
    clock: Clock
    folder: Path | None
    baseline: str | None = None  # what --baseline said


class Run:
    """What a unit made of some samples. Lost samples count as wrong, never as fewer.

    ``decisions`` int64 [N]: class index, -1 = unknown, lost, or computed from another input than was sent. ``warnings``:
    how the data had to be fitted to the model, and what is odd about it or the unit.
    """

    def __init__(
        self,
        samples: Samples,
        decisions: npt.NDArray[np.int64],
        link: LinkFacts,
        warnings: Sequence[str] = (),
        pending: Pending | None = None,
    ) -> None:
        self.samples = samples
        self.decisions = decisions
        self.link = link
        self.warnings = tuple(warnings)
        self._pending = pending
        self._gates: list[Gate] = []
        self._results: list[GateResult] = []

    @classmethod
    def of(cls, case: Case, notes: Notes, clock: Clock, folder: Path | None, baseline: str | None = None) -> Run:
        """A stream that ``onboard.run`` has brought to its end. ``baseline``: what gates against one are judged by."""
        assert notes.view is not None
        view = notes.view
        decided = view.decisions if view.decides else np.full(view.n, -1)
        decisions = np.where(view.sound, decided, np.int64(-1))
        assert view.link is not None
        return cls(
            view.samples, decisions, view.link, notes.warnings, Pending(case, notes, view, clock, folder, baseline)
        )

    @property
    def accuracy(self) -> float:
        """Share of the samples whose decision is the label (top-1). ``MisuseError`` for a task that decides on no class."""
        if self._pending is not None and not self._pending.view.decides:
            raise MisuseError(
                f"the task {self._pending.view.task.name!r} decides on no class",
                where="run.accuracy",
                next_step="run.metric(...) has its figures; `hil metrics` lists them",
            )
        return float(np.mean(self.decisions == self.samples.labels))

    @property
    def agreement(self) -> float:
        """Share of the samples whose raw outputs are identical to the host reference's."""
        if self._pending is not None:
            return float(np.mean(self._pending.view.identical[self._pending.view.asked]))
        from harness.verdict.alike import alike

        return float(np.mean(alike(self.samples.outputs, self.samples.reference) & self.samples.answered))

    @property
    def lost(self) -> int:
        """Samples without an answer."""
        return int(np.sum(~self.samples.answered))

    @cached_property
    def measurements(self) -> tuple[Measurement, ...]:
        """Everything that this run has evidence for, as in a record; ``hil metrics`` tells what each means."""
        return measure_all(self._known.view)

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """What came of the gates stated so far."""
        return tuple(self._results)

    @property
    def folder(self) -> Path | None:
        """Where the reports of this run are written when the test ends; None when nowhere."""
        return self._pending.folder if self._pending else None

    def metric(self, name: str) -> float:
        """The value of one measurement, such as ``f1.macro`` or ``recall.yes``.

        ``MisuseError`` for a name that no measurement has; ``NotMeasured`` for one that this run has no evidence for.
        """
        found = next((m for m in self.measurements if m.name == name), None)
        if found is not None:
            return found.value
        view = self._known.view
        family = family_of(name, view.task.name)
        _, _, label = name.partition(".")
        of = family.of_output(name) if family else ""
        known_outputs = [output.name for output, _, _ in view.each]
        if family is None or (family.per_class(name) and label not in self._parts) or (of and of not in known_outputs):
            known = [m.name for m in self.measurements] + metric_names(view.task.name)
            raise MisuseError(
                f"there is no measurement {name!r}",
                where="run.metric(...)",
                expected="a name that `hil metrics` lists, with the class behind the point for recall and the like",
                found=name,
                next_step=suggestion(name, known, "name one of these"),
            )
        raise NotMeasured(f"{name}: {why_absent(name, view.evidence)}", where="run.metric(...)")

    def gate(
        self,
        gate: str,
        *,
        soft: bool = False,
        confidence: float | None = None,
        needs: Literal["hardware"] | None = None,
    ) -> GateResult:
        """Judge a limit, written as in a plan: ``run.gate("accuracy >= 0.95")``. It is in the record's gates from now on.

        A broken gate raises ``GateBroken``, an AssertionError; with ``soft`` the test goes on, and all broken soft gates
        are told at its end, where it fails. A gate that cannot be decided (``needs="hardware"`` on an emulator, an interval
        on both sides of the limit) lets the test go on too; at its end the test is skipped with the reason, and never passes.

        A gate against a baseline (``"accuracy drop <= 0.01"``) is judged by the run that ``--baseline`` names; without one it
        cannot be decided.

        ``MisuseError`` for what is no gate, ``PlanError`` for one that no run could keep or break, as in a plan.
        """
        known = self._known
        wanted = gate_of(gate, confidence=confidence, needs=needs)
        check_gates(
            (*self._gates, wanted),
            "run.gate(...)",
            self._parts,
            known.view.n,
            known.view.task.name,
            [output.name for output, _, _ in known.view.each],
            None if known.view.truth.clusters is None else len(np.unique(known.view.truth.clusters)),
        )
        if wanted.is_relative:
            result = self._against_baseline(wanted)
        else:
            extent = Extent(known.view.n, known.view.n)
            (result,), _, _ = judge((wanted,), self.measurements, known.view.evidence, extent)
        self._gates.append(wanted)
        self._results.append(result)
        if result.breaks and not soft:
            raise GateBroken("\n".join(_told(wanted, result)))
        return result

    def close(self, ending: Ending) -> CaseResult:
        """The record, now that the test has ended: with its gates, and with what the test itself came to."""
        known = self._known
        known.notes.assessed = assess(known.view, self._gates)
        new = (words for words in known.notes.assessed.warnings if words not in known.notes.warnings)
        known.notes.warnings.extend(new)
        if known.baseline is not None and not any(gate.is_relative for gate in self._gates):
            known.notes.warnings.append(
                f"--baseline {known.baseline}: this test states no gate against a baseline, so nothing was held against it"
            )
        found = judged(replace(known.case, gates=tuple(self._gates)), known.notes, known.clock)
        verdict, reasons = _together(found, ending, has_gates=any(gate.severity == "block" for gate in self._gates))
        record = found.record.model_copy(update={"verdict": verdict, "reasons": reasons})
        return replace(found, record=record.plain())

    def _against_baseline(self, gate: Gate) -> GateResult:
        """One gate against the run that --baseline names."""
        known = self._known
        case, notes = replace(known.case, gates=(gate,)), known.notes
        notes.baseline = notes.baseline or baseline_of(case, known.baseline, known.folder)
        notes.assessed = assess(known.view, case.gates)
        hold_against_baseline(case, notes, known.clock)
        return notes.assessed.gates[0]

    @property
    def _parts(self) -> tuple[str, ...]:
        """What ``*`` stands for in the names of the task's metrics."""
        workload = self._known.notes.workload
        return tasks.load(self._known.view.task.name).parts(workload.data) if workload else ()

    @property
    def _first_figure(self) -> str:
        decides = self._pending is None or self._pending.view.decides
        return f"accuracy {self.accuracy:.4f}, " if decides else ""

    @property
    def _known(self) -> Pending:
        if self._pending is None:
            raise MisuseError("this run was not made by dut.classify: nothing but its samples is known")
        return self._pending

    def __repr__(self) -> str:
        # pytest prints it below a failed assertion: the figures, not the arrays.
        figures = f"{self._first_figure}agreement {self.agreement:.4f}" if len(self.decisions) else "no figures"
        return f"<Run of {len(self.decisions)} samples: {figures}, {self.lost} lost>"


def _told(gate: Gate, result: GateResult) -> list[str]:
    return [f"gate broken: {gate.text()}", f"  found:    {result.reason}"]


def _together(found: CaseResult, ending: Ending, *, has_gates: bool) -> tuple[Verdict, tuple[str, ...]]:
    """The gates' verdict and the test's own.

    A check of the test's own that does not hold is evidence against the product, whatever the gates say: which run it was
    about nobody can know. A test that broke off otherwise has judged nothing beyond its gates.
    """
    record = found.record
    if ending.judged:
        kept = record.reasons if record.verdict is Verdict.FAIL else ()
        return Verdict.FAIL, (*kept, f"the test failed: {ending.words}")
    if has_gates:
        return record.verdict, record.reasons
    if ending.words:
        return Verdict.INCONCLUSIVE, (f"the test ended before it had judged this: {ending.words}",)
    return Verdict.PASS, ("the test passed; it states no gates: what it checks stands in its code",)

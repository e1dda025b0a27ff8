"""Gates against a baseline: what a plan may ask, and what came of it. Pure.

A gate of a plan is a limit on how a run differs from an earlier one. Both become a ``Comparison`` of ``swap``, which each such gate
reads; how the baseline is found is for ``run``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import MisuseError, PlanError
from harness.findings import BaselineFacts
from harness.plans.names import listed, suggestion
from harness.plans.schema import Gate, number
from harness.records import GateResult, Verdict
from harness.verdict.assess import Assessment
from harness.verdict.gates import Extent, concluded, warned
from harness.verdict.statistics import LEVEL
from harness.verdict.swap import Comparison, Limit, Side, compare_sides
from harness.verdict.swap.limits import KINDS, Kind, check, kind_of

#: What a run is judged by where a baseline is named and no gate is about it, by its task.
DEFAULTS = {
    "classification": Gate(metric="accuracy", change="drop", op="<=", limit=0.02),
    "anomaly": Gate(metric="auc", change="drop", op="<=", limit=0.02),
}


@dataclass(frozen=True)
class Baseline:
    """The run that a case is held against. ``side`` None: there is none, ``why_not`` says why and ``remedy`` what would mend it."""

    name: str
    side: Side | None = None
    why_not: str = ""
    remedy: str = ""


def names(task: str | None = None) -> list[str]:
    """Every gate against a baseline (in that task), without its limit; ``x.*`` = one per class."""
    return [
        f"{metric} {kind.relation}".strip()
        for kind in KINDS
        if task is None or task in (kind.tasks or (task,))
        for metric in kind.metrics
    ]


def described() -> list[dict[str, str | bool]]:
    """As ``metrics.described``: every gate against a baseline for people."""
    return [
        {
            "name": f"{metric} {kind.relation}".strip(),
            "unit": kind.unit,
            "emulator": kind.only != "hardware",
            "hardware": kind.only != "emulated",
            "tasks": ", ".join(kind.tasks) or "all",
            "interval": "none" if kind.exact else "any",
            "meaning": f"{kind.meaning}; also in %" if kind.percent else kind.meaning,
        }
        for kind in KINDS
        for metric in kind.metrics
    ]


def check_relative(gate: Gate, place: str, classes: Sequence[str] | None, task: str) -> None:
    """Raise ``PlanError`` for a gate against a baseline that no two runs could decide, or that holds whatever they give."""
    kind = kind_of(gate.metric, gate.change or "")
    if kind is None or task not in (kind.tasks or (task,)):
        known = names(task)
        raise PlanError(
            f"runs of the task {task!r} are not compared by {gate.limited!r}",
            where=place,
            expected=listed(known),
            found=gate.text(),
            next_step=suggestion(gate.limited, known, "gate on one of these"),
        )
    _check_class(gate, kind, place, classes)
    if gate.op != "<=":
        raise PlanError(
            "a gate against a baseline says how much worse a run may be at most",
            where=place,
            expected=f"{gate.limited} <= NUMBER",
            found=gate.text(),
            next_step="write <=; a limit below 0 asks for something better than the baseline",
        )
    if gate.percent and not kind.percent:
        raise PlanError(
            f"{gate.limited} is no share of the baseline's figure",
            where=place,
            expected="a limit without %",
            found=gate.text(),
            next_step=f"did you mean {gate.limited} <= {number(gate.limit / 100)}?",
        )
    lowest, highest = (-1.0 if gate.change else 0.0), (1.0 if kind.unit == "ratio" else math.inf)
    if not lowest <= gate.limit < highest and kind.unit == "ratio":
        hundredth = round(gate.limit / 100, 12)
        raise PlanError(
            "this gate holds whatever is measured" if gate.limit >= highest else f"{gate.limited} is never so small",
            where=place,
            expected=f"a limit of {number(lowest)} or more and below {number(highest)}",
            found=gate.text(),
            next_step=f"did you mean {gate.limited} <= {number(hundredth)}?"
            if 1 < gate.limit <= 100
            else "correct the limit",
        )
    if kind.exact and gate.confidence is not None:
        raise PlanError(
            f"{gate.limited} is known exactly",
            where=place,
            expected="no confidence",
            found=gate.text(),
            next_step="leave out 'confidence'",
        )
    if gate.needs == "hardware" and kind.only == "emulated":
        raise PlanError(
            f"{gate.metric} is measured on an emulator alone",
            where=place,
            expected="a metric that hardware has, such as cycles.p50",
            found=gate.text(),
            next_step="leave out 'needs hardware', or gate on another metric",
        )


def _check_class(gate: Gate, kind: Kind, place: str, classes: Sequence[str] | None) -> None:
    name = gate.metric.partition(".")[2]
    if classes is not None and kind.metrics[0].endswith(".*") and name not in classes:
        raise PlanError(
            f"the dataset has no class {name!r}",
            where=place,
            expected=listed(classes),
            found=gate.text(),
            next_step=suggestion(name, classes, "name a class of the data set"),
        )


def held_against(
    assessed: Assessment, gates: Sequence[Gate], run: Side, baseline: Baseline, extent: Extent
) -> tuple[Assessment, BaselineFacts | None]:
    """The assessment with the gates against ``baseline`` judged too, in the plan's order, and what it was held against.

    A gate that cannot be judged is undecided and says why, and what would mend it. The same firmware that gave other outputs for
    the same inputs fails, whatever its gates say.
    """
    judging = _Judging(run, baseline, extent)
    plain = iter(assessed.gates)
    results = [judging.result(gate) if gate.is_relative else next(plain) for gate in gates]
    results += plain  # what is judged although the plan does not speak of it
    verdict, reasons = concluded(results, extent)
    if judging.faults:
        verdict, reasons = Verdict.FAIL, (*judging.faults, *(reasons if verdict is not Verdict.PASS else ()))
    warnings = (*(w for w in assessed.warnings if w not in warned(assessed.gates)), *judging.notes, *warned(results))
    return replace(assessed, gates=tuple(results), verdict=verdict, reasons=reasons, warnings=warnings), judging.facts


class _Judging:
    """One run against its baseline; a comparison for each level that a gate asks for."""

    def __init__(self, run: Side, baseline: Baseline, extent: Extent) -> None:
        self._run = run
        self._baseline = baseline
        self._extent = extent
        self._compared: dict[float, Comparison | str] = {}

    def result(self, gate: Gate) -> GateResult:
        kind = kind_of(gate.metric, gate.change or "")
        level = None if kind is not None and kind.exact else gate.confidence or LEVEL
        found = self._comparison(level or LEVEL)
        why = found if isinstance(found, str) else self._unfit(gate, found)
        if why or isinstance(found, str):
            return self._told(gate, level, reason=f"{gate.text()}: {why}")
        limit = Limit(gate.metric, gate.change or "", gate.limit, gate.percent)
        came = check(found, limit)
        passed, reason = came.passed, came.reason if came.value is not None else f"{gate.text()}: {came.reason}"
        if passed and level is not None and (part := self._part()):
            passed, reason = None, f"{reason}: it would hold, but {part}"
        return self._told(gate, level, passed=passed, value=came.value, low=came.low, high=came.high, reason=reason)

    def _part(self) -> str:
        """What was run in part: the samples of the rest may have got worse unseen. "" where both runs are whole."""
        if self._extent.shortened:
            return f"a run of {self._extent.shortened} passes no gate against a baseline"
        data = self._baseline.side.record.dataset if self._baseline.side else None
        if data is not None and data.planned is not None and data.n < data.planned:
            name = self._baseline.name
            return f"the baseline {name} is a run of {data.n} of {data.planned} samples; name one of all of them"
        return ""

    def _told(
        self,
        gate: Gate,
        level: float | None,
        *,
        reason: str,
        passed: bool | None = None,
        value: float | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> GateResult:
        return GateResult(
            metric=gate.limited,
            op=gate.op,
            limit=gate.limit,
            value=value,
            passed=passed,
            needs=gate.needs,
            confidence=level,
            reason=reason,
            unit="%" if gate.percent else "",
            severity=gate.severity,
            baseline=self._baseline.name,
            low=low,
            high=high,
        )

    def _comparison(self, level: float) -> Comparison | str:
        """The comparison at that level, or why there is none."""
        if level not in self._compared:
            self._compared[level] = self._compare(level)
        return self._compared[level]

    def _compare(self, level: float) -> Comparison | str:
        baseline = self._baseline
        if baseline.side is None:
            return f"{baseline.why_not}; next: {baseline.remedy}" if baseline.remedy else baseline.why_not
        if baseline.side.record.verdict is Verdict.ERROR:
            return f"the baseline {baseline.name} ended in an error of the rig; name another run"
        try:
            return compare_sides(baseline.side, self._run, level=level)
        except MisuseError as error:
            return in_a_line(error)

    def _unfit(self, gate: Gate, found: Comparison) -> str:
        """Why this gate cannot be judged by that comparison; "" where it can."""
        if gate.needs == "hardware":
            for side, name in ((found.candidate, "this run"), (found.baseline, f"the baseline {self._baseline.name}")):
                if side.evidence != "hardware":
                    return f"cannot be decided on an emulator, and {name} is emulated; run it on a board"
        if gate.metric == "score" and any(f.kind == "unanswered" and f.weight == "doubt" for f in found.findings):
            return next(f.text for f in found.findings if f.kind == "unanswered" and f.weight == "doubt")
        return ""

    def _first(self) -> Comparison | None:
        return next((one for one in self._compared.values() if isinstance(one, Comparison)), None)

    @property
    def faults(self) -> tuple[str, ...]:
        """What fails the run whatever its gates say."""
        found = self._first()
        return () if found is None else tuple(f.text for f in found.findings if f.weight == "fault")

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the comparison."""
        found = self._first()
        told = () if found is None else found.findings
        return tuple(
            f"against {self._baseline.name}: {f.text}"
            for f in told
            if f.weight == "note" and f.kind not in ("nothing_changed", "unsupported")
        )

    @property
    def facts(self) -> BaselineFacts | None:
        """Of the run that it was held against; None where it could not be."""
        found = self._first()
        if found is None:
            return None
        side = found.baseline
        return BaselineFacts(
            name=self._baseline.name,
            run_id=side.run_id,
            case_id=side.case_id,
            started=side.started,
            unit=side.unit,
            evidence=side.evidence,
            model_sha256=side.model_sha256,
            elf_sha256=side.elf_sha256,
            n=found.pairing.n,
            changes=tuple(change.what for change in found.changes),
        )


def in_a_line(error: MisuseError) -> str:
    """All that an error says, for a reason."""
    told = (
        error.what,
        error.where,
        error.expected and f"expected {error.expected}",
        error.found and f"found {error.found}",
        error.next_step,
    )
    return "; ".join(str(part) for part in told if part)

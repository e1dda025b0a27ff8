"""A plan's gates on an archived run. Its samples are decided and measured anew, by the plan as it stands now."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.errors import HilError
from harness.plans.schema import Gate, Plan
from harness.records import GateResult, Measurement, Record, Samples, Tensor, Verdict
from harness.verdict.assess import Assessment
from harness.verdict.gates import Extent, concluded, judge
from harness.verdict.metrics import measure_all
from harness.verdict.relative import Baseline, held_against
from harness.verdict.swap import Side
from harness.verdict.view import Truth, View


@dataclass(frozen=True)
class Replayed:
    """What the gates came to. ``anew``: the samples were decided again; else the recorded measurements were judged.

    ``side`` is the run as others can be held against it; None without its samples.
    """

    gates: tuple[GateResult, ...]
    verdict: Verdict
    measurements: tuple[Measurement, ...]
    anew: bool
    side: Side | None


def replay(
    record: Record, samples: Samples | None, plan: Plan, gates: tuple[Gate, ...], before: Baseline | None = None
) -> Replayed:
    """Judge ``gates`` on a run that was archived, those against a baseline by ``before``; one result a gate, in their order.

    Where the task is a classification and the samples are there, they are decided by the plan's rule of now. Every other
    measurement, of the link, of memory, of tasks that look at more than the archive keeps, is the recorded one.
    """
    found = {m.name: m for m in record.measurements}
    again, samples = _decided_again(record, samples, plan)
    for m in again or ():
        # One that is what it was keeps what only the run knew of it, such as its interval by groups.
        if m.name not in found or not np.isclose(m.value, found[m.name].value, rtol=1e-12, equal_nan=True):
            found[m.name] = m
    n = record.dataset.n if record.dataset else 0
    planned = record.dataset.planned if record.dataset else None
    extent = Extent(n, planned or n, plan.min_samples)
    measurements = tuple(found.values())
    results, verdict, reasons = judge(gates, measurements, record.evidence, extent)
    side = None if samples is None else Side(record.run_id, record, samples)
    if any(gate.is_relative for gate in gates):
        if side is None:
            results = _without_samples(gates, results)
            verdict, _ = concluded(results, extent)
        else:
            baseline = before or Baseline("", why_not="there is no other healthy run to hold it against")
            assessed = Assessment(side.samples, measurements, results, verdict, reasons, confusion=())
            judged, _ = held_against(assessed, gates, side, baseline, extent)
            results, verdict = judged.gates, judged.verdict
    return Replayed(results, verdict, measurements, anew=again is not None, side=side)


def _without_samples(gates: tuple[Gate, ...], results: tuple[GateResult, ...]) -> tuple[GateResult, ...]:
    """The results with those of gates against a baseline among them: nothing can be paired."""
    plain = iter(results)
    return tuple(
        GateResult(
            metric=gate.limited,
            op=gate.op,
            limit=gate.limit,
            value=None,
            passed=None,
            severity=gate.severity,
            reason=f"{gate.text()}: the history has no samples of the run",
        )
        if gate.is_relative
        else next(plain)
        for gate in gates
    )


def _decided_again(
    record: Record, samples: Samples | None, plan: Plan
) -> tuple[tuple[Measurement, ...] | None, Samples | None]:
    """What the samples give by the plan's rule, and they with their decisions; None, and they as they are, where the archive
    does not hold all that the task looks at."""
    data = record.dataset
    if samples is None or data is None or record.outputs is None or record.playback is not None:
        return None, samples
    if not len(samples.ids) or not record.task == plan.task.name == "classification":
        return None, samples
    output = Tensor(
        record.output or "output",
        (1, int(samples.outputs.shape[1])),
        record.outputs,
        record.outputs_scale,
        record.outputs_zero_point,
    )
    stack = record.measurement("stack_bytes")
    try:
        view = View(
            samples=samples,
            output=output,
            classes=data.classes,
            evidence=record.evidence,
            rule=plan.decide,
            task=plan.task,
            truth=Truth(groups=samples.groups),
            clock_hz=record.unit.clock_hz if record.unit else None,
            link=record.link,
            firmware=record.firmware,
            stack_bytes=int(stack.value) if stack else None,
            planned=data.planned,
            wanted=plan.min_samples,
        )
        return measure_all(view), replace(samples, decisions=view.decisions)
    except HilError:
        return None, samples  # other classes than the outputs: the run was of another shape, and its own figures stand

"""A plan's gates on an archived run. Its samples are decided and measured anew, by the plan as it stands now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.errors import HilError
from harness.plans.schema import Gate, Plan
from harness.records import GateResult, Measurement, Record, Samples, Tensor, Verdict
from harness.verdict.gates import Extent, judge
from harness.verdict.metrics import measure_all
from harness.verdict.view import Truth, View


@dataclass(frozen=True)
class Replayed:
    """What the gates came to. ``anew``: the samples were decided again; else the recorded measurements were judged."""

    gates: tuple[GateResult, ...]
    verdict: Verdict
    measurements: tuple[Measurement, ...]
    anew: bool


def replay(record: Record, samples: Samples | None, plan: Plan, gates: tuple[Gate, ...]) -> Replayed:
    """Judge ``gates`` on a run that was archived.

    Where the task is a classification and the samples are there, they are decided by the plan's rule of now. Every other
    measurement, of the link, of memory, of tasks that look at more than the archive keeps, is the recorded one.
    """
    found = {m.name: m for m in record.measurements}
    again = _measured_again(record, samples, plan)
    for m in again or ():
        # One that is what it was keeps what only the run knew of it, such as its interval by groups.
        if m.name not in found or not np.isclose(m.value, found[m.name].value, rtol=1e-12, equal_nan=True):
            found[m.name] = m
    n = record.dataset.n if record.dataset else 0
    planned = record.dataset.planned if record.dataset else None
    results, verdict, _ = judge(gates, found.values(), record.evidence, Extent(n, planned or n, plan.min_samples))
    return Replayed(results, verdict, tuple(found.values()), anew=again is not None)


def _measured_again(record: Record, samples: Samples | None, plan: Plan) -> tuple[Measurement, ...] | None:
    """None where the archive does not hold all that the task looks at."""
    data = record.dataset
    if samples is None or data is None or record.outputs is None or record.playback is not None:
        return None
    if not len(samples.ids) or not record.task == plan.task.name == "classification":
        return None
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
        return measure_all(view)
    except HilError:
        return None  # other classes than the outputs: the run was of another shape, and its own figures stand

"""The whole judgement of a case in one call: what ``run`` puts into the record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from harness.plans.schema import Gate
from harness.records import GateResult, Measurement, Samples, Verdict
from harness.verdict import tasks
from harness.verdict.gates import Extent, judge, warned
from harness.verdict.metrics import measure_all
from harness.verdict.remarks import remarks
from harness.verdict.view import View


@dataclass(frozen=True)
class Assessment:
    """What came of a case. ``samples`` are the view's, with their decisions."""

    samples: Samples
    measurements: tuple[Measurement, ...]
    gates: tuple[GateResult, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    warnings: tuple[str, ...] = ()


#: Judged where outputs are floats and the plan does not speak of it.
FINITE = Gate(metric="nonfinite_outputs", op="==", limit=0.0)


def assess(view: View, gates: Iterable[Gate]) -> Assessment:
    """Measure everything, then judge ``gates``; those against a baseline are for ``relative``, which needs a record.

    The verdict is never ``error``: that is for ``run`` to say.
    """
    measurements = measure_all(view)
    extent = Extent(view.n, view.planned or view.n, view.wanted)
    results, verdict, reasons = judge(_with_default(tuple(gates), view), measurements, view.evidence, extent)
    return Assessment(
        samples=dataclasses.replace(
            view.samples,
            decisions=view.decisions if view.decides else None,
            scores=tasks.load(view.task.name).scores(view),
        ),
        measurements=measurements,
        gates=results,
        verdict=verdict,
        reasons=reasons,
        confusion=view.confusion,
        warnings=(*remarks(view), *warned(results)),
    )


def _with_default(gates: tuple[Gate, ...], view: View) -> tuple[Gate, ...]:
    """The plan's gates, and that float outputs are finite. A plan without any gate still judges nothing."""
    floats = any(output.dtype == "float32" for output, _, _ in view.each)
    if not gates or not floats or any(gate.metric == FINITE.metric for gate in gates):
        return gates
    return (*gates, FINITE)

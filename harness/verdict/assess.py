"""The whole judgement of a case in one call: what ``run`` puts into the record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from harness.plans.schema import Gate
from harness.records import GateResult, Measurement, Samples, Verdict
from harness.verdict.gates import Extent, judge
from harness.verdict.metrics import measure_all
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


def assess(view: View, gates: Iterable[Gate]) -> Assessment:
    """Measure everything, then judge ``gates``. The verdict is never ``error``: that is for ``run`` to say."""
    measurements = measure_all(view)
    extent = Extent(view.n, view.planned or view.n, view.wanted)
    results, verdict, reasons = judge(gates, measurements, view.evidence, extent)
    return Assessment(
        samples=dataclasses.replace(view.samples, decisions=view.decisions),
        measurements=measurements,
        gates=results,
        verdict=verdict,
        reasons=reasons,
        confusion=view.confusion,
    )

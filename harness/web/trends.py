"""A measurement over the runs of one plan on one board: values with intervals, the gate, and where something changed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from harness.evidence.history import Point, Wanted
from harness.web import charts
from harness.web.runs import Filters, choices
from harness.web.site import TheSite

router = APIRouter()
_SHOWN: Final = 50  # runs in the table below the picture
_LOOKED_AT: Final = 20  # runs whose measurements can be chosen


class Asked(Filters):
    """A measurement, and the filters of runs."""

    metric: str | None = None


@router.get("/trends")
def trends(site: TheSite, request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Without a plan in the address: of the one that ran last."""
    named = Wanted(plan=asked.plan, board=asked.board, model=asked.model)
    # As far as the address names a cell, it is that one; else the one that ran last.
    newest = site.history.runs(named, limit=1) or site.history.runs(limit=1)
    if not newest:
        return site.page(request, "trends.html.j2", asked={}, points=[], metrics=[])
    chosen = newest[0]
    asked = asked.model_copy(update={"plan": chosen.plan, "board": chosen.board, "model": chosen.model})
    of_cell = Wanted(plan=chosen.plan, board=chosen.board, model=chosen.model)
    metrics = site.history.metrics(of_cell, newest=_LOOKED_AT)
    metric = asked.metric or chosen.metric or "accuracy"
    points = site.history.trend(metric, asked.wanted())
    gates = [(line.op, line.limit) for line in site.history.gate_lines(metric, of_cell)]
    unit = points[-1].measured_in if points else "1"
    return site.page(
        request,
        "trends.html.j2",
        choices=choices(site),
        asked=asked.said() | {"metric": metric},
        metrics=sorted({*metrics, metric}),
        points=list(reversed(points[-_SHOWN:])),
        total=len(points),
        unit=unit,
        units=sorted({point.unit for point in points if point.unit}),
        chart=charts.trend([_shown(point) for point in points], metric, unit, gates=gates),
    )


def _shown(point: Point) -> charts.Shown:
    day: date = point.started.date()
    return charts.Shown(point.value, point.low, point.high, day.isoformat(), point.verdict)

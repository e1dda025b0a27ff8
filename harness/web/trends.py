"""A measurement over the runs of one plan on one board: values with intervals, the gate, and what is read out of them."""

from __future__ import annotations

import math
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from harness.evidence.history import Point, Wanted
from harness.evidence.history.looking import Trend, flaky_cases, trends_of
from harness.verdict.trends import FACTOR
from harness.web import charts
from harness.web.runs import Filters, choices
from harness.web.site import TheSite

router = APIRouter()
_SHOWN: Final = 50  # runs in the table below the picture
_LOOKED_AT: Final = 20  # runs whose measurements can be chosen
_FLAKY_IN: Final = 200  # runs that are looked through for a case that is flaky


class Asked(Filters):
    """A measurement, and the filters of runs."""

    metric: str | None = None


@router.get("/trends")
def trends(site: TheSite, request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """As far as the address names a plan, a board and a model, it is of that one; else of the one that ran last."""
    named = Wanted(plan=asked.plan, board=asked.board, model=asked.model)
    newest = site.history.runs(named, limit=1) or site.history.runs(limit=1)
    if not newest:
        return site.page(request, "trends.html.j2", asked={})
    last = newest[0]
    asked = asked.model_copy(update={"plan": last.plan, "board": last.board, "model": last.model})
    cell = Wanted(plan=last.plan, board=last.board, model=last.model)
    metric = asked.metric or last.metric or "accuracy"
    found = trends_of(site.history, metric, asked.wanted())
    return site.page(
        request,
        "trends.html.j2",
        asked=asked.said() | {"metric": metric},
        choices=choices(site),
        metrics=sorted({*site.history.metrics(cell, newest=_LOOKED_AT), metric}),
        trend=found[0] if found else None,
        units=sorted({point.unit for point in found[0].points if point.unit}) if found else [],
        shown=list(reversed(found[0].points[-_SHOWN:])) if found else [],
        chart=_chart(found[0]) if found else Markup(),
        factor=FACTOR,
        flaky=flaky_cases(site.history, asked.wanted(), limit=_FLAKY_IN),
    )


def _chart(trend: Trend) -> Markup:
    points = [point for point in trend.points if math.isfinite(point.value)]
    places = {point.run_id: index for index, point in enumerate(points)}
    return charts.trend(
        [_shown(point) for point in points],
        trend.metric,
        trend.measured_in,
        gates=[(line.op, line.limit) for line in trend.gates],
        changes=[places[first.run_id] for _, first in trend.changes],
    )


def _shown(point: Point) -> charts.Shown:
    return charts.Shown(point.value, point.low, point.high, point.started.date().isoformat(), point.verdict)

"""The first page: what stands, for each plan on each board, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from harness.evidence.history import Cell
from harness.evidence.reports import _words
from harness.run import underway
from harness.web import charts
from harness.web.site import TheSite

router = APIRouter()


@router.get("/")
def matrix(site: TheSite, request: Request) -> Response:
    """Rows are plans with their models, columns are boards."""
    cells = site.history.cells()
    boards = sorted({cell.board for cell in cells})
    rows = sorted({(cell.plan, cell.model) for cell in cells})
    by_place = {(cell.plan, cell.model, cell.board): cell for cell in cells}
    return site.page(
        request,
        "matrix.html.j2",
        boards=boards,
        rows=[(plan, model, [by_place.get((plan, model, board)) for board in boards]) for plan, model in rows],
        counts=_counts(cells),
        sparkline=sparkline,
        latest=max((cell.latest.started for cell in cells), default=None),
        running=[case for case in underway.cases() if not case.ended],
    )


def sparkline(cell: Cell) -> Markup:
    """The headline of its last runs, drawn and told."""
    row = cell.latest
    if len(cell.values) < 2 or row.headline is None:
        return Markup()
    unit = "ratio" if row.metric == "accuracy" else "1"
    low, high, last = (_words.figure(value, unit) for value in (min(cell.values), max(cell.values), cell.values[-1]))
    return charts.sparkline(cell.values, f"{row.metric} of {len(cell.values)} runs, {low} to {high}, the last {last}")


def _counts(cells: Sequence[Cell]) -> list[tuple[str, int]]:
    order = ("fail", "error", "inconclusive", "pass")
    found = [(verdict, sum(cell.latest.verdict == verdict for cell in cells)) for verdict in order]
    return [(verdict, count) for verdict, count in found if count]

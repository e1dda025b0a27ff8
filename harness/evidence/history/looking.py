"""A measurement over the runs of the history, cell by cell, with what is read out of it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from harness.evidence.history.rows import GateLine, Point, RunRow, Wanted
from harness.evidence.history.store import History
from harness.verdict import trends
from harness.verdict.trends import Change, Drift, Flaky, Outcome

_MOST_RUNS = 2_000


@dataclass(frozen=True)
class Trend:
    """One measurement of a plan on a board with a model, oldest first. ``changes`` and ``drifts`` are of the finite values."""

    metric: str
    plan: str
    board: str
    model: str
    measured_in: str
    points: tuple[Point, ...]
    gates: tuple[GateLine, ...]
    changes: tuple[tuple[Change, Point], ...]  # each with the first run of the new level
    drifts: tuple[Drift, ...]


def trends_of(history: History, metric: str, want: Wanted, *, limit: int = _MOST_RUNS) -> list[Trend]:
    """Of the newest ``limit`` runs that have the measurement; the cell that ran last comes first."""
    cells: dict[tuple[str, str, str], list[Point]] = defaultdict(list)
    for point in history.trend(metric, want, limit=limit):
        cells[point.plan, point.board, point.model].append(point)
    gates = history.gate_lines(metric, want)
    newest_first = sorted(cells.items(), key=lambda cell: cell[1][-1].started, reverse=True)
    return [_trend(metric, points, gates) for _, points in newest_first]


def flaky_cases(history: History, want: Wanted, *, limit: int = _MOST_RUNS) -> list[Flaky]:
    """Of the newest ``limit`` runs: cases that come to different ends with the same firmware on the same samples."""
    rows = history.runs(want, limit=limit)
    return trends.flaky(Outcome(row.case_id, _build(row), row.started, row.verdict) for row in rows)


def _trend(metric: str, points: list[Point], gates: list[GateLine]) -> Trend:
    last = points[-1]
    finite = [point for point in points if math.isfinite(point.value)]
    values = [point.value for point in finite]
    drifts = trends.drifting([point.started for point in finite], values, [point.unit for point in finite])
    return Trend(
        metric=metric,
        plan=last.plan,
        board=last.board,
        model=last.model,
        measured_in=last.measured_in,
        points=tuple(points),
        gates=tuple(
            line for line in gates if (line.plan, line.board, line.model) == (last.plan, last.board, last.model)
        ),
        changes=tuple((change, finite[change.index]) for change in trends.changes(values)),
        drifts=tuple(drifts),
    )


def _build(row: RunRow) -> str:
    """What a repeat of a run has in common with it; "" where no firmware was known."""
    return f"{row.elf_sha256[:12]}-{row.dataset_sha256[:12]}-{row.n}" if row.elf_sha256 else ""

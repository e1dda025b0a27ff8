"""What lists, trends and the matrix ask. Each is a handful of statements that follow an index; none looks at packed bytes."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, true

from harness.evidence.history.rows import Cell, Figure, GateLine, Note, Point, RunRow, SessionRow, Wanted
from harness.evidence.history.tables import gates, measurements, notes, runs, tag_runs, words

_SPARK: Final = 20  # values of a cell's sparkline
_TIMED: Final = 5  # runs of a case from which it is taken how long it takes
_CHUNK: Final = 500  # keys in one statement: SQLite takes 32,766, older ones 999
_NEWEST: Final = (runs.c.started.desc(), runs.c.key.desc())


def some_runs(connection: Connection, want: Wanted, limit: int | None, offset: int) -> list[RunRow]:
    """Newest first."""
    found = select(runs).where(_where(want)).order_by(*_NEWEST).limit(limit).offset(offset)
    return _rows(connection, connection.execute(found).all())


def count(connection: Connection, want: Wanted) -> int:
    """How many runs."""
    return connection.execute(select(func.count()).select_from(runs).where(_where(want))).scalar_one()


def rows_of(connection: Connection, keys: Sequence[int]) -> tuple[RunRow, ...]:
    """The runs with those keys, by case."""
    found: list[Row[Any]] = []
    for part in _chunks(keys):
        found += connection.execute(select(runs).where(runs.c.key.in_(part))).all()
    return tuple(_rows(connection, sorted(found, key=lambda row: (row.case_id, row.started, row.key))))


def keys_of(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """The keys by run id, of those that there are."""
    found: dict[str, int] = {}
    for part in _chunks(list(dict.fromkeys(run_ids))):
        for row in connection.execute(select(runs.c.run_id, runs.c.key).where(runs.c.run_id.in_(part))):
            found[row.run_id] = row.key
    return found


def ended(connection: Connection, run_ids: Iterable[str]) -> dict[str, datetime]:
    """When the runs ended, by run id, of those that there are."""
    found: dict[str, datetime] = {}
    for part in _chunks(list(dict.fromkeys(run_ids))):
        for row in connection.execute(select(runs.c.run_id, runs.c.finished).where(runs.c.run_id.in_(part))):
            found[row.run_id] = row.finished
    return found


def seconds(connection: Connection, case_ids: Sequence[str]) -> dict[str, float]:
    """How long those cases took, by id: the median of the newest few runs that were judged."""
    found: dict[str, list[float]] = defaultdict(list)
    for part in _chunks(case_ids):
        rows = (
            select(runs.c.case_id, runs.c.started, runs.c.finished)
            .where(runs.c.case_id.in_(part), runs.c.verdict != "error")
            .order_by(*_NEWEST)
            .limit(_TIMED * 4 * len(part))
        )
        for row in connection.execute(rows):
            if len(found[row.case_id]) < _TIMED:
                found[row.case_id].append((row.finished - row.started).total_seconds())
    return {case_id: statistics.median(each) for case_id, each in found.items()}


def trend(connection: Connection, metric: str, want: Wanted, limit: int | None) -> list[Point]:
    """The newest ``limit`` values of a measurement, oldest first; those that are no numbers are left out."""
    m = measurements.c
    found = (
        select(
            runs.c.run_id,
            runs.c.started,
            m.value,
            m.low,
            m.high,
            m.n,
            m.unit.label("measured_in"),
            runs.c.plan,
            runs.c.board,
            runs.c.model,
            runs.c.unit,
            runs.c.evidence,
            runs.c.verdict,
            runs.c.harness_version,
            runs.c.case_id,
        )
        .join(measurements, and_(m.run_key == runs.c.key, m.name == metric))
        .where(_where(want), m.value.is_not(None))
        .order_by(*_NEWEST)
        .limit(limit)
    )
    return [Point(*row) for row in reversed(connection.execute(found).all())]


def metrics(connection: Connection, want: Wanted, newest: int) -> list[str]:
    """The names of what the newest of those runs have measured, by name."""
    keys = select(runs.c.key).where(_where(want)).order_by(*_NEWEST).limit(newest)
    found = select(measurements.c.name).where(measurements.c.run_key.in_(keys)).distinct()
    return sorted(connection.execute(found).scalars())


def gate_lines(connection: Connection, metric: str, want: Wanted) -> list[GateLine]:
    """The limits that the newest run of each plan on each board had on a metric, of the cells that are wanted."""
    lines: set[GateLine] = set()
    for plan, board, model in cell_names(connection, want):
        newest = _of_cell(select(runs.c.key), plan, board, model).limit(1).scalar_subquery()
        found = select(gates.c.op, gates.c.limit).where(gates.c.run_key == newest, gates.c.metric == metric)
        lines |= {GateLine(plan, board, model, row.op, row.limit) for row in connection.execute(found)}
    return sorted(lines, key=lambda line: (line.plan, line.board, line.model, line.limit))


def cells(connection: Connection, want: Wanted) -> list[Cell]:
    """Every plan on every board with every model, by these names."""
    by_cell: dict[tuple[str, str, str], list[Row[Any]]] = defaultdict(list)
    for each in connection.execute(_sparks(connection.dialect.name, want)):
        by_cell[each.plan, each.board, each.model].append(each)
    latest = {row.run_id: row for row in rows_of(connection, [before[0].key for before in by_cell.values()])}
    told = []
    for before in by_cell.values():
        row = latest[before[0].run_id]
        of_one_kind = [each.value for each in before if each.metric == row.metric and each.value is not None]
        verdicts = tuple(each.verdict for each in reversed(before))
        told.append(Cell(row.plan, row.board, row.model, row, tuple(reversed(of_one_kind)), verdicts))
    return told


def cell_names(connection: Connection, want: Wanted) -> list[tuple[str, str, str]]:
    """(plan, board, model) of each."""
    names = (runs.c.plan, runs.c.board, runs.c.model)
    found = connection.execute(select(*names).where(_where(want)).distinct().order_by(*names))
    return [(row.plan, row.board, row.model) for row in found]


def sessions(connection: Connection, limit: int | None, offset: int) -> list[SessionRow]:
    """Newest first, by when their first case began."""
    began = func.min(runs.c.started)
    page = select(runs.c.session).group_by(runs.c.session).order_by(began.desc()).limit(limit).offset(offset)
    names = list(connection.execute(page).scalars())
    told: dict[str, list[Row[Any]]] = defaultdict(list)
    for part in _chunks(names):
        found = (
            select(
                runs.c.session,
                runs.c.verdict,
                func.count().label("n"),
                began.label("started"),
                func.max(runs.c.finished).label("finished"),
            )
            .where(runs.c.session.in_(part))
            .group_by(runs.c.session, runs.c.verdict)
        )
        for row in connection.execute(found):
            told[row.session].append(row)
    return [
        SessionRow(
            name,
            min(row.started for row in told[name]),
            max(row.finished for row in told[name]),
            {row.verdict: row.n for row in told[name]},
        )
        for name in names
    ]


def _of_cell(found: Select[Any], plan: str, board: str, model: str) -> Select[Any]:
    cell = and_(runs.c.plan == plan, runs.c.board == board, runs.c.model == model)
    return found.where(cell).order_by(*_NEWEST)


def _sparks(dialect: str, want: Wanted) -> Select[Any]:
    """What the sparklines of all cells need, by cell, newest first: in one statement, for each cell along its index."""
    names = (runs.c.plan, runs.c.board, runs.c.model)
    found = select(*names).where(_where(want)).distinct().subquery("cells")
    of_cell = runs.alias("of_cell")
    newest = (
        select(of_cell.c.key)
        .where(of_cell.c.plan == found.c.plan, of_cell.c.board == found.c.board, of_cell.c.model == found.c.model)
        .order_by(of_cell.c.started.desc(), of_cell.c.key.desc())
        .limit(_SPARK)
    )
    shown = select(runs.c.key, runs.c.run_id, *names, runs.c.metric, runs.c.value, runs.c.verdict)
    if dialect == "sqlite":  # which has no LATERAL, but looks up the keys that a subquery gives
        joined = shown.select_from(found.join(runs, runs.c.key.in_(newest.correlate(found))))
    else:
        keys = newest.lateral("newest")
        joined = shown.select_from(found.join(keys, true()).join(runs, runs.c.key == keys.c.key))
    return joined.order_by(*names, *_NEWEST)


def _where(want: Wanted) -> ColumnElement[bool]:
    found = [
        runs.c[name] == value
        for name in ("plan", "board", "model", "verdict", "unit", "evidence", "session")
        if (value := getattr(want, name)) is not None
    ]
    if want.since is not None:
        found.append(runs.c.started >= want.since)
    if want.until is not None:
        found.append(runs.c.started < want.until)
    if want.text:
        having = words.c.words.contains(want.text.lower(), autoescape=True)
        found.append(runs.c.key.in_(select(words.c.run_key).where(having)))
    return and_(true(), *found)


def _rows(connection: Connection, found: Sequence[Row[Any]]) -> list[RunRow]:
    """With their tags and notes."""
    named: dict[int, list[str]] = defaultdict(list)
    said: dict[int, list[Note]] = defaultdict(list)
    for part in _chunks([row.key for row in found]):
        for row in connection.execute(select(tag_runs).where(tag_runs.c.run_key.in_(part)).order_by(tag_runs.c.tag)):
            named[row.run_key].append(row.tag)
        for row in connection.execute(select(notes).where(notes.c.run_key.in_(part)).order_by(notes.c.key)):
            said[row.run_key].append(Note(row.at, row.text, row.by))
    return [_row(row, tuple(named[row.key]), tuple(said[row.key])) for row in found]


def _row(row: Row[Any], tags: tuple[str, ...], said: tuple[Note, ...]) -> RunRow:
    return RunRow(
        run_id=row.run_id,
        session=row.session,
        case_id=row.case_id,
        plan=row.plan,
        board=row.board,
        model=row.model,
        unit=row.unit,
        backend=row.backend,
        evidence=row.evidence,
        verdict=row.verdict,
        reasons=tuple(json.loads(row.reasons)),
        started=row.started,
        finished=row.finished,
        n=row.n,
        metric=row.metric,
        headline=Figure(math.nan if row.value is None else row.value, row.low, row.high) if row.metric else None,
        measured_in=row.measured_in,
        engine=row.engine,
        elf_sha256=row.elf_sha256,
        model_sha256=row.model_sha256,
        dataset_sha256=row.dataset_sha256,
        folder=row.folder,
        host=row.host,
        harness_version=row.harness_version,
        attempts=row.attempts,
        tags=tags,
        notes=said,
    )


def _chunks(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK)]

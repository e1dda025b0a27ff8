"""What a task's figures are part by part, as tables: the same in every report for people."""

from __future__ import annotations

from dataclasses import dataclass

from harness.evidence.reports._words import figure, interval
from harness.records import Measurement, Record
from harness.verdict import tasks

_OUTPUTS = tasks.Table("Each output", "output", ("agreement", "max_abs_diff", "rmse"))
_ALL = "all"


@dataclass(frozen=True)
class Shown:
    """One table. ``columns``: (title, whether it is a number); ``names``: the measurements that are in it."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    names: frozenset[str]


def tables(record: Record) -> list[Shown]:
    """Those of the record's task, and that of its outputs where there are several; none that would be empty."""
    wanted = tasks.load(record.task).TABLES if record.task in tasks.names() else ()
    wanted += (_OUTPUTS,) if record.output else ()
    found = [shown for table in wanted if (shown := _shown(record, table)) is not None]
    return [*found, *published(record)]


def published(record: Record) -> list[Shown]:
    """What others published beside what was measured here; none where the plan knows of nothing."""
    rows = []
    for one in record.published:
        ours = record.measurement(one.metric)
        here = (
            figure(ours.value, ours.unit)
            if ours
            else "not measured" + (": no time of an emulator is one" if record.evidence == "emulated" else "")
        )
        rows.append((one.metric, here, interval(ours) if ours else "", figure(one.value, one.unit), one.note))
    columns = (("figure", False), ("here", True), ("95 % interval", True), ("published", True), ("of", False))
    return [Shown("Beside what was published", columns, tuple(rows), frozenset())] if rows else []


def _shown(record: Record, table: tasks.Table) -> Shown | None:
    known = {m.name: m for m in record.measurements}
    parts = [name.partition(".")[2] for name in known if name.partition(".")[0] in table.metrics and "." in name]
    if not parts:
        return None
    found = {part: [known.get(f"{stem}.{part}") for stem in table.metrics] for part in dict.fromkeys(parts)}
    together = [known.get(stem) for stem in table.metrics]
    if any(together):
        found = {_ALL: together} | found
    ranges = [any(m and interval(m) for m in column) for column in zip(*found.values(), strict=True)]
    columns: list[tuple[str, bool]] = [(table.part, False)]
    for stem, has_range in zip(table.metrics, ranges, strict=True):
        columns += [(stem, True), ("95 % interval", True)] if has_range else [(stem, True)]
    rows = [(part, *_cells(figures, ranges), _n(figures)) for part, figures in found.items()]
    names = frozenset(m.name for figures in found.values() for m in figures if m and "." in m.name)
    return Shown(table.title, (*columns, ("n", True)), tuple(rows), names)


def _cells(figures: list[Measurement | None], ranges: list[bool]) -> list[str]:
    cells: list[str] = []
    for m, has_range in zip(figures, ranges, strict=True):
        cells.append(figure(m.value, m.unit) if m else "-")
        cells += [interval(m) if m else ""] if has_range else []
    return cells


def _n(figures: list[Measurement | None]) -> str:
    """Of the first figure, which the others only go with: alarms are counted among no events."""
    return f"{figures[0].n:,}" if figures[0] else "-"

"""The record on the screen, as rich tables; plain text where there is no terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.evidence.reports import _conversion, _tasks, _units
from harness.evidence.reports._layers import LAYER_COLUMNS, layer_unit, layers_title, profile
from harness.evidence.reports._words import (
    against,
    banner,
    figure,
    filling,
    groups,
    headlines,
    interval,
    interval_by_group,
    limit,
    meaning,
    outcome,
    shortened,
    task,
    tried,
)
from harness.records import Record, Verdict

_MOST_ROWS = 20  # of a task's table
STYLE = {
    "pass": "bold green",
    "fail": "bold red",
    "error": "bold magenta",
    "inconclusive": "bold yellow",
    "warning": "yellow",
}


def view(record: Record) -> RenderableType:
    """What ``Console.print`` shows of a record: verdict, figures, link, gates."""
    title = Text.assemble(
        (record.verdict.upper(), STYLE[record.verdict]), "  ", (record.case_id, "bold"), f"  {meaning(record.verdict)}"
    )
    backend = Text(f"{record.board}, backend {record.backend} ({record.evidence})", style="dim")
    if banner(record):
        backend.append(f"  {banner(record)}", style="yellow")
    parts: list[RenderableType] = [title, backend]
    if task(record):
        parts.append(Text(f"task: {task(record)}", style="dim"))
    if shortened(record):
        parts.append(Text(shortened(record), style="yellow"))
    if record.measurements or record.link is not None:
        parts.append(_figures(record))
    plain = record.task == "classification" and not record.output
    for shown in _tasks.published(record) if plain else _tasks.tables(record):
        parts.append(_table(shown.columns, shown.rows[:_MOST_ROWS]))
        if len(shown.rows) > _MOST_ROWS:
            parts.append(Text(f"and {len(shown.rows) - _MOST_ROWS} more in the reports", style="dim"))
    if record.conversion is not None:
        parts += [_table(columns, rows) for columns, rows in _conversions(record) if rows]
    if record.units:
        parts += [Text(_units.title(record), style="dim"), _table(*_shown_units(record))]
    if against(record):
        parts.append(Text(against(record), style="dim"))
    if record.gates:
        parts.append(_gates(record))
    else:
        parts.extend(Text(f"  {reason}") for reason in record.reasons)
    if record.fault is not None:
        where = f" {record.fault.symbols[0]}" if record.fault.symbols else ""
        parts.append(Text(f"fault: pc {record.fault.pc:#010x}{where}, lr {record.fault.lr:#010x}", style="red"))
    if record.divergence is not None:
        parts.append(Text(record.divergence.describe(), style="red"))
    if record.explanation is not None:
        parts.append(Text(record.explanation.describe(), style="yellow"))
    if record.console and record.verdict is not Verdict.PASS:
        parts.append(Text("the firmware printed last:"))
        parts.extend(Text(f"  {line}", style="dim") for line in record.console)
    if record.layers:
        parts.append(_layers(record))
    parts.extend(Text(f"{name.replace('_', ' ')}: {text}", style="yellow") for name, text in tried(record))
    parts.extend(Text(f"warning: {warning}", style="yellow") for warning in record.warnings)
    return Group(*parts)


def render_text(record: Record, width: int = 100) -> str:
    """The same as plain text, ``width`` columns, without colour codes."""
    buffer = io.StringIO()
    Console(file=buffer, width=width, force_terminal=False, color_system=None, legacy_windows=False).print(view(record))
    return buffer.getvalue()


def _figures(record: Record) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="cyan")
    table.add_column(justify="right")
    table.add_column(style="dim")
    for m in headlines(record):
        notes = [f"95 %: {interval(m)}" if interval(m) else "", f"n={m.n:,}" if m.n > 1 else ""]
        table.add_row(m.name, figure(m.value, m.unit), ", ".join(note for note in notes if note))
        if m.by_group is not None:
            by_group = [f"95 %: {interval_by_group(m)}" if interval_by_group(m) else "", groups(m)]
            table.add_row("  by group", "", ", ".join(note for note in by_group if note))
    if filling(record):
        table.add_row("inputs", "", filling(record))
    if (link := record.link) is not None:
        counters = (
            f"{link.bytes_tx:,} B out, {link.bytes_rx:,} B in, {link.frames_bad} bad frames, {link.resent} resent"
        )
        if link.line_use is not None:
            counters += f", {figure(link.line_use, 'ratio')} of the line"
        table.add_row("link", f"{link.baud:,} Bd", counters)
    return table


def _gates(record: Record) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("gate", "result", "because"):
        table.add_column(title)
    for gate in record.gates:
        table.add_row(Text(limit(gate)), Text(outcome(gate), style=STYLE[outcome(gate)]), Text(gate.reason))
    return table


def _conversions(record: Record) -> list[tuple[Sequence[tuple[str, bool]], list[tuple[str, ...]]]]:
    # The counts of what both have wrong are in the other reports: a terminal is narrow.
    columns = _conversion.step_columns(record)
    shown = [i for i, (title, _) in enumerate(columns) if title != "both wrong"]
    steps = [tuple(row[i] for i in shown) for row in _conversion.steps(record)]
    return [
        (_conversion.row_columns(record), _conversion.rows(record)),
        ([columns[i] for i in shown], steps),
    ]


def _shown_units(record: Record) -> tuple[list[tuple[str, bool]], list[tuple[str, ...]]]:
    # A terminal is narrow: what is 0 or empty for every unit says nothing.
    columns, rows = _units.columns(record), _units.rows(record)
    shown = [i for i in range(len(columns)) if i < 2 or any(row[i] not in ("", "0", "-") for row in rows)]
    return [columns[i] for i in shown], [tuple(row[i] for i in shown) for row in rows]


def _table(columns: Sequence[tuple[str, bool]], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title, right in columns:
        table.add_column(title, justify="right" if right else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _layers(record: Record) -> Table:
    # The name says the operator, the order the number: a terminal is narrow.
    shown = [i for i, (title, _) in enumerate(LAYER_COLUMNS) if title not in ("#", "op")]
    table = Table(box=None, pad_edge=False, header_style="dim", title=layers_title(record), title_justify="left")
    for title, right in (LAYER_COLUMNS[i] for i in shown):
        table.add_column(title.format(unit=layer_unit(record)), justify="right" if right else "left", no_wrap=True)
    for row in profile(record):
        table.add_row(*(Text(row[i]) for i in shown))
    return table

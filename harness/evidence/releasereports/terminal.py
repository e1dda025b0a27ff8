"""The release on the screen, as rich tables; plain text where there is no terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.evidence.releasereports import _words
from harness.verdict.release import CellFacts, CellStatus, ReleaseFacts

_STYLE = {
    "pass": "bold green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
    "stale": "bold yellow",
    "missing": "bold yellow",
}


def view(facts: ReleaseFacts) -> RenderableType:
    """What ``Console.print`` shows: verdict, a line for each cell, why those are no pass, and what the rest says."""
    title = Text.assemble(
        (facts.verdict.upper(), _STYLE[facts.verdict]),
        "  ",
        (f"release {facts.name}", "bold"),
        f"  {_words.headline(facts)}",
    )
    parts: list[RenderableType] = [title]
    if facts.commit:
        parts.append(Text(f"commit {facts.commit}", style="dim"))
    if facts.sources:
        parts.append(Text(f"runs from {', '.join(facts.sources)}", style="dim"))
    if _words.emulated(facts):
        parts.append(Text(_words.emulated(facts), style="yellow"))
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column()
    for cell in facts.cells:
        table.add_row(Text(cell.id), Text(cell.status, style=_STYLE[cell.status]), Text(_told(cell)))
    parts.append(table)
    for cell in _words.ranked(facts):
        if cell.status is not CellStatus.PASS:
            parts += [Text(f"{cell.id}: {cell.status}", style=_STYLE[cell.status])]
            parts += [Text(f"  {reason}") for reason in cell.reasons]
        parts += [Text(f"  {cell.id}: {warning}", style="yellow") for warning in cell.warnings]
    if facts.chance:
        parts.append(Text(facts.chance, style="dim"))
    return Group(*parts)


def _told(cell: CellFacts) -> str:
    """Which run speaks for a cell."""
    run = cell.run
    return f"run {run.run_id}, {run.evidence}, {_words.when(cell)}" if run else ""

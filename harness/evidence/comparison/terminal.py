"""A comparison on the screen: what changed, the verdict, the figures, and the samples whose decisions changed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.data.preview import preview
from harness.evidence.comparison import Shown, _flips, _words
from harness.evidence.comparison.compared import Compared, ranked
from harness.evidence.reports.terminal import STYLE
from harness.text import printable
from harness.verdict.swap import Comparison
from harness.verdict.swap.facts import Flip, FlipKind

_MOST_FLIPS = 6  # of each kind; ``--all-flips`` shows all
_MOST_CLASSES = 12
_MOST_DRAWN = 3  # beside each other, of each kind
_DRAWN_COLUMNS = 26
_WEIGHT: Final = {"fault": "bold red", "doubt": "yellow", "note": "dim"}


def view(compared: Compared, shown: Sequence[Shown], *, ascii_only: bool = False) -> RenderableType:
    """What ``Console.print`` shows. ``ascii_only``: of the drawings, for a terminal that has no other characters."""
    parts: list[RenderableType] = []
    several = len(compared.cases) + len(compared.refused) > 1
    if several:
        parts.append(_title(compared.verdict.value, f"{compared.baseline} → {compared.candidate}", ""))
        parts += [Text(f"  {reason}") for reason in compared.reasons]
    for case, arrays in ranked([*zip(compared.cases, shown, strict=True)]):
        parts += [Text(""), *_case(case, arrays, ascii_only)] if several else _case(case, arrays, ascii_only)
    parts += [Text(f"REFUSED  {one.case_id}: {one.why}", style="yellow") for one in compared.refused]
    for one in compared.alone:
        why = f": {one.why}" if one.why else ""
        parts.append(Text(f"not compared: {one.case_id} is in the {one.side} alone{why}", style="yellow"))
    return Group(*parts)


def render_text(compared: Compared, shown: Sequence[Shown], width: int = 100) -> str:
    """The same as plain text, ``width`` columns, without colour codes."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=False, color_system=None, legacy_windows=False)
    console.print(view(compared, shown))
    return buffer.getvalue()


def _title(verdict: str, what: str, meaning: str) -> Text:
    return Text.assemble((verdict.upper(), STYLE[verdict]), "  ", (what, "bold"), f"  {meaning}".rstrip())


def _case(case: Comparison, shown: Shown, ascii_only: bool) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(_words.runs(case), style="dim"), _changes(case)]
    parts += [Text(f"warning: {note}", style="yellow") for note in _words.warnings(case)]
    parts.append(_title(case.verdict.value, _words.subject(case), _words.meaning(case.verdict)))
    if case.checks:
        parts.append(_checks(case))
    parts += [Text(f"  {reason}") for reason in _words.other_reasons(case)]
    parts.append(table(_words.figures(case)))
    parts.append(_facts(_words.counts(case)))
    parts += [Text(f"{note[0].upper()}{note[1:]}.", style="dim") for note in (*_words.notes(case), *_words.power(case))]
    parts += _classes(case)
    for kind in _words.KINDS:
        parts += _flipped(case, shown, kind, ascii_only)
    return parts


def _changes(case: Comparison) -> RenderableType:
    rows = _words.changes(case)
    if not rows:
        return Text("changed: nothing that the records tell apart", style="yellow")
    found = Table(box=None, pad_edge=False, show_header=False)
    for style in ("bold", "cyan", "", "cyan"):
        found.add_column(style=style)
    for number, (what, before, after) in enumerate(rows):
        found.add_row("changed" if not number else "", Text(what), Text(f"{before} →"), Text(after))
    return found


def _checks(case: Comparison) -> Table:
    found = _words.checks(case)
    made = Table(box=None, pad_edge=False, header_style="dim")
    for title, _ in found.columns:
        made.add_column(title.lower())
    for margin, result, because in found.rows:
        made.add_row(Text(margin), Text(result, style=STYLE[result]), Text(because))
    return made


def table(found: _words.Table) -> Table:
    """A table of words as one of the screen's."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for title, number in found.columns:
        made.add_column(title, justify="right" if number else "left")
    for row in found.rows:
        made.add_row(*(Text(printable(cell)) for cell in row))
    return made


def _classes(case: Comparison) -> list[RenderableType]:
    # Recall before and after is in the other reports: a terminal is narrow.
    found = _words.classes(case)
    if not found.rows:
        return []
    kept = [at for at, (title, _) in enumerate(found.columns) if title not in ("Recall before", "After")]
    rows = tuple(tuple(row[at] for at in kept) for row in found.rows[:_MOST_CLASSES])
    parts: list[RenderableType] = [table(_words.Table("", tuple(found.columns[at] for at in kept), rows))]
    if len(found.rows) > len(rows):
        parts.append(Text(f"and {len(found.rows) - len(rows)} more classes, less changed: --out DIR", style="dim"))
    return parts


def _facts(rows: Sequence[tuple[str, str]]) -> Table:
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="cyan")
    made.add_column()
    for label, value in rows:
        made.add_row(Text(label), Text(value))
    return made


def _flipped(case: Comparison, shown: Shown, kind: FlipKind, ascii_only: bool) -> list[RenderableType]:
    found = _words.of_kind(case, kind)
    if not found:
        return []
    parts: list[RenderableType] = [Text(_words.kind_title(case, kind), style="bold")]
    if shown.pictures.samples and kind != "changed_wrong":
        parts.append(_drawn(shown, found[:_MOST_DRAWN], ascii_only))
    rows = found if shown.all_flips else found[:_MOST_FLIPS]
    parts.append(table(_flips.listed(shown, rows)))
    if len(found) > len(rows):
        parts.append(Text(f"and {len(found) - len(rows):,} more: --all-flips", style="dim"))
    return parts


def _drawn(shown: Shown, flips: Sequence[Flip], ascii_only: bool) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    drawings = []
    for flip in flips:
        sample = shown.pictures.samples.get(flip.id)
        if sample is not None:
            grid.add_column(width=_DRAWN_COLUMNS, no_wrap=True, overflow="ellipsis")
            drawings.append((flip, preview(sample, _DRAWN_COLUMNS, ascii_only=ascii_only)))
    grid.add_row(*(Text(_words.decision(flip)) for flip, _ in drawings))
    grid.add_row(*(Text("\n".join(lines)) for _, lines in drawings))
    return grid

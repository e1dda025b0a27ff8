"""``summary.md`` of the whole run: what a pull request's comment or ``$GITHUB_STEP_SUMMARY`` wants to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.evidence.reports._markup import SIGN, code, safe
from harness.evidence.runrecord import Entry, RunRecord
from harness.evidence.runreports import _words
from harness.records import Record, Verdict

FILENAME = "summary.md"
#: GitHub takes comments of 65,536 characters and cuts nothing: it refuses. Each part is bounded so that all fit.
MOST_BYTES: Final = 60_000
_MOST_MATRIX: Final = 20_000  # bytes: failures come behind it
_MOST_BOARDS: Final = 8
_MOST_IN_A_CELL: Final = 4
_MOST_TOLD: Final = 20
_MOST_REASONS: Final = 3
_MOST_TEXT: Final = 240


def render(run: RunRecord, records: Mapping[str, Record]) -> bytes:
    """Verdict and counts, the matrix of plans and boards, then failures, faults of the rig, and what is missing."""
    doubt = _words.doubt(run)
    sign = SIGN[run.verdict] if run.verdict and not doubt else SIGN[Verdict.INCONCLUSIVE]
    lines = [
        f"## {sign} {(run.verdict or 'no verdict').upper()}: {_words.headline(run)}",
        "",
        f"`{_short(code(_words.said(run)))}` on {_short(safe(run.command.host))}, {run.command.started:%Y-%m-%d %H:%M} UTC,"
        f" {_words.duration(run)}, exit status {'-' if run.command.exit_status is None else run.command.exit_status}.",
        "",
        *([f"**{doubt}**", ""] if doubt else []),
        *(line for warning in run.warnings for line in (_short(safe(warning)), "")),
        *_matrix(run),
    ]
    for verdict, title, meaning in _words.SECTIONS:
        lines += _section(f"{title} ({meaning})", [_told(entry) for entry in _words.of(run, verdict)])
    lines += _section(
        "Interrupted",
        [f"**{_short(safe(case.id))}**: {safe(_words.going_on(case))}" for case in _words.unfinished(run)],
    )
    lines += _section("Skipped", [f"**{_short(safe(case.id))}**: {_short(safe(case.reason))}" for case in run.skipped])
    lines += _section(
        "Not begun", [f"**{_short(safe(case.id))}**: {_short(safe(case.reason))}" for case in run.refused]
    )
    text = "\n".join(lines) + "\n"
    content = text.encode("utf-8", "replace")
    if len(content) > MOST_BYTES:  # cut between lines: half a table row would take the rest with it
        content = content[:MOST_BYTES].rpartition(b"\n")[0] + b"\n\nand more: see index.html\n"
    return content


def _matrix(run: RunRecord) -> list[str]:
    boards, rows = _words.matrix(run)
    if not rows:
        return []
    shown = boards[:_MOST_BOARDS]
    # What needs a look must not be what is left out.
    ranked = sorted(rows, key=lambda row: all(e.verdict is Verdict.PASS for cell in row[1] for e in cell))
    lines = [f"| plan | {' | '.join(_short(safe(board)) for board in shown)} |", "|---" * (len(shown) + 1) + "|"]
    room = _MOST_MATRIX
    for plan, cells in ranked:
        line = f"| {_short(safe(plan))} | {' | '.join(_cell(cell) for cell in cells[: len(shown)])} |"
        room -= len(line.encode("utf-8", "replace"))
        if room < 0:
            break
        lines.append(line)
    left_out = [(len(rows) + 2 - len(lines), "plans"), (len(boards) - len(shown), "boards")]
    return [*lines, "", *(f"and {count} more {what}: index.html" for count, what in left_out if count), ""]


def _cell(entries: list[Entry]) -> str:
    if not entries:
        return "-"
    ranked = sorted(entries, key=lambda entry: entry.verdict is Verdict.PASS)
    told = [
        f"{SIGN[entry.verdict]} {entry.verdict} {_short(safe(_words.name(entry, entries)), 60)}".rstrip()
        + (" (earlier)" if entry.earlier else "")
        for entry in ranked[:_MOST_IN_A_CELL]
    ]
    more = [f"and {len(entries) - _MOST_IN_A_CELL} more"] if len(entries) > _MOST_IN_A_CELL else []
    return "<br>".join([*told, *more])


def _section(title: str, told: list[str]) -> list[str]:
    if not told:
        return []
    more = [f"- and {len(told) - _MOST_TOLD} more: index.html"] if len(told) > _MOST_TOLD else []
    return [f"### {title}", "", *(f"- {line}" for line in told[:_MOST_TOLD]), *more, ""]


def _told(entry: Entry) -> str:
    reasons = [_short(safe(reason)) for reason in _words.why(entry)]
    more = [f"and {len(reasons) - _MOST_REASONS} more"] if len(reasons) > _MOST_REASONS else []
    figures = _words.figures(entry)
    return (
        f"**{_short(safe(entry.id))}**: {'; '.join([*reasons[:_MOST_REASONS], *more])}"
        + (f" ({_short(safe(figures))})" if figures else "")
        + f" · `{_short(code(entry.folder))}`"
    )


def _short(text: str, most: int = _MOST_TEXT) -> str:
    # Never between a backslash and what it keeps from being markup.
    return text if len(text) <= most else text[:most].rstrip("\\") + "…"

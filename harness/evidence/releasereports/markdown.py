"""``release.md``: what a release's page, a pull request's comment or ``$GITHUB_STEP_SUMMARY`` wants to say."""

from __future__ import annotations

from typing import Final

from harness.evidence.releasereports import _words
from harness.evidence.reports._markup import SIGN, code, safe
from harness.records import Verdict
from harness.verdict.release import CellFacts, CellStatus, ReleaseFacts

FILENAME = "release.md"
#: GitHub refuses comments of more than 65,536 characters.
MOST_BYTES: Final = 60_000
_MOST_BOARDS: Final = 8
_MOST_REASONS: Final = 3
_MOST_TEXT: Final = 240
_SIGN = {
    CellStatus.PASS: SIGN[Verdict.PASS],
    CellStatus.FAIL: SIGN[Verdict.FAIL],
    CellStatus.INCONCLUSIVE: SIGN[Verdict.INCONCLUSIVE],
    CellStatus.STALE: "⌛",
    CellStatus.MISSING: "⬜",
}


def render(facts: ReleaseFacts) -> bytes:
    """Verdict and counts, the matrix, then what keeps the release from passing, and what it rests on."""
    lines = [
        f"## {SIGN[facts.verdict]} {facts.verdict.upper()}: release {safe(facts.name)}: {_words.headline(facts)}",
        "",
        *([safe(facts.title), ""] if facts.title else []),
        *_matrix(facts),
    ]
    for status in _words.ORDER[:-1]:
        if cells := _words.of(facts, status):
            lines += [f"### {status.capitalize()}: {_words.meaning(status)}", ""]
            lines += [line for cell in cells for line in _told(cell)]
            lines.append("")
    warned = [(cell, warning) for cell in facts.cells for warning in cell.warnings]
    if warned:
        lines += ["### Warnings", "", *(f"- **{safe(cell.id)}**: {_short(safe(text))}" for cell, text in warned), ""]
    lines += [*(f"{line}\n" for line in _grounds(facts))]
    content = ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8", "replace")
    if len(content) > MOST_BYTES:  # cut between lines: half a table row would take the rest with it
        content = content[:MOST_BYTES].rpartition(b"\n")[0] + b"\n\nand more: see release.html\n"
    return content


def _matrix(facts: ReleaseFacts) -> list[str]:
    boards, rows = _words.matrix(facts)
    shown = boards[:_MOST_BOARDS]
    lines = [f"| plan | {' | '.join(safe(board) for board in shown)} |", "|---" * (len(shown) + 1) + "|"]
    for name, cells in rows:
        told = ("" if cell is None else f"{_SIGN[cell.status]} {cell.status}" for cell in cells[: len(shown)])
        lines.append(f"| {_short(safe(name))} | {' | '.join(told)} |")
    more = [f"\nand {len(boards) - len(shown)} more boards: release.html"] if len(boards) > len(shown) else []
    return [*lines, *more, ""]


def _told(cell: CellFacts) -> list[str]:
    shown = [f"  - {_short(safe(reason))}" for reason in cell.reasons[:_MOST_REASONS]]
    more = [f"  - and {len(cell.reasons) - _MOST_REASONS} more"] if len(cell.reasons) > _MOST_REASONS else []
    return [f"- **{_short(safe(cell.id))}**", *shown, *more]


def _grounds(facts: ReleaseFacts) -> list[str]:
    """What the verdict rests on, a paragraph each."""
    commit = f"Commit `{code(_words.short(facts.commit))}`." if facts.commit else ""
    baseline = f"Baseline `{code(facts.baseline)}`." if facts.baseline else ""
    judged = f"Judged {facts.judged:%Y-%m-%d %H:%M} UTC by hil {facts.harness_version}."
    return [
        one
        for one in (_words.emulated(facts), safe(facts.chance), " ".join(filter(None, (commit, baseline, judged))))
        if one
    ]


def _short(text: str, most: int = _MOST_TEXT) -> str:
    # Never between a backslash and what it keeps from being markup.
    return text if len(text) <= most else text[:most].rstrip("\\") + "…"

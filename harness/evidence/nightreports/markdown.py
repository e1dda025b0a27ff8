"""``summary.md`` of a night: what a pull request's comment, a chat or ``$GITHUB_STEP_SUMMARY`` wants to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from harness.evidence.nightrecord import NightCase, NightRecord
from harness.evidence.nightreports import _words
from harness.evidence.reports._markup import SIGN, code, safe
from harness.records import Record, Verdict

FILENAME = "summary.md"
#: GitHub refuses comments of more than 65,536 characters.
MOST_BYTES: Final = 60_000
_MOST_TOLD: Final = 20
_MOST_REASONS: Final = 3
_MOST_TEXT: Final = 240
_MOST_BOARDS: Final = 8


def render(night: NightRecord, records: Mapping[str, Record]) -> bytes:
    """Verdict and counts, what is new, what the rig has spoilt unit by unit, what was not run, then the matrix."""
    verdict = _words.verdict(night)
    lines = [
        f"## {SIGN[verdict or Verdict.INCONCLUSIVE]} {(verdict or 'no verdict').upper()}: night {safe(night.name)}:"
        f" {_words.headline(night)}",
        "",
        *([safe(night.title), ""] if night.title else []),
        *([f"**{safe(night.stopped)}**", ""] if night.stopped else []),
        *(line for banner in _words.banners(records) for line in (safe(banner), "")),
        *(line for warning in night.warnings for line in (_short(safe(warning)), "")),
    ]
    for section in _words.sections(night):
        lines += _section(f"{section.title} ({section.what})", [_told(case, why) for case, why in section.cases])
    lines += _units(night)
    for lacking in _words.lacking(night):
        lines += _section(f"Not run: {lacking.why}", [_lacking(case) for case in lacking.cases])
    lines += _section(
        "Not run: plans that are wrong", [f"**{safe(one.id)}**: {_short(_flat(one.reason))}" for one in night.refused]
    )
    lines += _matrix(night)
    lines += [", ".join(f"{label.lower()} {value}" for label, value in _words.figures(night)) + ".", ""]
    lines += [
        f"Compared with {safe(_words.compared(night))}.",
        "",
    ]
    content = ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8", "replace")
    if len(content) > MOST_BYTES:  # cut between lines: half a table row would take the rest with it
        content = content[:MOST_BYTES].rpartition(b"\n")[0] + b"\n\nand more: see index.html\n"
    return content


def _told(case: NightCase, why: Sequence[str]) -> str:
    reasons = [_short(_flat(line)) for line in why]
    more = [f"and {len(reasons) - _MOST_REASONS} more"] if len(reasons) > _MOST_REASONS else []
    folder = f" · `{_short(code(case.last.folder))}`" if case.last and case.last.folder else ""
    return f"**{_short(safe(case.id))}**: {'; '.join([*reasons[:_MOST_REASONS], *more])}{folder}"


def _lacking(case: NightCase) -> str:
    return f"**{_short(safe(case.id))}**" + (f": {_short(_flat(case.why))}" if case.why else "")


def _units(night: NightRecord) -> list[str]:
    found = _words.units(night)
    if not found:
        return []
    lines = ["### Units", "", "| unit | board | state | cases | rig faults | use |", "|---|---|---|---|---|---|"]
    for line in found[:_MOST_TOLD]:
        lines.append(
            f"| {_short(safe(line.unit.title))} | {_short(safe(line.unit.board))} | {_short(_flat(line.state))} | {line.tries}"
            f" | {len(line.faults)} | {100 * line.use:.0f} % |"
        )
    more = [f"\nand {len(found) - _MOST_TOLD} more units: index.html"] if len(found) > _MOST_TOLD else []
    told = [
        f"{move.at:%m-%d %H:%M} {safe(_words.unit_title(night, move.uid))} → **{safe(move.to)}**: {_short(safe(move.reason))}"
        for move in night.moves
    ]
    faults = [
        f"{safe(_words.whose(night, one))}: {safe(one.case.id)}, {_short(_flat('; '.join(one.spoilt.reasons[:1])))}"
        for one in _words.rig_faults(night)
    ]
    return [
        *lines,
        *more,
        "",
        *_section("Faults of the rig (nothing is said of the product)", faults),
        *_section("Moves (UTC)", told),
    ]


def _matrix(night: NightRecord) -> list[str]:
    boards, rows = _words.matrix(night)
    shown = boards[:_MOST_BOARDS]
    if not rows:
        return []
    lines = ["### Plans and boards", "", f"| plan | {' | '.join(map(safe, shown))} |", "|---" * (len(shown) + 1) + "|"]
    for plan, cells in rows:
        told = (" ".join(_SIGN[_words.mark(case)] for case in cell) or "-" for cell in cells[: len(shown)])
        lines.append(f"| {_short(safe(plan))} | {' | '.join(told)} |")
    more = [f"\nand {len(boards) - len(shown)} more boards: index.html"] if len(boards) > len(shown) else []
    return [*lines, *more, ""]


_SIGN: Final = {verdict.value: sign for verdict, sign in SIGN.items()} | {"missing": "⬜"}


def _section(title: str, told: Sequence[str]) -> list[str]:
    if not told:
        return []
    more = [f"- and {len(told) - _MOST_TOLD} more: index.html"] if len(told) > _MOST_TOLD else []
    return [f"### {title}", "", *(f"- {line}" for line in told[:_MOST_TOLD]), *more, ""]


def _flat(text: str) -> str:
    """Lines of a message behind one another: what, where, found, next."""
    return safe("; ".join(line.strip() for line in text.splitlines() if line.strip()))


def _short(text: str, most: int = _MOST_TEXT) -> str:
    # Never between a backslash and what it keeps from being markup.
    return text if len(text) <= most else text[:most].rstrip("\\") + "…"

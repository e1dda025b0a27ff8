"""``compare.md``: the comparison as a pull request's comment or a job's summary wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.evidence.comparison import Shown, _flips, _words
from harness.evidence.comparison.compared import Compared, ranked
from harness.evidence.reports._markup import SIGN, code, safe
from harness.verdict.swap import Comparison

FILENAME = "compare.md"
#: GitHub takes comments of 65,536 characters and refuses a longer one: each part is bounded, and the whole as the last resort.
MOST_BYTES: Final = 60_000
_MOST_FLIPS: Final = 10  # of each kind
_MOST_CLASSES: Final = 12
_MOST_CASES: Final = 8  # in full
_MOST_LISTED: Final = 60
_MOST_TEXT: Final = 240


def render(compared: Compared, shown: Sequence[Shown]) -> bytes:
    """What changed, the verdict and why, figures, flips both ways. Of several cases a table, then each; what did not pass first."""
    several = len(compared.cases) + len(compared.refused) > 1
    lines = _whole(compared) if several else []
    pairs = ranked([*zip(compared.cases, shown, strict=True)])
    for case, arrays in pairs[:_MOST_CASES]:
        lines += _case(case, arrays, heading="###" if several else "##")
    if len(pairs) > _MOST_CASES:
        lines += [f"and {len(pairs) - _MOST_CASES} more cases in full: compare.html", ""]
    lines += _list("Refused: not comparable", [f"{one.case_id}: {one.why}" for one in compared.refused])
    alone = [f"{one.case_id}, {one.side}{f': {one.why}' if one.why else ''}" for one in compared.alone]
    lines += _list("Not compared: on one side alone", alone)
    text = "\n".join(lines) + "\n"
    content = text.encode("utf-8", "replace")
    if len(content) > MOST_BYTES:  # cut between lines: half a table row would take the rest with it
        content = content[:MOST_BYTES].rpartition(b"\n")[0] + b"\n\nand more: see compare.html\n"
    return content


def _whole(compared: Compared) -> list[str]:
    lines = [
        f"## {SIGN[compared.verdict]} {compared.verdict.upper()}: {_short(compared.baseline)} → {_short(compared.candidate)}",
        "",
        f"{_words.meaning(compared.verdict).capitalize()}.",
        "",
        "| case | result | changed | because |",
        "|---|---|---|---|",
    ]
    cases = [case for case, _ in ranked([(case, None) for case in compared.cases])]
    lines += [
        f"| {_short(_words.subject(case))} | {SIGN[case.verdict]} {case.verdict} | {_short(_words.changed(case))} |"
        f" {_short('; '.join(case.reasons))} |"
        for case in cases[:_MOST_LISTED]
    ]
    if len(cases) > _MOST_LISTED:
        lines += ["", f"and {len(cases) - _MOST_LISTED} more: compare.html"]
    return [*lines, ""]


def _case(case: Comparison, shown: Shown, heading: str) -> list[str]:
    changes = [f"{safe(what)} `{code(before)}` → `{code(after)}`" for what, before, after in _words.changes(case)]
    lines = [
        f"{heading} {SIGN[case.verdict]} {case.verdict.upper()}: {_short(_words.subject(case))}",
        "",
        f"**Changed:** {'; '.join(changes) or 'nothing that the records tell apart'}.",
        "",
        *(f"> {_short(_sentence(warning), 1000)}\n" for warning in _words.warnings(case)),
        f"{_words.meaning(case.verdict).capitalize()}.",
        "",
        *(f"- {_short(reason, 1000)}" for reason in _words.other_reasons(case)),
        "",
    ]
    if case.checks:
        lines += [*_table(_words.checks(case)), ""]
    lines += [*_table(_words.figures(case)), ""]
    lines += [*(f"- {safe(label)}: {safe(value)}" for label, value in _words.counts(case)), ""]
    lines += [*(f"{safe(_sentence(note))}  " for note in (*_words.notes(case), *_words.power(case))), ""]
    for kind in _words.KINDS:
        if found := _words.of_kind(case, kind):
            flips = _flips.listed(shown, found[:_MOST_FLIPS])
            lines += [f"**{safe(_words.kind_title(case, kind))}**", "", *_table(flips), ""]
            if len(found) > _MOST_FLIPS:
                lines += [f"and {len(found) - _MOST_FLIPS} more: compare.html", ""]
    classes = _words.classes(case)
    if classes.rows:
        lines += ["<details><summary>Classes</summary>", "", *_table(classes, _MOST_CLASSES), "", "</details>", ""]
    runs = f"`{code(case.baseline.run_id)}` → `{code(case.candidate.run_id)}`"
    return [*lines, f"<sub>runs {runs} · {case.pairing.n:,} samples · hil {safe(case.harness_version)}</sub>", ""]


def _table(table: _words.Table, most: int | None = None) -> list[str]:
    rule = "|".join("---:" if number else "---" for _, number in table.columns)
    lines = [f"| {' | '.join(safe(title) for title, _ in table.columns)} |", f"|{rule}|"]
    lines += [f"| {' | '.join(map(_short, row))} |" for row in table.rows[:most]]
    if most is not None and len(table.rows) > most:
        lines += ["", f"and {len(table.rows) - most} more: compare.html"]
    return lines


def _list(title: str, told: Sequence[str]) -> list[str]:
    if not told:
        return []
    more = [f"- and {len(told) - _MOST_LISTED} more: compare.html"] if len(told) > _MOST_LISTED else []
    return [f"### {title}", "", *(f"- {_short(one)}" for one in told[:_MOST_LISTED]), *more, ""]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _short(text: str, most: int = _MOST_TEXT) -> str:
    """Safe, and no longer than that; never cut between a backslash and what it keeps from being markup."""
    made = safe(text)
    return made if len(made) <= most else made[:most].rstrip("\\") + "…"

"""``summary.md``: what a pull request's comment or a job's summary wants to say."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evidence.reports import Inputs, _conversion, _tasks, _units
from harness.evidence.reports._layers import LAYER_COLUMNS, layer_unit, layers_title, profile
from harness.evidence.reports._markup import SIGN as _SIGN
from harness.evidence.reports._markup import code as _code
from harness.evidence.reports._markup import safe as _safe
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
    remarks,
    shortened,
    task,
    trouble,
)
from harness.records import Record, Samples, Verdict

FILENAME = "summary.md"
_OPEN = 10  # rows of a table that is shown at once; a longer one is folded up


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes:
    """Verdict, reasons, gates, headline figures, identities; GitHub's and GitLab's table syntax."""
    short = f" **{shortened(record).capitalize()}.**" if shortened(record) else ""
    what = f"Board `{_code(record.board)}`, backend {record.backend} ({record.evidence})"
    lines = [
        f"## {_SIGN[record.verdict]} {record.verdict.upper()}: {_safe(record.case_id)}",
        "",
        f"{meaning(record.verdict).capitalize()}. {what}"
        + (f" - **{banner(record)}**." if banner(record) else ".")
        + (f" Task: {_safe(task(record))}." if task(record) else "")
        + short,
        "",
        *(f"- {_safe(reason)}" for reason in record.reasons),
        "",
    ]
    if record.gates:
        lines += [f"This run was {_safe(against(record))}.", ""] if against(record) else []
        lines += ["| gate | value | result |", "|---|---:|---|"]
        for gate in record.gates:
            found = record.measurement(gate.metric)
            value = "-" if gate.value is None else figure(gate.value, found.unit if found else gate.unit or "1")
            lines.append(f"| `{_code(limit(gate))}` | {value} | {outcome(gate)} |")
        lines.append("")
    if record.measurements:
        lines += ["| measurement | value | 95 % interval | n |", "|---|---:|---:|---:|"]
        for m in headlines(record):
            lines.append(f"| {_safe(m.name)} | {figure(m.value, m.unit)} | {interval(m)} | {m.n:,} |")
            if m.by_group is not None:
                lines.append(f"| by group | | {interval_by_group(m)} | {groups(m)} |")
        lines.append("")
    for shown in _tasks.tables(record):
        lines += _folded(shown.title, _table(shown.columns, shown.rows), len(shown.rows) > _OPEN)
    if record.conversion is not None:
        lines += [f"**{_conversion.TITLE.capitalize()}**", ""]
        lines += [*_table(_conversion.row_columns(record), _conversion.rows(record)), ""]
        if steps := _conversion.steps(record):
            lines += [*_table(_conversion.step_columns(record), steps), ""]
        lines += [f"{_conversion.note(record).capitalize()}.", ""] if _conversion.note(record) else []
    if record.units:
        table = _table(_units.columns(record), _units.rows(record))
        lines += _folded(_units.title(record).capitalize(), table, len(record.units) > _OPEN)
    if record.fault is not None:
        where = record.fault.symbols[0] if record.fault.symbols else "no symbol"
        lines += [f"**Fault** at pc `{record.fault.pc:#010x}` ({_safe(where)}), lr `{record.fault.lr:#010x}`.", ""]
    if record.divergence is not None:
        lines += [f"**{_safe(record.divergence.describe())}**", ""]
    if record.explanation is not None:
        lines += [f"**{_safe(record.explanation.describe())}**", ""]
    if record.layers:
        lines += _layers(record)
    if filling(record):
        lines += [f"Inputs: {filling(record)}.", ""]
    if trouble(record):
        lines += ["On the line:", "", *(f"- {_safe(line)}" for line in trouble(record)), ""]
    if record.console and record.verdict is not Verdict.PASS:
        lines += ["The last lines that the firmware printed:", "", *map(_printed, record.console), ""]
    lines += [f"> {_safe(warning)}" for warning in remarks(record)]
    facts = []
    if record.firmware is not None:
        facts += [f"firmware `{record.firmware.elf_sha256[:12]}`", f"model `{record.firmware.model_sha256[:12]}`"]
    if record.dataset is not None:
        facts.append(
            f"dataset {_safe(record.dataset.name)}/{_safe(record.dataset.split)} `{record.dataset.sha256[:12]}`"
        )
    if record.reference is not None:
        facts.append(f"reference {_safe(record.reference.engine)} {_safe(record.reference.version)}")
    facts.append(f"run `{_code(record.run_id)}`")
    lines += ["", f"<sub>{' · '.join(facts)}</sub>", ""]
    return "\n".join(lines).encode("utf-8", "replace")


def _printed(line: str) -> str:
    """A line of code: nothing in it is markup."""
    return f"    {' '.join(line.split())}"


def _table(columns: Sequence[tuple[str, bool]], rows: Sequence[tuple[str, ...]]) -> list[str]:
    rule = "|".join("---:" if right else "---" for _, right in columns)
    titles, *cells = (f"| {' | '.join(map(_safe, row))} |" for row in ([title for title, _ in columns], *rows))
    return [titles, f"|{rule}|", *cells]


def _layers(record: Record) -> list[str]:
    columns = [(title.format(unit=layer_unit(record)), right) for title, right in LAYER_COLUMNS]
    return _folded(layers_title(record), _table(columns, profile(record)), True)


def _folded(title: str, table: list[str], fold: bool) -> list[str]:
    if not fold:
        return [f"**{_safe(title)}**", "", *table, ""]
    return ["<details><summary>" + _safe(title) + "</summary>", "", *table, "", "</details>", ""]

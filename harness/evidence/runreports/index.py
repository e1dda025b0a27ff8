"""``index.html``: the whole run for reading, one file that loads nothing; it leads to each case's own report."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from harness.evidence.reports import _pages
from harness.evidence.reports import _words as case_words
from harness.evidence.runrecord import Entry, RunRecord
from harness.evidence.runreports import _words
from harness.records import Record

FILENAME = "index.html"


def render(run: RunRecord, records: Mapping[str, Record]) -> bytes:
    """The page."""
    boards, rows = _words.matrix(run)
    page = _pages.template("index.html.j2").render(
        run=run,
        words=_words,
        meaning=case_words.meaning,
        boards=boards,
        rows=rows,
        banners=sorted({case_words.banner(record) for record in records.values()} - {""}),
        facts=_facts(run),
        figures=_figures,
    )
    return page.encode("utf-8", "replace")


def _figures(entry: Entry) -> Markup:
    """The headline figures, each with its name, in one cell."""
    return Markup(", ").join(
        Markup("{} <b>{}</b>").format(_pages.breakable(m.name), case_words.figure(m.value, m.unit))
        for m in entry.figures[:4]
    )


def _facts(run: RunRecord) -> list[tuple[str, str]]:
    command = run.command
    rows = [
        ("Command", _words.said(run)),
        ("Started", f"{command.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("Duration", _words.duration(run)),
        ("Exit status", "-" if command.exit_status is None else str(command.exit_status)),
        ("Host", f"{command.host}, {command.system}, Python {command.python}"),
        ("Harness", command.harness_version),
    ]
    rows += [
        (f"Earlier, {other.started:%Y-%m-%d %H:%M:%S} UTC", " ".join(other.words)) for other in reversed(run.earlier)
    ]
    return [(label, value) for label, value in rows if value]

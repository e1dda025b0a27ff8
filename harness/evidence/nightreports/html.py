"""``index.html`` of a night: one file that loads nothing; it leads to each case's own report."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from harness.evidence.nightrecord import NightCase, NightRecord
from harness.evidence.nightreports import _words
from harness.evidence.reports import _pages
from harness.records import Record

FILENAME = "index.html"


def render(night: NightRecord, records: Mapping[str, Record]) -> bytes:
    """The page."""
    boards, rows = _words.matrix(night)

    def figures(case: NightCase) -> Markup:
        return Markup(", ").join(
            Markup("{} <b>{}</b>").format(_pages.breakable(name), value)
            for name, value in _words.headlines(case, records)
        )

    page = _pages.template("night.html.j2").render(
        night=night,
        verdict=_words.verdict(night),
        words=_words,
        boards=boards,
        rows=rows,
        banners=_words.banners(records),
        figures=figures,
    )
    return page.encode("utf-8", "replace")

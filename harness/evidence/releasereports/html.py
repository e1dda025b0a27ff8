"""``release.html``: the release for reading, one file that loads nothing."""

from __future__ import annotations

from markupsafe import Markup

from harness.evidence.releasereports import _words
from harness.evidence.reports import _pages
from harness.verdict.release import CellFacts, CellStatus, ReleaseFacts

FILENAME = "release.html"


def render(facts: ReleaseFacts) -> bytes:
    """The page."""
    boards, rows = _words.matrix(facts)
    page = _pages.template("release.html.j2").render(
        release=facts,
        words=_words,
        boards=boards,
        rows=rows,
        facts=_facts(facts),
        figures=_figures,
        digests=_digests(facts),
    )
    return page.encode("utf-8", "replace")


def _figures(cell: CellFacts) -> Markup:
    """What the cell's gates are about, each with its name."""
    return Markup(", ").join(
        Markup("{} <b>{}</b>").format(_pages.breakable(name), value) for name, value in _words.figures(cell)
    )


def _facts(facts: ReleaseFacts) -> list[tuple[str, str]]:
    rows = [
        ("Commit", facts.commit),
        ("False alarms", facts.chance),
        ("Baseline", facts.baseline),
        ("Judged", f"{facts.judged:%Y-%m-%d %H:%M:%S} UTC"),
        ("Runs from", ", ".join(facts.sources)),
        ("Harness", facts.harness_version),
        *((f"{document.name}, SHA-256", document.sha256) for document in facts.documents),
    ]
    return [(label, value) for label, value in rows if value]


def _digests(facts: ReleaseFacts) -> list[tuple[str, str]]:
    """Each image and model once, with its digest."""
    found: dict[str, str] = {}
    for cell in facts.cells:
        if cell.run is not None and cell.status is not CellStatus.STALE:
            found.setdefault(cell.run.elf_sha256, f"{cell.id}: image, SHA-256")
            found.setdefault(cell.run.model_sha256, f"{cell.plan}/{cell.model}: model, SHA-256")
    return [(label, digest) for digest, label in found.items() if digest]

"""A run's own report: the files in its folder while they are there, else what the history has, rendered.

A folder is taken only when it lies, all links followed, below the folder of runs, and holds the record of this very run: folders
are used again, and what a record says of its folder is only what somebody wrote.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from harness.disk import files
from harness.errors import HilError
from harness.evidence import read_record
from harness.evidence.history import RunRow, StoredRun
from harness.evidence.reports import html, json_, junit, load, markdown, names, npz

#: What may be had of a folder, by its name there, and as what. A text is never taken for a page.
TYPES: Final = {
    html.FILENAME: "text/html; charset=utf-8",
    json_.FILENAME: "application/json",
    markdown.FILENAME: "text/plain; charset=utf-8",
    junit.FILENAME: "application/xml",
    npz.FILENAME: "application/octet-stream",
    "serial.log": "text/plain; charset=utf-8",
}
_MOST_BYTES: Final = 64 << 20


def folder(base: Path, row: RunRow) -> Path | None:
    """Where the reports of that run lie; None where they are gone, are another run's, or would lie elsewhere."""
    if not row.folder:
        return None
    try:
        place = (base / row.folder).resolve()
        if not place.is_relative_to(base.resolve()) or read_record(place).run_id != row.run_id:
            return None
    except (OSError, ValueError, HilError):
        return None
    return place


def present(place: Path) -> list[str]:
    """The files of ``TYPES`` that lie there."""
    return [name for name in TYPES if (place / name).is_file()]


def content(base: Path, row: RunRow, name: str) -> bytes | None:
    """A file of that run's folder; None when it is none of ``TYPES``, not there, or leads elsewhere."""
    place = folder(base, row) if name in TYPES else None
    if place is None:
        return None
    try:
        path = (place / name).resolve()
        return files.content(path, _MOST_BYTES) if path.is_relative_to(place) else None
    except (OSError, ValueError):
        return None


def rendered(run: StoredRun, name: str) -> bytes | None:
    """The same report made of what the history keeps; None for what cannot be made of it."""
    forms = {form.FILENAME: form for form in map(load, names())}
    return forms[name].render(run.record, run.samples, None) if name in forms else None

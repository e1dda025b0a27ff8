"""Writes the report directory."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

from harness.disk.files import replace
from harness.errors import HostError
from harness.evidence import reports
from harness.records import Record, Samples


def write_reports(
    record: Record, samples: Samples | None, directory: Path, inputs: reports.Inputs | None = None
) -> tuple[Path, ...]:
    """Write every form of report into ``directory`` (made if absent) and return the files, ``record.json`` last.

    Each file is replaced as a whole: a reader sees the old one or the new one. ``record.json`` comes last: where it
    is new, all are. A file that this record has no content for is removed: reports of two runs never lie side by side.
    Raises ``BenchError`` when the disk refuses; old ones that were not replaced are then removed, and there is no
    ``record.json``: reports of another run must not be taken for this one's.
    """
    record = record.plain()
    forms = sorted((reports.load(name) for name in reports.names()), key=lambda form: form.FILENAME == "record.json")
    # All are rendered before any is written: an error in one form must not leave half a directory.
    contents = [(directory / form.FILENAME, form.render(record, samples, inputs)) for form in forms]
    written: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in contents:
            if content is None:
                path.unlink(missing_ok=True)
                continue
            replace(path, content)
            written.append(path)
    except OSError as error:
        clear_reports(directory, but=written)
        raise HostError(
            "the reports could not be written",
            where=str(directory),
            found=error,
            next_step="check the path and the disk",
        ) from error
    return tuple(written)


def clear_reports(directory: Path, *, but: Collection[Path] = ()) -> None:
    """Remove the reports that lie in ``directory``, but those. Never raises: what cannot be removed stays."""
    for name in reports.names():
        path = directory / reports.load(name).FILENAME
        if path not in but:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

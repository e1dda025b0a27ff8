"""Report folders as the history sees them: the records in one, which run of pytest or hil each is of, and where it lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import HilError
from harness.evidence import layout, read_record, read_samples, runrecord
from harness.evidence.reports import json_, npz
from harness.evidence.runrecord import Command, RunRecord
from harness.records import Record, Samples

_RUN = re.compile(r"\d{8}T\d{6}Z-\d+")
_UP: Final = 5  # folders from a case's, or a test's second use, to its run's and its run's folder


@dataclass(frozen=True)
class Left:
    """A record that a run has left in ``folder``."""

    record: Record
    folder: Path

    @property
    def samples(self) -> Samples | None:
        """Its arrays; None where there are none. ``MisuseError`` when they are damaged."""
        return read_samples(self.folder) if (self.folder / npz.FILENAME).is_file() else None


def places(path: Path) -> Iterator[Path]:
    """The folders, ``path`` and below, in which a record lies; that of ``path`` itself when it is a ``record.json``."""
    if path.is_file():
        if path.name == json_.FILENAME:
            yield path.parent
        return
    for found in sorted(path.rglob(json_.FILENAME)):
        # hil-reports/latest leads to what is there under its own name.
        if not any(parent.is_symlink() for parent in found.parents if parent != path and path in parent.parents):
            yield found.parent


def read(folder: Path) -> Left:
    """The record in a folder. ``MisuseError`` when it is damaged."""
    return Left(read_record(folder), folder)


def session_of(folder: Path, record: Record) -> str:
    """The name of the run that a record in ``folder`` is of; of its own begin where nothing there tells."""
    folder = folder.resolve()  # hil-reports/latest is no run's name
    for above in (folder, *folder.parents[:_UP]):
        if _RUN.fullmatch(above.name):
            return above.name
        if (above / runrecord.FILENAME).is_file():
            try:
                return session_name(above, runrecord.read(above))
            except HilError:
                break
    return f"{record.started:%Y%m%dT%H%M%SZ}-{record.run_id}"


def session_name(root: Path, run: RunRecord) -> str:
    """What a run is called that writes to ``root``: its folder's name, or, in one that ``--report-dir`` named, when it began.

    A folder such as ``out`` has that name every night, and stands for another run each time.
    """
    return named(root, min((*run.earlier, run.command), key=lambda command: command.started))


def named(root: Path, first: Command) -> str:
    """The same of a run that its ``first`` command has begun."""
    return root.name if _RUN.fullmatch(root.name) else layout.run_name(first.started, first.process)


def place(folder: Path, base: Path) -> str:
    """How the history names a report folder: below the folder of runs ``base`` relative to it, else absolute."""
    folder, base = folder.resolve(), base.resolve()
    return (folder.relative_to(base) if folder.is_relative_to(base) else folder).as_posix()

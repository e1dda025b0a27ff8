"""The runs that are at hand for a release."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import MisuseError
from harness.evidence.reports import json_, npz
from harness.records import Record, Samples
from harness.verdict.release import Run


@dataclass(frozen=True)
class Kept:
    """A run, and the way to its samples, which are read only when they are compared with others."""

    run: Run
    samples: Callable[[], Samples | None]

    @property
    def record(self) -> Record:
        """Its record."""
        return self.run.record

    @property
    def digest(self) -> str:
        """SHA-256 of its record.json as this version writes it, in hexadecimal."""
        return hashlib.sha256(json_.render(self.record, None, None)).hexdigest()


@dataclass(frozen=True)
class Gathered:
    """Runs, and what could not be read."""

    runs: tuple[Kept, ...]
    unread: tuple[str, ...] = ()
    sources: tuple[str, ...] = field(default=())


def gathered(references: Sequence[str]) -> Gathered:
    """The runs below folders, in any depth: ``record.json`` with ``samples.npz`` beside.

    A record that cannot be read is told in ``unread`` and left out. ``MisuseError`` when a reference leads nowhere.
    """
    runs: list[Kept] = []
    unread: list[str] = []
    for reference in references:
        runs += _below(Path(reference), unread)
    return Gathered(tuple(runs), tuple(unread), tuple(references))


def _below(place: Path, unread: list[str]) -> Iterator[Kept]:
    if not place.exists():
        raise MisuseError("there is no such run or folder", expected="a folder that runs lie in", found=str(place))
    files = [place] if place.is_file() else sorted(place.resolve().rglob(json_.FILENAME))
    for file in files:
        try:
            record = json_.read_record(file)
        except MisuseError as error:
            unread.append(f"{error.where or file}: {error.what}")
            continue
        yield Kept(Run(record, str(_shown(file.parent))), lambda folder=file.parent: _samples(folder))  # type: ignore[misc]


def _samples(folder: Path) -> Samples | None:
    return npz.read_samples(folder) if (folder / npz.FILENAME).is_file() else None


def _shown(folder: Path) -> Path:
    """Relative to where the user stands, where it is below that."""
    here = Path.cwd()
    return folder.relative_to(here) if here in folder.parents else folder

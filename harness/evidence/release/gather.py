"""The runs that are at hand for a release: in the history, or below folders."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from harness.errors import MisuseError
from harness.evidence import runs
from harness.evidence.database import is_off
from harness.evidence.history import BASE, History, RunRow, Wanted
from harness.evidence.history import engine as db
from harness.evidence.history.references import KINDS
from harness.evidence.layout import LATEST
from harness.evidence.reports import json_, npz
from harness.records import Record, Samples
from harness.verdict.release import Asked, Run
from harness.verdict.release import Cell as AskedCell

#: Of a cell, the newest so many runs of the history are looked at.
MOST_RUNS: Final = 200
_LONGEST_RUN: Final = timedelta(days=1)  # the history knows when a run began, an age is of its end


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
    """Runs, what could not be read, and where was looked."""

    runs: tuple[Kept, ...]
    unread: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def at_hand(asked: Asked, *, now: datetime, base: Path = BASE) -> Gathered:
    """The runs of the history that may speak for the release's cells; where there is no history, those below ``base``.

    ``StoreError`` when the history must be asked and cannot.
    """
    place = db.url_of(None, base)
    if is_off() or db.is_absent(place):
        return gathered([f"{base}{os.sep}"], base=base) if base.is_dir() else Gathered((), (), (str(base),))
    with History.open(base=base, create=False) as store:
        rows = [row for cell in asked.cells for row in _rows(store, cell, now)]
        found = tuple(_stored(store, row, base, f"history, session {row.session}") for row in rows)
    return Gathered(found, sources=(f"history {store.where}",))


def gathered(references: Sequence[str], *, base: Path = BASE) -> Gathered:
    """The runs that references mean: all below a folder, in any depth, or those of a tag, a session or a run of the history.

    A record that cannot be read is told in ``unread`` and left out. ``MisuseError`` when a reference leads nowhere.
    """
    found: list[Kept] = []
    unread: list[str] = []
    for reference in references:
        if _is_path(reference):
            found += _below(Path(reference), unread)
            continue
        try:
            with History.open("sqlite://" if is_off() else None, base=base, create=False) as store:
                found += [_stored(store, row, base, reference) for row in store.resolve(reference)]
        except MisuseError:
            folder = runs.latest(base) if reference == LATEST else runs.named(base, reference)
            folder = folder or (Path(reference) if Path(reference).exists() else None)
            if folder is None:
                raise
            found += _below(folder, unread)
    return Gathered(tuple(found), tuple(unread), tuple(references))


def of_baseline(asked: Asked, *, base: Path = BASE) -> Gathered | None:
    """The runs of the release's baseline; None where it names none. One that is not there has no runs: ``unread`` says why."""
    baseline = asked.release.baseline
    if baseline is None:
        return None
    try:
        return gathered([baseline.run], base=base)
    except MisuseError as error:
        return Gathered((), (f"{error.what}: {baseline.run}",), (baseline.run,))


def _rows(store: History, cell: AskedCell, now: datetime) -> list[RunRow]:
    """Those young enough; where none is, the newest, to say how old it is."""
    want = Wanted(plan=cell.plan, board=cell.board, model=cell.model)
    if cell.fresh is not None:
        since = now - cell.fresh - _LONGEST_RUN
        young = Wanted(plan=cell.plan, board=cell.board, model=cell.model, since=since)
        if found := store.runs(young, limit=MOST_RUNS):
            return found
    return store.runs(want, limit=1 if cell.fresh is not None else MOST_RUNS)


def _stored(store: History, row: RunRow, base: Path, origin: str) -> Kept:
    def samples() -> Samples | None:
        with History.open(base=base, create=False) as again:
            return again.load(row.run_id).samples

    return Kept(Run(store.load(row.run_id).record, origin), samples)


def _below(place: Path, unread: list[str]) -> Iterator[Kept]:
    if not place.exists():
        raise MisuseError("there is no such folder or file", expected=KINDS, found=str(place))
    # hil-reports/latest leads to what is there under its own name, and no link is followed on the way down.
    files = [place] if place.is_file() else sorted(place.resolve().rglob(json_.FILENAME))
    for file in files:
        try:
            record = json_.read_record(file)
        except MisuseError as error:
            unread.append(f"{error.where or file}: {error.what}")
            continue
        yield Kept(Run(record, str(_shown(file.parent))), partial(_samples, file.parent))


def _samples(folder: Path) -> Samples | None:
    return npz.read_samples(folder) if (folder / npz.FILENAME).is_file() else None


def _is_path(reference: str) -> bool:
    return reference in (".", "..") or any(mark in reference for mark in {os.sep, os.altsep or os.sep, "/"})


def _shown(folder: Path) -> Path:
    """Relative to where the user stands, where it is below that."""
    here = Path.cwd()
    return folder.relative_to(here) if here in folder.parents else folder

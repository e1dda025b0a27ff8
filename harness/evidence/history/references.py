"""What a person means by a run: one resolver for every command and option that takes a reference."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MisuseError
from harness.evidence import layout, runs
from harness.evidence.database import is_off
from harness.evidence.history import folders
from harness.evidence.history.store import BASE, History
from harness.evidence.reports import json_
from harness.records import Record, Samples

#: For helps and messages.
KINDS = f"{layout.LATEST}, a tag, a session, a run id or the begin of one, a report folder, a record.json"


@dataclass(frozen=True)
class Found:
    """A run that was meant. ``samples`` None: there are none. ``origin`` says where it came from, for people."""

    record: Record
    samples: Samples | None
    origin: str
    run_id: str


def find(
    reference: str, *, base: Path = BASE, url: str | None = None, history: History | None = None
) -> tuple[Found, ...]:
    """The runs that ``reference`` means, by case: one, or those of a session, a tag or a folder. Never empty.

    What looks like a path is one: it has a separator, or is ``record.json``. Any other word is looked for in the history
    (``history`` if it is open already, else ``url`` as ``History.open``), then as a folder in ``base``, then here. Of a
    folder, a case that is there twice is what it came to last. ``MisuseError`` when nothing is found, ``StoreError`` when the
    history must be asked and cannot.
    """
    if _is_path(reference):
        return _in_folder(Path(reference), reference)
    try:
        with _opened(history, base, url) as store:
            return tuple(
                Found(stored.record, stored.samples, f"{reference}: run {row.run_id} of {row.session}", row.run_id)
                for row in store.resolve(reference)
                for stored in (store.load(row.run_id),)
            )
    except MisuseError:
        folder = runs.latest(base) if reference == layout.LATEST else runs.named(base, reference)
        if folder is None and Path(reference).is_dir():
            folder = Path(reference)
        if folder is None:
            raise
        return _in_folder(folder, reference)


@contextmanager
def _opened(history: History | None, base: Path, url: str | None) -> Iterator[History]:
    """The history that is given, or one for now: nothing is made by asking."""
    if history is not None:
        yield history
        return
    # Switched off, there is nothing in it, whatever lies there.
    empty = "sqlite://" if url is None and is_off() else url
    with History.open(empty, base=base, create=False) as store:
        yield store


def _is_path(reference: str) -> bool:
    separators = {os.sep, os.altsep or os.sep, "/"}
    return reference in (".", "..", json_.FILENAME) or any(mark in reference for mark in separators)


def _in_folder(path: Path, reference: str) -> tuple[Found, ...]:
    if not path.exists():
        raise MisuseError(
            "there is no such folder or file", expected=KINDS, found=reference, next_step="hil history list"
        )
    last: dict[str, folders.Left] = {}
    for left in map(folders.read, folders.places(path)):
        known = last.get(left.record.case_id)
        if known is None or known.record.finished <= left.record.finished:
            last[left.record.case_id] = left
    if not last:
        raise MisuseError(
            "there is no record",
            where=str(path),
            expected=f"{json_.FILENAME} in it or below",
            found=reference,
            next_step="name a folder that hil has written reports to",
        )
    return tuple(
        Found(left.record, left.samples, str(left.folder), left.record.run_id) for _, left in sorted(last.items())
    )

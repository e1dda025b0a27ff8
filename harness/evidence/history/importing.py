"""Catching up: report folders, or an export of another store, into the history. What is there already stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HilError, MisuseError
from harness.evidence.history import folders, portable
from harness.evidence.history.errors import StoreError
from harness.evidence.history.store import History


@dataclass
class Imported:
    """What came of it. ``left_out`` are records that could not be read, and tags that mean other runs here, each with why."""

    added: int = 0
    known: int = 0
    tags: int = 0
    left_out: list[str] = field(default_factory=list)


def bring_in(history: History, path: Path, *, base: Path, told: Callable[[int], None] = lambda n: None) -> Imported:
    """Everything in ``path``: an export, a report folder, or a folder of many. ``told`` hears how many runs were looked at.

    Folders below ``base`` are kept relative to it. A damaged record ends nothing. ``MisuseError`` when there is none at all,
    ``StoreError`` when the history refuses; what came before it is in.
    """
    if not path.exists():
        raise MisuseError("there is no such folder or file", found=str(path), next_step="name a folder of reports")
    found = Imported()
    if portable.is_export(path):
        _from_export(history, path, found, told)
    else:
        _from_folders(history, path, base, found, told)
    return found


def _from_folders(history: History, path: Path, base: Path, found: Imported, told: Callable[[int], None]) -> None:
    looked_at = 0
    for looked_at, folder in enumerate(folders.places(path), 1):
        try:
            left = folders.read(folder)
            new = history.add(
                left.record,
                left.samples,
                session=folders.session_of(left.folder, left.record),
                folder=folders.place(left.folder, base),
            )
        except StoreError:
            raise
        except HilError as error:
            found.left_out.append(f"{folder}: {error.what}")
            continue
        _count(found, new)
        told(looked_at)
    if not looked_at:
        raise MisuseError("there is no record", where=str(path), next_step="name a folder of reports, or an export")


def _from_export(history: History, path: Path, found: Imported, told: Callable[[int], None]) -> None:
    for looked_at, (run, attempts) in enumerate(portable.read(path), 1):
        new = [
            history.add(record, samples, session=attempt.session, folder=attempt.folder)
            for attempt, record, samples in attempts
        ]
        _count(found, any(new))
        history.take_notes(run.run_id, portable.notes_of(run))
        told(looked_at)
    for name, moves in portable.tags(path):
        try:
            found.tags += history.take_tag(name, moves)
        except StoreError:
            raise
        except HilError as error:
            found.left_out.append(f"the tag {name!r}: {error.what}")


def _count(found: Imported, new: bool) -> None:
    found.added += new
    found.known += not new

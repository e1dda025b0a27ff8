"""The history out of a store and into another: a folder or a .zip that any hil reads, whatever database is behind it.

``manifest.json`` says what there is: of every run its attempts, with the session and folder of each, and its notes; the tags with
all their moves. Beside it lie ``runs/NUMBER/ATTEMPT/record.json`` and ``samples.npz``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from harness import __version__
from harness.disk import files
from harness.disk.documents import parse_json
from harness.errors import BenchError, MisuseError
from harness.evidence.history.rows import Note, TagMove, Wanted
from harness.evidence.history.store import History
from harness.evidence.reports import json_, npz
from harness.evidence.stored import of_schema
from harness.records import SCHEMA as RECORD_SCHEMA
from harness.records import Record, Samples

SCHEMA: Final = "hil.history-export/1"
MANIFEST: Final = "manifest.json"
ENDING: Final = ".zip"
_MOST_BYTES: Final = 1 << 30  # of one file in an archive: what a few bytes of zip may claim to be is not believed

Write = Callable[[str, bytes], None]
Read = Callable[[str], bytes]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attempt(_Part):
    """One record of a run, and where it lies in the export."""

    session: str
    folder: str
    record: str
    samples: str | None


class Carried(_Part):
    """A run with all its attempts, the first first."""

    run_id: str
    attempts: tuple[Attempt, ...]
    notes: tuple[tuple[datetime, str, str], ...] = ()  # when, the text, by whom


class Tag(_Part):
    """A tag, with what it named from when on by whom: the last is what it names."""

    name: str
    moves: tuple[tuple[datetime, str, tuple[str, ...]], ...]


class Manifest(_Part):
    """``manifest.json``."""

    schema_: str = SCHEMA
    harness_version: str = __version__
    runs: tuple[Carried, ...] = ()
    tags: tuple[Tag, ...] = ()

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        alias_generator=lambda name: "schema" if name == "schema_" else name,
    )


def export(history: History, target: Path, want: Wanted) -> int:
    """Write the runs that are wanted to ``target``, a new folder or a new file ``*.zip``; how many.

    Tags come along whose runs all do.
    ``MisuseError`` when something lies there already, ``BenchError`` when the disk refuses: ``manifest.json`` comes last, and
    without it nothing is read.
    """
    carried: list[Carried] = []
    with _writing(target) as write:
        for i, row in enumerate(reversed(history.runs(want, limit=None)), 1):
            kept = []
            for n, (session, folder, record, samples) in enumerate(history.attempts(row.run_id), 1):
                place = f"runs/{i:06}/{n}"
                write(f"{place}/{json_.FILENAME}", json_.render(record, None, None))
                if samples is not None:
                    write(f"{place}/{npz.FILENAME}", npz.packed(samples))
                kept.append(
                    Attempt(
                        session=session,
                        folder=folder,
                        record=f"{place}/{json_.FILENAME}",
                        samples=None if samples is None else f"{place}/{npz.FILENAME}",
                    )
                )
            notes = tuple((note.at, note.text, note.by) for note in row.notes)
            carried.append(Carried(run_id=row.run_id, attempts=tuple(kept), notes=notes))
        there = {run.run_id for run in carried}
        tags = tuple(
            Tag(name=tag.name, moves=tuple((move.at, move.by, move.run_ids) for move in tag.moves))
            for tag in history.tags()
            if there.issuperset(tag.run_ids)
        )
        manifest = Manifest(runs=tuple(carried), tags=tags)
        write(MANIFEST, (manifest.model_dump_json(by_alias=True, indent=1) + "\n").encode())
    return len(carried)


def is_export(path: Path) -> bool:
    """Whether ``path`` is an archive or a folder that ``export`` has made."""
    return path.suffix == ENDING if path.is_file() else (path / MANIFEST).is_file()


def read(path: Path) -> Iterator[tuple[Carried, list[tuple[Attempt, Record, Samples | None]]]]:
    """The runs of an export. ``MisuseError`` for what is none, or is damaged."""
    with _reading(path) as content:
        for run in _manifest(content, path).runs:
            yield run, [(attempt, *_attempt(content, path, attempt)) for attempt in run.attempts]


def tags(path: Path) -> list[tuple[str, list[TagMove]]]:
    """The tags of an export. Raises as ``read``."""
    with _reading(path) as content:
        return [
            (tag.name, [TagMove(at, by, run_ids) for at, by, run_ids in tag.moves])
            for tag in _manifest(content, path).tags
        ]


def notes_of(run: Carried) -> list[Note]:
    """What was said of it."""
    return [Note(at, text, by) for at, text, by in run.notes]


def _manifest(content: Read, path: Path) -> Manifest:
    where = f"{path}: {MANIFEST}"
    try:
        found = parse_json(content(MANIFEST).decode())
    except ValueError as error:
        raise _damaged(where, error) from error
    return of_schema(Manifest, found, schema=SCHEMA, what="the export", where=where)


def _attempt(content: Read, path: Path, attempt: Attempt) -> tuple[Record, Samples | None]:
    where = f"{path}: {attempt.record}"
    try:
        found = parse_json(content(attempt.record).decode())
    except ValueError as error:
        raise _damaged(where, error) from error
    record = of_schema(Record, found, schema=RECORD_SCHEMA, what="the record", where=where)
    if attempt.samples is None:
        return record, None
    return record, npz.unpacked(io.BytesIO(content(attempt.samples)), f"{path}: {attempt.samples}")


@contextmanager
def _writing(target: Path) -> Iterator[Write]:
    try:
        if target.suffix == ENDING:
            with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
                yield archive.writestr
        else:
            target.mkdir(parents=True)

            def write(name: str, content: bytes) -> None:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(content)

            yield write
    except FileExistsError as error:
        raise MisuseError(
            "something lies there already", where=str(target), next_step="name a new folder, or a new file *.zip"
        ) from error
    except OSError as error:
        raise BenchError(
            "the export could not be written", where=str(target), found=error, next_step="check the path and the disk"
        ) from error


@contextmanager
def _reading(path: Path) -> Iterator[Read]:
    """What gives the content of a file by its name. Nothing is unpacked to the disk."""
    if path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:

                def of_archive(name: str) -> bytes:
                    try:
                        if archive.getinfo(name).file_size > _MOST_BYTES:
                            raise ValueError(f"it says that it has more than {_MOST_BYTES:,} bytes")
                        return archive.read(name)
                    except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged bytes
                        raise _damaged(f"{path}: {name}", error) from error

                yield of_archive
        except (zipfile.BadZipFile, OSError) as error:
            raise _damaged(str(path), error) from error
        return

    def of_folder(name: str) -> bytes:
        try:
            place = (path / name).resolve()
            if not place.is_relative_to(path.resolve()):
                raise ValueError("it lies elsewhere")
            return files.content(place, _MOST_BYTES)
        except (OSError, ValueError) as error:
            raise _damaged(f"{path}: {name}", error) from error

    yield of_folder


def _damaged(where: str, found: object) -> MisuseError:
    return MisuseError(
        "the export is damaged", where=where, found=found, next_step="export once more, or take it from a copy"
    )

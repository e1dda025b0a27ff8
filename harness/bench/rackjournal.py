"""The moves of this host's units, one JSON object a line: appended under a kernel lock, read without one.

What can happen to it, and what is then left:

- A writer is killed: at most its own line is cut short. Whoever reads passes over it, whoever writes next begins a new line.
- Two write at once: the second waits; the lock goes when its holder dies, however it dies.
- The disk is full, the folder may not be written: the writer gets a ``BenchError``, the file is what it was.
- A line is damaged: it is passed over, and counted (``hil doctor`` tells).
- The file cannot be read, or is not there: nothing is known of any unit, and nobody who only reads is held up.
- It grows: beyond ``MOST_BYTES`` it is begun anew with what still matters, and the old one is kept once beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.clock import Clock, Deadline
from harness.disk import files, folders, locks
from harness.errors import BenchError

#: Beyond it the file is compacted: some thousand moves.
MOST_BYTES: Final = 1 << 20
_WAIT_S = 30.0  # a writer needs milliseconds; one that is stopped (Ctrl-Z, a debugger) must not stop everybody for ever
_POLL_S = 0.02

Line = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """What the file says: its lines, oldest first, and how many could not be understood. ``why`` it cannot be read, or ""."""

    lines: tuple[Line, ...] = ()
    damaged: int = 0
    why: str = ""


_last: tuple[object, Read] | None = None


def path() -> Path:
    """Where it lies. ``BenchError`` when this user has no home."""
    return folders.state_path("rack") / "moves.jsonl"


def read() -> Read:
    """All of it. Never raises: what cannot be read says nothing, and why."""
    global _last
    try:
        where = path()
        status = where.stat()
        signature = (str(where), status.st_ino, status.st_size, status.st_mtime_ns)
        if _last is not None and _last[0] == signature:
            return _last[1]
        found = parsed(files.content(where))
    except FileNotFoundError:
        return Read()
    except BenchError as error:
        return Read(why=error.what)
    except OSError as error:
        return Read(why=error.strerror or str(error))
    _last = signature, found
    return found


def parsed(content: bytes) -> Read:
    """The lines that are whole. A last line without its end counts when it is: no part of an object is one."""
    lines, damaged = [], 0
    for raw in content.split(b"\n"):
        if not raw.strip():
            continue
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError):
            line = None
        if isinstance(line, dict):
            lines.append(line)
        else:
            damaged += 1
    return Read(tuple(lines), damaged)


def write(
    make: Callable[[Read], Line | None], clock: Clock, keep: Callable[[Sequence[Line]], Iterable[Line]]
) -> Line | None:
    """Append what ``make`` makes of what stands there; None: nothing. One writer at a time, so it decides on the newest.

    ``keep`` says which lines a compaction leaves. ``BenchError`` when nothing can be written; then nothing was.
    """
    folder = folders.made(path().parent, folders.STATE)
    try:
        with _alone(folder, clock):
            line = make(read())
            if line is not None and _append(path(), _encoded(line)):
                with suppress(OSError):  # the line is there: that is what counts
                    _compact(path(), keep)
            return line
    except OSError as error:
        raise folders.unusable(Path(error.filename or folder), error, folders.STATE) from error


@contextmanager
def _alone(folder: Path, clock: Clock) -> Iterator[None]:
    deadline = Deadline.after(clock, _WAIT_S)
    while (lock := locks.take(folder / "moves.lock")) is None:
        if deadline.passed:
            raise BenchError(
                "the journal of the rack's units is being written by somebody else",
                where=str(folder),
                found=f"its lock was not free within {_WAIT_S:g} s",
                next_step="is a `hil` stopped (Ctrl-Z, a debugger)? end it",
            )
        clock.sleep_s(_POLL_S)
    with lock:
        yield


def _append(where: Path, line: bytes) -> bool:
    """Whether the file grew beyond ``MOST_BYTES`` by it, or beyond the next multiple where compacting it had not helped."""
    with where.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                line = b"\n" + line  # somebody was killed in the middle of theirs
        try:
            while line:
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise
        return file.tell() // MOST_BYTES > size // MOST_BYTES


def _compact(where: Path, keep: Callable[[Sequence[Line]], Iterable[Line]]) -> None:
    content = files.content(where)
    files.replace(where.with_suffix(".before.jsonl"), content)
    files.replace(where, b"".join(_encoded(line) for line in keep(parsed(content).lines)))


def _encoded(line: Line) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"

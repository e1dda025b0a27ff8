"""What was answered, written down as it comes, so that a run whose host process was killed can be gone on with.

``journal.jsonl`` lies in the folder of the case. Each line is ``CRC JSON``: the CRC-32 of the JSON text in 8 hexadecimal
digits, a blank, and an object. The first says what the run is bound to, one on which unit it goes on, every other is one answered
sample::

    {"schema": "hil.journal/1", "run": ID, "started": ISO time, "bound": {"case": ..., "dataset": SHA-256, ...}}
    {"unit": the probe's id, "chip": the chip's unique id in hexadecimal}
    {"i": index, "status": n, "cycles": n, "crc": CRC-32 of the input as the engine read it, "out": outputs in hex, "t": s}

In a run that is spread over several units (``run.sharded``) ``"u": the probe's id`` says whose answer it is; without it, it is
that of the unit told of last.

``"quiet": true`` stands in the line of a sample that went alone: its cycles may be taken as a time. ``t`` is the time spent on
streaming until then, earlier parts of the run included. A line that was torn or damaged counts
as never written: its sample is streamed again. Lines are handed to the system at once and to the disk once a second: the
death of the process loses none, the death of the host a second's worth.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from harness.clock import Clock
from harness.disk.documents import parse_json
from harness.disk.files import regular
from harness.errors import HostError, MisuseError
from harness.paths import read_file
from harness.wire.events import ResultReceived

FILENAME: Final = "journal.jsonl"
ANY: Final = "journal*.jsonl"  # those that were set aside too
SCHEMA: Final = "hil.journal/1"
_SYNC_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Earlier:
    """What an earlier part of the run has left. ``answered`` maps the index of a sample to its answer; ``quiet`` are timed."""

    run_id: str
    started: datetime
    bound: dict[str, str]
    answered: dict[int, ResultReceived]
    spent_s: float
    quiet: frozenset[int] = frozenset()
    units: tuple[tuple[str, str], ...] = ()  # (id of the probe, unique id of the chip) of every part of the run
    by: dict[int, str] = field(default_factory=dict)  # the id of the probe whose unit answered a sample
    spread: bool = False  # it was on several units at once

    def check_unit(self, uid: str, chip_id: str, where: Path) -> None:
        """MisuseError when a part of the run was on another unit: what is measured is measured on one. "" is not compared."""
        for other, chip in self.units:
            if other != uid or (chip and chip_id and chip != chip_id):
                raise MisuseError(
                    "the run cannot be gone on with on this unit: it was begun on another one",
                    where=str(where),
                    expected=f"unit {other}" + (f", chip {chip}" if chip else ""),
                    found=f"unit {uid}" + (f", chip {chip_id}" if chip_id else ""),
                    next_step=f"take that one (--device-serial {other}), or start a new run without --resume",
                )

    def check_chip(self, uid: str, chip_id: str, where: str) -> None:
        """MisuseError when that probe was on another chip in an earlier part: whose answers those are is not known. "" is not
        compared."""
        before = dict(self.units).get(uid, "")
        if before and chip_id and before != chip_id:
            raise MisuseError(
                f"the run cannot be gone on with: unit {uid} has another chip than in its earlier part",
                where=where,
                expected=f"chip {before}",
                found=f"chip {chip_id}",
                next_step="put the board back that it was begun on, or start a new run without --resume",
            )

    def check_bound(self, bound: Mapping[str, str], where: Path) -> None:
        """MisuseError naming both sides when this run is not the one that the journal was written by."""
        for name in sorted({*bound, *self.bound}):
            if self.bound.get(name) != bound.get(name):
                raise MisuseError(
                    f"the run cannot be gone on with: its {name} is not the one of now",
                    where=str(where),
                    expected=f"{name} {bound.get(name)}",
                    found=f"{name} {self.bound.get(name)}",
                    next_step="start a new run without --resume, or put back what was changed",
                )


class Journal:
    """An open journal. ``close`` makes it safe; may be called again."""

    def __init__(self, path: Path, clock: Clock, *, spent_s: float = 0.0) -> None:
        self.path = path
        self._clock = clock
        self._began_s = clock.monotonic_s() - spent_s
        self._synced_s = clock.monotonic_s()
        self._fd: int | None = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    @classmethod
    def begin(cls, path: Path, clock: Clock, *, run_id: str, started: datetime, bound: Mapping[str, str]) -> Journal:
        """A new one; what lies there is replaced (see ``set_aside``). BenchError when the disk refuses."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            journal = cls(path, clock)
            journal._write({"schema": SCHEMA, "run": run_id, "started": started.isoformat(), "bound": dict(bound)})
        except OSError as error:
            raise _disk(path, error) from error
        return journal

    @classmethod
    def go_on(cls, path: Path, clock: Clock, earlier: Earlier) -> Journal:
        """The one that ``read`` has read. A torn last line is ended, so that the next one stands alone."""
        try:
            journal = cls(path, clock, spent_s=earlier.spent_s)
            if not path.read_bytes().endswith(b"\n"):
                os.write(journal._open_fd(), b"\n")
        except OSError as error:
            raise _disk(path, error) from error
        return journal

    def on_unit(self, uid: str, chip_id: str) -> None:
        """The answers that follow are of this unit. BenchError when the disk refuses."""
        try:
            self._write({"unit": uid, "chip": chip_id})
        except OSError as error:
            raise _disk(self.path, error) from error

    def add(self, index: int, result: ResultReceived, *, quiet: bool = False, unit: str = "") -> None:
        """One more answered sample; ``quiet`` when it went alone, ``unit``: whose answer it is where there are several.

        BenchError when the disk refuses: going on would promise what cannot be kept.
        """
        now_s = self._clock.monotonic_s()
        line: dict[str, Any] = {
            "i": index,
            "status": result.status,
            "cycles": result.cycles,
            "crc": result.input_crc,
            "sent": result.sent_crc,
            "out": result.outputs.hex(),
            "t": round(now_s - self._began_s, 6),
        }
        if quiet:
            line["quiet"] = True
        if unit:
            line["u"] = unit
        try:
            self._write(line)
            if now_s - self._synced_s >= _SYNC_EVERY_S:
                self._synced_s = now_s
                os.fsync(self._open_fd())
        except OSError as error:
            raise _disk(self.path, error) from error

    def close(self) -> None:
        """Nothing more will be added."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            try:
                os.fsync(fd)
            except OSError as error:
                raise _disk(self.path, error) from error
            finally:
                os.close(fd)

    def _open_fd(self) -> int:
        if self._fd is None:
            raise MisuseError("the journal was closed", where=str(self.path))
        return self._fd

    def _write(self, content: Mapping[str, Any]) -> None:
        text = json.dumps(content, separators=(",", ":")).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        # One write: whoever kills us kills us before or after it. A disk that is filling up takes a part of it first.
        if os.write(self._open_fd(), line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read(path: Path) -> Earlier:
    """What a journal says. MisuseError when it cannot be read or does not begin as one."""
    try:
        lines = read_file(path).split(b"\n")
    except OSError as error:
        raise MisuseError("the journal cannot be read", where=str(path), found=error) from error
    head = _parsed(lines[0])
    if head is None or head.get("schema") != SCHEMA:
        raise MisuseError(
            "this is no journal of a run",
            where=str(path),
            expected=SCHEMA,
            found=head.get("schema") if head else "a first line that is damaged",
            next_step="start a new run without --resume",
        )
    answered: dict[int, ResultReceived] = {}
    quiet = set()
    units: list[tuple[str, str]] = []
    by: dict[int, str] = {}
    spread = False
    spent_s = 0.0
    for line in lines[1:]:
        content = _parsed(line)
        if content is None:
            continue
        if "unit" in content:
            units.append((str(content["unit"]), str(content["chip"])))
            continue
        spent_s = max(spent_s, float(content["t"]))
        index = int(content["i"])
        if content.get("quiet") and index not in answered:
            quiet.add(index)
        spread = spread or "u" in content
        if index not in answered and (whose := str(content.get("u", units[-1][0] if units else ""))):
            by[index] = whose
        answered.setdefault(
            index,
            ResultReceived(
                key=index,
                status=int(content["status"]),
                cycles=int(content["cycles"]),
                input_crc=int(content["crc"]),
                sent_crc=int(content["sent"]),
                outputs=bytes.fromhex(content["out"]),
            ),
        )
    started = datetime.fromisoformat(head["started"])
    return Earlier(head["run"], started, head["bound"], answered, spent_s, frozenset(quiet), tuple(units), by, spread)


def set_aside(folder: Path) -> Path | None:
    """Keep the journal of an interrupted run that lies in ``folder`` under a name of its own, which ``--resume`` takes.

    That name, or None where there is none with answers in it. BenchError when the disk refuses.
    """
    path = folder / FILENAME
    if not path.is_file():
        return None
    try:
        earlier = read(path)
        if not earlier.answered:
            return None
        name = earlier.run_id
    except MisuseError:
        name = "damaged"
    try:
        return path.replace(folder / f"journal-{name}.jsonl")
    except OSError as error:
        raise _disk(path, error) from error


def remove(folder: Path, run_id: str) -> None:
    """The journal of that run has served. Those of others stay."""
    for path in folder.glob(ANY):
        if run_of(path) == run_id:
            path.unlink(missing_ok=True)


def run_of(path: Path) -> str | None:
    """The id of the run whose journal this is; None when it is none, or cannot be read."""
    return _head(path).get("run")


def case_of(path: Path) -> str | None:
    """The case whose journal this is; None when it is none, or cannot be read."""
    bound = _head(path).get("bound")
    return bound.get("case") if isinstance(bound, dict) else None


def _head(path: Path) -> dict[str, Any]:
    try:
        with regular(path) as file:
            head = _parsed(file.readline().rstrip(b"\n"))
    except OSError:
        return {}
    return head if head and head.get("schema") == SCHEMA else {}


def _parsed(line: bytes) -> dict[str, Any] | None:
    crc, _, text = line.partition(b" ")
    try:
        if len(crc) != 8 or int(crc, 16) != zlib.crc32(text):
            return None
    except ValueError:
        return None
    try:
        content = parse_json(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _disk(path: Path, error: OSError) -> HostError:
    return HostError("the journal cannot be written", where=str(path), found=error, next_step="check the disk")

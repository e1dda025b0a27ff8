"""Which virtual units run on this host: one small file per unit in a private directory."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.disk import files
from harness.disk.folders import RUNTIME, runtime_folder
from harness.errors import BenchError, MisuseError

_COMES_UP_S = 60.0
_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class UnitEntry:
    """A running unit. ``born`` is when process ``pid`` started, so that a reused pid is not taken for it."""

    uid: str
    pid: int
    born: str
    soc: str
    board_name: str
    target: str
    port: str
    socket: str

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return born(self.pid) == self.born


def born(pid: int) -> str | None:
    """The start time of a process in kernel ticks since boot; "?" where /proc is missing; None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return _probe(pid) if not Path("/proc/self/stat").exists() else None
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields[19]


def _probe(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "?"


def check_uid(uid: str) -> str:
    """``uid`` if it can name a unit; ``MisuseError`` else."""
    if not _UID.fullmatch(uid):
        raise MisuseError("not a usable unit id", expected="1 to 40 letters, digits, '.', '_' or '-'", found=repr(uid))
    return uid


def entry_path(uid: str) -> Path:
    """Where the entry of ``uid`` lies."""
    return runtime_folder() / f"{uid}.json"


def socket_path(uid: str) -> Path:
    """Where its socket lies. ``BenchError`` if the kernel cannot take a path so long."""
    path = runtime_folder() / f"{uid}.sock"
    if len(os.fsencode(path)) > 100:
        raise BenchError(
            "the path of the runtime directory is too long for a Unix socket",
            where=str(path),
            next_step=f"set {RUNTIME} to a shorter directory",
        )
    return path


def lifetime_path(uid: str) -> Path:
    """Where it tells how long it has lived (``lifetime``)."""
    return runtime_folder() / f"{uid}.time"


def publish(entry: UnitEntry) -> None:
    """Make a unit known, in one step: readers see all of the entry or nothing."""
    files.replace(entry_path(entry.uid), json.dumps(asdict(entry)).encode())


def withdraw(uid: str) -> None:
    """Remove a unit's files; harmless if they are gone."""
    entry_path(uid).unlink(missing_ok=True)
    socket_path(uid).unlink(missing_ok=True)
    lifetime_path(uid).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove the sockets that nobody serves and the drafts of entries of units that were killed while they came up."""
    for path in (*folder.glob("*.sock"), *folder.glob(".*.json.*")):
        try:
            if time.time() - path.lstat().st_mtime > _COMES_UP_S and not _served(path):
                path.unlink(missing_ok=True)
                path.with_suffix(".time").unlink(missing_ok=True)
        except OSError:
            continue


def _served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:  # nobody listens, or it is a file
            return False
        except OSError:
            pass
    return True


def _load(path: Path) -> UnitEntry | None:
    try:
        return UnitEntry(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def running() -> list[UnitEntry]:
    """All running units, by uid. Files of units whose process died are removed, also when it had not told of itself yet."""
    found = []
    folder = runtime_folder()
    _sweep(folder)
    for path in sorted(folder.glob("*.json")):
        entry = _load(path)
        if entry is not None and entry.alive:
            found.append(entry)
        else:
            withdraw(path.stem)
    return found


def find(uid: str) -> UnitEntry | None:
    """The running unit of that id, or None."""
    return next((entry for entry in running() if entry.uid == uid), None)

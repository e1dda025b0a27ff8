"""One holder per unit, across processes of this host.

The lock is a kernel lock on a file (a POSIX record lock, ``msvcrt`` on Windows): it goes when its holder dies, however it
dies, and a forked child does not inherit it (an ``flock`` would live on in the child: field notes, farm 3). A POSIX record
lock does not exclude its own process, so a table of this process's leases does that. The readable holder record beside the
lock is for people only; nothing trusts it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from harness.bench.runtime import runtime_folder
from harness.clock import Clock, Deadline, SystemClock
from harness.errors import BenchError

_POLL_S = 0.1
_ours: set[str] = set()
_ours_guard = threading.Lock()


@dataclass(frozen=True)
class Holder:
    """Who holds a unit, as it said itself."""

    pid: int
    since: str
    what: str

    def describe(self) -> str:
        """For messages."""
        return f"process {self.pid} since {self.since} ({self.what})"


class Lease:
    """The right to use one unit. A context manager; ``release`` may be called twice."""

    def __init__(self, uid: str, file: IO[str], record: Path) -> None:
        self.uid = uid
        self._file: IO[str] | None = file
        self._record = record

    def release(self) -> None:
        """Give the unit back. After it, any process may take the unit."""
        if self._file is None:
            return
        self._record.unlink(missing_ok=True)
        self._file.close()  # closing drops the kernel lock
        self._file = None
        with _ours_guard:
            _ours.discard(self.uid)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def acquire(uid: str, *, what: str, wait_s: float = 0.0, clock: Clock | None = None) -> Lease:
    """Take the unit ``uid``, waiting up to ``wait_s`` seconds. ``BenchError`` names the holder when it stays taken."""
    clock = clock or SystemClock()
    deadline = Deadline.after(clock, wait_s)
    while True:
        lease = _try(uid, what, clock)
        if lease is not None:
            return lease
        if deadline.passed:
            held = holder(uid)
            raise BenchError(
                f"unit {uid} is in use",
                found=held.describe()
                if held
                else "a lock without a holder record (its holder is just starting or ending)",
                next_step="wait for it, or end that process; `hil units` shows all units and their holders",
            )
        clock.sleep_s(min(_POLL_S, deadline.left_s()))


def holder(uid: str) -> Holder | None:
    """Who holds ``uid`` now; None when it is free."""
    path = _path(uid, ".lock")
    if not path.exists():
        return None
    with _ours_guard:
        mine = uid in _ours
    if not mine:
        # Never open the file while this process holds it: closing any descriptor on it would drop the POSIX lock.
        with path.open("a") as probe:
            if _lock(probe):
                return None
    try:
        return Holder(**json.loads(_path(uid, ".holder").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Holder(pid=0, since="?", what="unknown")


def _try(uid: str, what: str, clock: Clock) -> Lease | None:
    with _ours_guard:
        if uid in _ours:
            return None
        file = _path(uid, ".lock").open("a")  # Python opens close-on-exec
        if not _lock(file):
            file.close()
            return None
        _ours.add(uid)
    record = _path(uid, ".holder")
    me = Holder(pid=os.getpid(), since=clock.now().isoformat(timespec="seconds"), what=what)
    record.write_text(json.dumps(asdict(me)), encoding="utf-8")
    return Lease(uid, file, record)


def _path(uid: str, ending: str) -> Path:
    folder = runtime_folder() / "leases"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / (re.sub(r"[^A-Za-z0-9._-]", "_", uid) + ending)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[str]) -> bool:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

"""One holder per unit, across processes of this host.

The lock (``disk.locks``) goes when its holder dies, however it dies. The readable holder record beside the lock is for people
only; nothing trusts it. Both files go with the lease, those of holders that were killed with the next lease of any unit.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from harness.clock import Clock, Deadline, SystemClock
from harness.disk import locks
from harness.disk.folders import runtime_folder
from harness.errors import BenchError

_POLL_S = 0.1
#: A lock without a holder record: its holder is just starting or ending, or somebody sweeps it. That takes no time.
_NAMELESS_S = 0.5


@dataclass(frozen=True)
class Holder:
    """Who holds a unit, as it said itself."""

    pid: int
    since: str
    what: str

    @property
    def alive(self) -> bool:
        """Whether there is such a process; it may be another one of the same number."""
        if sys.platform == "win32":
            return True  # a signal 0 would end it there
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass
        return True

    def describe(self) -> str:
        """For messages."""
        return f"process {self.pid} since {self.since} ({self.what})"


class InUse(BenchError):
    """Somebody else holds the unit."""


class Lease:
    """The right to use one unit. A context manager; ``release`` may be called twice."""

    def __init__(self, uid: str, lock: locks.Lock, record: Path) -> None:
        self.uid = uid
        self._lock: locks.Lock | None = lock
        self._record = record

    def release(self) -> None:
        """Give the unit back. After it, any process may take the unit."""
        if self._lock is None:
            return
        self._record.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def acquire(uid: str, *, what: str, wait_s: float = 0.0, clock: Clock | None = None) -> Lease:
    """Take the unit ``uid``, waiting up to ``wait_s`` seconds. ``InUse`` names the holder when it stays taken,
    another ``BenchError`` says why no lock can be had here."""
    clock = clock or SystemClock()
    deadline, nameless = Deadline.after(clock, wait_s), Deadline.after(clock, _NAMELESS_S)
    while True:
        lease = _try(uid, what, clock)
        if lease is not None:
            _sweep()
            return lease
        record = _record(uid)
        if deadline.passed and ((record is not None and record.alive) or nameless.passed):
            raise InUse(
                f"unit {uid} is in use",
                found=record.describe() if record else "a lock without a holder record",
                next_step="wait for it, or end that process; `hil units` shows all units and their holders",
            )
        clock.sleep_s(min(_POLL_S, max(deadline.left_s(), nameless.left_s())))


def holder(uid: str) -> Holder | None:
    """Who holds ``uid`` now; None when it is free."""
    if not locks.held(_path(uid, ".lock")):
        return None
    return _record(uid) or Holder(pid=0, since="?", what="unknown")


def _record(uid: str) -> Holder | None:
    return _read(_path(uid, ".holder"))


def _read(path: Path) -> Holder | None:
    try:
        found = Holder(**json.loads(path.read_text(encoding="utf-8")))
        return found if isinstance(found.pid, int) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _try(uid: str, what: str, clock: Clock) -> Lease | None:
    lock = locks.take(_path(uid, ".lock"))
    if lock is None:
        return None
    record = _path(uid, ".holder")
    me = Holder(pid=os.getpid(), since=clock.now().isoformat(timespec="seconds"), what=what)
    try:
        record.write_text(json.dumps(asdict(me)), encoding="utf-8")
    except OSError:
        lock.release()
        raise
    return Lease(uid, lock, record)


def _sweep() -> None:
    """Remove what killed holders have left."""
    for name in {path.stem for path in _folder().iterdir() if path.suffix in (".lock", ".holder")}:
        record = _read(_folder() / f"{name}.holder")
        if record is not None and record.alive:
            continue  # asking its lock would keep others from it for a moment
        lock = locks.take(_folder() / f"{name}.lock")
        if lock is not None:
            (_folder() / f"{name}.holder").unlink(missing_ok=True)
            lock.release()


def _folder() -> Path:
    folder = runtime_folder() / "leases"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _path(uid: str, ending: str) -> Path:
    return _folder() / (re.sub(r"[^A-Za-z0-9._-]", "_", uid) + ending)

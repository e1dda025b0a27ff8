"""Locks between the processes of this host, each a file that is there only while somebody holds it.

The lock is the kernel's, on the file (a POSIX record lock, ``msvcrt`` on Windows): it goes when its holder dies, however it
dies, and a forked child does not inherit it (an ``flock`` would live on in the child: field notes, farm 3). A POSIX record
lock does not exclude its own process, and closing *any* descriptor of the file drops it, so a table of this process's own
locks is asked first. The file goes with the lock. Whoever waits for it may hold a file that has lost its name by then:
a lock counts only on the file that bears the name.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

_POLL_S = 0.05
_ours: set[str] = set()
_guard = threading.Lock()


class Lock:
    """A held lock. A context manager; ``release`` may be called twice."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd: int | None = fd

    def release(self) -> None:
        """Give it back; its file is gone then."""
        with _guard:
            if self._fd is None:
                return
            fd, self._fd = self._fd, None
            _remove(self.path, fd)
            _ours.discard(os.path.realpath(self.path))

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take(path: Path) -> Lock | None:
    """The lock of that file, made if absent; None when somebody has it. ``OSError`` when the file cannot be opened."""
    with _guard:
        name = os.path.realpath(path)
        if name in _ours:
            return None
        fd = _locked(path)
        if fd is None:
            return None
        _ours.add(name)
    return Lock(path, fd)


def wait_for(path: Path) -> Lock:
    """``take``, after everyone who has it. Without a deadline: a holder that dies gives it back."""
    while (lock := take(path)) is None:
        time.sleep(_POLL_S)
    return lock


def held(path: Path) -> bool:
    """Whether somebody, this process included, holds it. Makes no file."""
    if not path.exists():
        return False
    lock = take(path)
    if lock is None:
        return True
    lock.release()
    return False


def _locked(path: Path) -> int | None:
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            if not _lock(fd):
                os.close(fd)
                return None
        except OSError:
            os.close(fd)
            raise
        try:
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        except FileNotFoundError:
            pass
        os.close(fd)  # its last holder has just removed it


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _remove(path: Path, fd: int) -> None:
        os.close(fd)
        try:
            path.unlink(missing_ok=True)
        except OSError:
            pass  # somebody else has opened it already; it goes with that lock

else:
    import fcntl

    def _lock(fd: int) -> bool:
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # the two that POSIX allows for "somebody has it"
            return False
        return True

    def _remove(path: Path, fd: int) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            pass  # its folder is gone or closed to us: the lock is given back all the same
        os.close(fd)

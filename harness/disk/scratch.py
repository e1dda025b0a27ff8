"""Folders for what is needed for a moment. They go with the block, and those of killed processes with the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.disk import locks

_ALIVE = ".alive"


@contextmanager
def scratch(prefix: str = "hil-", parent: Path | None = None) -> Iterator[Path]:
    """A new private folder below ``parent`` (None: the temporary folder), removed at the end of the block.

    Its lock tells that it is in use. Folders of that prefix whose lock nobody holds are swept first. ``OSError`` when none
    can be made.
    """
    home = parent or Path(tempfile.gettempdir())
    sweep(home, prefix)
    folder, alive = _made(home, prefix)
    try:
        yield folder
    finally:
        alive.release()
        shutil.rmtree(folder, ignore_errors=True)


def _made(home: Path, prefix: str) -> tuple[Path, locks.Lock]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        try:
            alive = locks.take(folder / _ALIVE)
        except FileNotFoundError:
            continue  # another process has swept it in the moment before it was locked
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if alive is not None:
            return folder, alive


def sweep(home: Path, prefix: str) -> None:
    """Remove what killed processes have left. Folders that ``scratch`` has not made, or of other users, stay."""
    for mark in home.glob(f"{prefix}*/{_ALIVE}"):
        folder = mark.parent
        try:
            if folder.is_symlink() or mark.is_symlink() or folder.stat().st_uid != _uid(folder):
                continue
            dead = locks.take(mark)
        except OSError:
            continue
        if dead is not None:
            shutil.rmtree(folder, ignore_errors=True)
            dead.release()


def _uid(folder: Path) -> int:
    return os.getuid() if hasattr(os, "getuid") else folder.stat().st_uid

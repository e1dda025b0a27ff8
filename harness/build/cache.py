"""Built images by the digest of everything they were built from. Safe between processes, also when they are killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

try:
    import fcntl
except ImportError:  # no POSIX locks: two processes may then build the same image at once, which wastes time only
    fcntl = None  # type: ignore[assignment]


def default_cache_dir() -> Path:
    """Where images are kept when the caller names no other place."""
    return Path(platformdirs.user_cache_dir("hil")) / "firmware"


def cached_file(cache_dir: Path, key: str, name: str, make: Callable[[Path], Path]) -> Path:
    """``cache_dir/key/name``. When it is not there ``make(scratch_dir)`` builds it and its result is moved there whole.

    A second process that wants the same key waits for the first. Nothing of a failed build is kept.
    """
    target = cache_dir / key / name
    if target.is_file():
        return target
    cache_dir.mkdir(parents=True, exist_ok=True)
    with _only_one(cache_dir / f"{key}.lock"):
        if target.is_file():
            return target
        scratch = Path(tempfile.mkdtemp(prefix="build-", dir=cache_dir))
        try:
            made = make(scratch)
            target.parent.mkdir(exist_ok=True)
            made.replace(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Held until the block ends or the process dies: the kernel's record lock, which children do not inherit."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if fcntl is not None:
            fcntl.lockf(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

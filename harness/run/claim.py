"""A report directory is one run's while it is written: two would mix their journals and their reports."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.bench import lease
from harness.errors import BenchError, MisuseError


@contextmanager
def claimed(folder: Path | None, *, what: str) -> Iterator[None]:
    """Hold ``folder`` (None: nothing to hold) until the end of the block, or of this process, however it ends.

    ``MisuseError`` naming the holder when another run of this host writes there. The lock is a lease of the bench's and lies
    with those: no file of ours is left among the reports.
    """
    if folder is None:
        yield
        return
    try:
        held = lease.acquire(_key(folder), what=f"{what}, writes {folder}")
    except lease.InUse as error:
        raise MisuseError(
            "another run is writing into this report directory",
            where=str(folder),
            found=error.found,
            next_step="wait for it, or give this run another --report-dir",
        ) from error
    with held:
        yield


def hold(root: Path, *, what: str) -> lease.Lease | None:
    """Hold the folder of a whole run; None when another process of it, or of another command into it, holds it already."""
    try:
        return lease.acquire(_key(root), what=f"{what}, writes {root}")
    except BenchError:
        return None


def is_held(folder: Path) -> bool:
    """Whether a process of this host writes into ``folder`` now."""
    return lease.holder(_key(folder)) is not None


def _key(folder: Path) -> str:
    return "reports-" + hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]

"""What was made, by the digest of everything it was made of. Safe between processes, also when they are killed.

What lies there is believed only with its own digest: a file that was damaged since is built again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.disk import files, folders, locks
from harness.disk.scratch import scratch


def cached_file(cache_dir: Path, key: str, name: str, make: Callable[[Path], Path]) -> Path:
    """``cache_dir/key/name``. When it is not there, or not as it was put there, ``make(scratch_dir)`` builds it and its result
    is moved there whole.

    A second process that wants the same key waits for the first. Nothing of a failed build is kept. ``BenchError`` when the
    folder cannot be used.
    """
    target = cache_dir / key / name
    if files.intact(target):
        return target
    folders.made(cache_dir)
    try:
        with locks.wait_for(cache_dir / f"{key}.lock"):
            if files.intact(target):
                return target
            with scratch("build-", cache_dir) as folder:
                made = make(folder)
                if not target.parent.is_dir():
                    target.parent.unlink(missing_ok=True)
                    target.parent.mkdir()
                files.keep(made, target)
    except OSError as error:
        raise folders.unusable(cache_dir, error) from error
    return target

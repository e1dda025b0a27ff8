"""Where the project's data lies (beside ``harness/`` in a checkout, in the package of a wheel), and reading a user's files."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder ``firmware``, ``fixtures`` or ``testplans`` that belongs to this installation."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "_shipped" / name


MAX_FILE_BYTES = 1 << 31  # of models and data sets for microcontrollers; a device or a pipe would never end


def read_file(path: Path, limit_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The content of a file that a user named.

    Raises ``OSError``: as ``open`` does, and for what is no regular file (``/dev/zero``, a pipe, a folder) or larger than
    ``limit_bytes``, before anything is read of it.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if found.st_size > limit_bytes:
        raise OSError(errno.EFBIG, f"larger than {limit_bytes:,} bytes", str(path))
    return path.read_bytes()

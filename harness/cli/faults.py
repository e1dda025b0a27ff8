"""What becomes of an exception that no error of ours foresaw. None of them is evidence against a product: never status 1.

What the machine refuses (a full disk, no right to write, no memory) is the rig's; everything else is hil's own fault.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.evidence import ourfault

#: What a machine answers when it will not, whatever the program asks.
_REFUSALS = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ENODEV", "ENXIO")
    if hasattr(errno, name)
}
_folder: Path | None = None


@contextmanager
def kept_in(folder: Path | None) -> Iterator[None]:
    """Tracebacks go to that report directory; for None, as outside of the block, to the temporary folder."""
    global _folder
    before, _folder = _folder, folder
    yield
    _folder = before  # after an exception it stays: ``told`` is asked where the command has ended


def refused(error: BaseException) -> str | None:
    """What to tell of an error that is the machine's; None when it is not."""
    if isinstance(error, MemoryError):
        return "this machine has not enough memory for it"
    if isinstance(error, ModuleNotFoundError) and not (error.name or "harness").startswith("harness"):
        return f"the package {error.name} is not installed\n  next:     pip install hil again; `hil doctor` says what is missing"
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return f"this machine refuses\n  found:    {error}\n  next:     check the path, its rights and the disk"
    return None


def told(error: BaseException) -> str:
    """The line for an error of ours, after its traceback was written down."""
    return ourfault.told(error, _folder)

"""What becomes of an exception that no error of ours foresaw. None of them is evidence against a product: never status 1.

What the machine refuses (a full disk, no right to write, no memory) is the rig's; everything else is hil's own fault.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: What a machine answers when it will not, whatever the program asks.
_REFUSALS = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ENODEV", "ENXIO")
    if hasattr(errno, name)
}
#: What it answers when a name leads nowhere.
_UNUSABLE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP}
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


def mistaken(error: BaseException, arguments: Sequence[str]) -> str | None:
    """What to tell of a path on the command line that no file can be read from or written to; None when it is not that."""
    if not isinstance(error, OSError) or error.errno not in _UNUSABLE:
        return None
    names = [Path(name) for name in (error.filename, error.filename2) if isinstance(name, str)]
    for argument in arguments:
        given = Path(argument.partition("=")[2] if argument.startswith("-") else argument)
        # A file is written under a name of its own beside the wanted one; a folder on the way there may be a file.
        ways = {given, *given.parents} - {Path(), Path("/")}
        if given.parts and any(
            name in ways
            or given in name.parents
            or (name.parent, name.name[: len(given.name) + 2]) == (given.parent, f".{given.name}.")
            for name in names
        ):
            return f"this path cannot be used\n  where:    {given}\n  found:    {error.strerror}"
    return None


def told(error: BaseException) -> str:
    """The line for an error of ours, after its traceback was written down."""
    from harness.evidence import ourfault  # here: what goes well needs none of what the record imports

    return ourfault.told(error, _folder)

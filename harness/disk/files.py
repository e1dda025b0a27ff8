"""Files: read only when they can end, written so that a reader sees the old ones or the new ones, kept with their digests."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import Final

#: What a file that is read whole may have: more than any model's (FlatBuffers end at 2 GiB), less than fills a laptop.
MOST_BYTES: Final = 2 << 30
_DIGEST = ".sha256"


def check_regular(path: Path) -> int:
    """The size of a file in bytes. ``OSError`` for what is no regular file: a folder, a device without end, a pipe that waits."""
    try:
        status = path.stat()
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, f"not the name of a file ({error})", str(path)) from error
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return status.st_size


def regular(path: Path) -> BufferedReader:
    """A file, opened for reading. ``OSError`` as ``check_regular``."""
    check_regular(path)
    return path.open("rb")


def content(path: Path, at_most: int = MOST_BYTES) -> bytes:
    """The bytes of a file. ``OSError`` when it cannot be read, is no regular file or has more than ``at_most`` bytes."""
    size = check_regular(path)
    too_large = OSError(errno.EFBIG, f"more than {at_most:,} bytes", str(path))
    if size > at_most:
        raise too_large
    try:
        with regular(path) as file:
            found = (
                file.read(at_most + 1) if size == 0 else file.read(size + 1)
            )  # files of /proc say that they are empty
    except MemoryError as error:
        raise OSError(errno.ENOMEM, f"{size:,} bytes do not fit this machine's memory", str(path)) from error
    if len(found) > at_most:
        raise too_large
    return found


def text(path: Path, at_most: int = MOST_BYTES) -> str:
    """The UTF-8 text of a file. ``UnicodeDecodeError`` when it is none; else as ``content``."""
    return content(path, at_most).decode("utf-8")


def name_for(what: str, longest: int = 200) -> str:
    """A file's name for what has an id of its own, a unit's say: no two ids have the same.

    ``_`` for each character that some file system minds, and no more than ``longest`` and 13 characters (file systems take 255
    bytes, and something may follow); what is changed so has a part of its SHA-256 behind it.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", what)[:longest]
    return (
        plain
        if plain == what
        else f"{plain}-{hashlib.sha256(what.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"
    )


def replace(path: Path, new: bytes) -> None:
    """Make ``path`` hold ``new``, at once and on the disk. After failure (``OSError``) it holds what it held before."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner reads; reports are for the web server and the CI's uploader too.
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def move(fresh: Path, target: Path) -> None:
    """Put a file, or a folder of files, in the place of ``target``: its content is on the disk before its name is.

    ``OSError`` when that fails; ``target`` is then what it was before. Both are on one file system.
    """
    for path in [fresh] if fresh.is_file() else sorted(fresh.iterdir()):
        _sync(path)
    fresh.replace(target)
    _sync(target.parent)


def keep(fresh: Path, target: Path) -> None:
    """``move`` a file that ``intact`` shall know again. Whatever lay in its place, a folder even, gives way.

    Killed in between, it is not intact, and will be made again.
    """
    for path in (target, _digest_beside(target)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    digest = _sha256(fresh)
    move(fresh, target)
    replace(_digest_beside(target), digest.encode())


def intact(path: Path) -> bool:
    """Whether a file is the one that ``keep`` has put there, bit for bit. False also when it is not there."""
    try:
        return content(_digest_beside(path), 64).decode("ascii", "replace") == _sha256(path)
    except OSError:
        return False


def _digest_beside(path: Path) -> Path:
    return path.with_name(path.name + _DIGEST)


def _sha256(path: Path) -> str:
    with regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    # A rename outlives a loss of power only when its folder has reached the disk too; Windows cannot open folders.
    if os.name == "nt" and path.is_dir():
        return
    fd = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

"""The runs in ``hil-reports``: one is begun, found by its name, and the last is pointed to.

``hil-reports/latest`` points to the run that began last: of two at once, the later to begin wins, and also a run that was
killed is found by it. It is a relative link that is replaced at once; where no link can be made it is a text file with the
run's name, which ``latest`` follows as well. Runs that were told to write elsewhere (``--report-dir``) are not pointed to.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from harness.disk import files
from harness.errors import BenchError
from harness.evidence import layout

_IGNORE: Final = ".gitignore"
#: Nobody commits reports by mistake; whoever wants to takes this file away and it is not written again.
_IGNORED: Final = (
    b"# Reports are evidence of one day on one machine: keep them as artefacts, not in the repository.\n*\n"
)
_MOST_NAME_BYTES: Final = 4096


def begin(root: Path, *, first: bool = True) -> None:
    """Make a run's folder and, in ``hil-reports``, let ``latest`` point to it. May be called again.

    ``first`` False: another process of the same run has begun it, maybe before other runs began; ``latest`` stays.

    ``BenchError`` when the folder cannot be made or not be written to. That ``latest`` cannot be set ends nothing.
    """
    base = root.parent
    try:
        if base.name == layout.BASE:
            make_base(base)
        root.mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK | os.X_OK):
            raise PermissionError(f"{root} cannot be written to")
    except OSError as error:
        raise BenchError(
            "the reports could not be written",
            where=str(root),
            found=error,
            next_step="check the path and the disk, or choose another place: --report-dir DIR",
        ) from error
    with contextlib.suppress(OSError):
        if first and base.name == layout.BASE and root.name != layout.LATEST:
            point(base, root.name)


def make_base(base: Path) -> None:
    """Make the folder of runs, with a ``.gitignore`` where it was not there. ``OSError`` when it cannot be made."""
    new = base.name == layout.BASE and not base.exists()
    base.mkdir(parents=True, exist_ok=True)
    if new:
        with contextlib.suppress(OSError):
            files.replace(base / _IGNORE, _IGNORED)


def latest(base: Path) -> Path | None:
    """The run that ``latest`` in ``base`` points to; None when there is none, or it is gone."""
    pointer = base / layout.LATEST
    try:
        if pointer.is_dir():
            return pointer.resolve()
        name = files.content(pointer, _MOST_NAME_BYTES).decode("utf-8").strip()
    except (OSError, ValueError):
        return None
    return named(base, name)


def named(base: Path, name: str) -> Path | None:
    """The folder of that name in ``base``, None when there is none. A name is no path: none leads out of ``base``."""
    if name in ("", ".", "..") or Path(name).name != name or "\0" in name:
        return None
    folder = base / name
    return folder if folder.is_dir() else None


def point(base: Path, name: str | None) -> None:
    """Let ``latest`` in ``base`` point to the run of that name; None: to none. ``OSError`` when the disk refuses."""
    pointer = base / layout.LATEST
    if name is None:
        if pointer.is_symlink() or pointer.is_file():
            pointer.unlink()
        return
    fresh = base / f".{layout.LATEST}.{os.getpid()}"
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name, target_is_directory=True)
    except (OSError, NotImplementedError):  # a file system, or a Windows user, without links
        if not pointer.is_dir():
            files.replace(pointer, f"{name}\n".encode())
        return
    try:
        fresh.replace(pointer)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise

"""Which of a project's files are new, which are there already and are left alone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.disk import files
from harness.errors import MisuseError
from harness.scaffold.project import IGNORED

_GITIGNORE = Path(".gitignore")


@dataclass(frozen=True)
class Kept:
    """``new``: what is to be written, by path. ``same``: files that are so already. ``other``: those that are left alone, with

    the difference to be applied. ``ignored``: whether a line goes into an existing .gitignore.
    """

    new: dict[Path, bytes]
    same: tuple[Path, ...]
    other: dict[Path, str]
    ignored: bool


def sorted_out(root: Path, texts: Mapping[Path, str], *, force: bool) -> Kept:
    """What of ``texts`` is to be written in ``root``. ``force``: files that differ too, .gitignore never.

    .gitignore is the one file that gets a line more instead: nothing of it is lost. ``MisuseError`` when something other
    than a file has one of the names, or a file cannot be read.
    """
    new: dict[Path, bytes] = {}
    same: list[Path] = []
    other: dict[Path, str] = {}
    for path, text in texts.items():
        old = _old(root / path)
        if old is None or (force and old != text):
            new[path] = text.encode()
        elif old == text:
            same.append(path)
        else:
            other[path] = "".join(
                difflib.unified_diff(
                    old.splitlines(keepends=True),
                    text.splitlines(keepends=True),
                    f"{path} (yours)",
                    f"{path} (proposed)",
                )
            )
    ignore = _old(root / _GITIGNORE)
    lines = (ignore or "").splitlines()
    wanted = IGNORED.strip("/")
    ignored = not any(line.strip().strip("/") == wanted for line in lines)
    if ignored:
        ended = "" if not ignore or ignore.endswith("\n") else "\n"
        new[_GITIGNORE] = f"{ignore or ''}{ended}{IGNORED}\n".encode()
    return Kept(new, tuple(same), other, ignored and ignore is not None)


def _old(path: Path) -> str | None:
    if not (path.exists() or path.is_symlink()):
        return None
    try:
        return files.content(path).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise MisuseError(
            "what is there already cannot be read",
            where=str(path),
            expected="a file",
            found=error.strerror,
            next_step="move it away, or choose another folder: --dir DIR",
        ) from error

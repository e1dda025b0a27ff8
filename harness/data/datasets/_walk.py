"""The files below a folder, in the order of their paths, whatever lies there: links that go round, remains of systems."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.datasets import _common
from harness.errors import PlanError

_REMAINS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass
class Walked:
    """``files``: paths below the root with ``/``, sorted. ``empty``: folders of the class level without any file."""

    files: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def folders(root: Path) -> list[str]:
    """The names of the folders directly below, without hidden ones."""
    return sorted(entry.name for entry in _entries(str(root)) if not _is_remains(entry.name) and _is(entry.is_dir))


def walk(root: Path, suffixes: Collection[str], ignore: Sequence[str], depth: int) -> Walked:
    """All files with one of ``suffixes`` (small letters, with the dot), links followed.

    ``depth``: the level of the class folders; above it files of other kinds are passed over (README, lists), from it on they
    are refused, naming the file, unless ``ignore`` matches their name or path. ``PlanError`` too for a link that goes round or
    nowhere, and for a folder that cannot be read.
    """
    found = Walked()
    _into(str(root), "", 0, (_identity(str(root)),), (suffixes, ignore, depth), found)
    found.files.sort()
    return found


_Rules = tuple[Collection[str], Sequence[str], int]


def _into(
    folder: str, below: str, level: int, parents: tuple[tuple[int, int], ...], rules: _Rules, found: Walked
) -> None:
    suffixes, ignore, depth = rules
    before = len(found.files)
    for entry in _entries(folder):
        name = below + entry.name
        if _is_remains(entry.name) or any(
            fnmatch.fnmatchcase(entry.name, pattern) or fnmatch.fnmatchcase(name, pattern) for pattern in ignore
        ):
            continue
        if _is(entry.is_dir):
            identity = _identity(entry.path)
            if identity in parents:
                raise PlanError(
                    "a link leads back to a folder that it lies in",
                    where=entry.path,
                    expected="folders that end",
                    found=os.path.realpath(entry.path),
                    next_step="remove the link, or pass over it with 'ignore'",
                )
            _into(entry.path, f"{name}/", level + 1, (*parents, identity), rules, found)
        elif os.path.splitext(entry.name)[1].lower() in suffixes:  # noqa: PTH122 - a Path for each of 100,000 files takes seconds
            if not _is(entry.is_file):
                pointer, step = _common.absent(Path(entry.path))
                if pointer:
                    raise PlanError(
                        "a file among the samples was not fetched",
                        where=entry.path,
                        expected="the file's own content",
                        found=pointer,
                        next_step=step,
                    )
                raise _strange(entry, "a link that leads nowhere, or no regular file", suffixes)
            found.files.append(name)
        elif entry.name.endswith(".dvc") and os.path.splitext(entry.name[:-4])[1].lower() in suffixes:  # noqa: PTH122
            if _common.there(Path(entry.path[:-4])):
                continue  # fetched: DVC keeps its own beside it
            raise PlanError(
                "a file among the samples was not fetched",
                where=entry.path,
                expected=entry.name.removesuffix(".dvc"),
                found="a file of DVC that stands for it",
                next_step="run 'dvc pull' in the data's repository",
            )
        elif level >= depth and level:
            raise _strange(entry, os.path.splitext(entry.name)[1] or "no ending", suffixes)  # noqa: PTH122
    if level == depth and level and len(found.files) == before:
        found.empty.append(below.rstrip("/"))


def _strange(entry: os.DirEntry[str], what: str, suffixes: Collection[str]) -> PlanError:
    return PlanError(
        "a file among the samples is no sample",
        where=entry.path,
        expected=f"{', '.join(sorted(suffixes))}",
        found=what,
        next_step=f"move it away, or pass over it: ignore: ['*{os.path.splitext(entry.name)[1] or entry.name}']",  # noqa: PTH122
    )


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a link to itself
        return False


def _is_remains(name: str) -> bool:
    return name.startswith(".") or name.lower() in _REMAINS


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)  # noqa: PTH116 - as above
    return status.st_dev, status.st_ino


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise PlanError(
            "a folder of the dataset cannot be read", where=folder, expected="a folder", found=error.strerror
        ) from error

"""What several forms need: their options' base, and files of theirs that are there and can be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from harness.data.dataset import DataMissing
from harness.disk.files import regular
from harness.errors import PlanError
from harness.paths import read_file
from harness.plans.names import suggestion

#: What stands in a file that was not fetched: the beginning of it, the tool that left it there, how to get the content.
_POINTERS = (
    (b"version https://git-lfs.github.com/spec/", "git-lfs", "git lfs pull"),
    (b"/annex/objects/", "git-annex", "git annex get ."),
)


class Options(BaseModel):
    """Base of the forms' options."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _names(value: object) -> object:
    """``a,b`` or a list; whole numbers as the text that they are."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")] if value else []
    if not isinstance(value, list | tuple):
        raise ValueError("names are a list, [a, b], or text with commas")
    if strange := [part for part in value if isinstance(part, bool | float) or not isinstance(part, str | int)]:
        raise ValueError(f"a name is text: write {strange[0]!r} in quotes")
    names = tuple(str(part) for part in value)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return names


#: A list of names in a plan: ``[a, b]``, or ``a,b``.
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


def _shape(value: object) -> object:
    """``8x8x1``, ``[8, 8, 1]`` or ``64``."""
    if isinstance(value, str):
        parts: Sequence[object] = value.split("x") if value else ()
        if not all(isinstance(part, str) and part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
            raise ValueError("a shape is written as 8x8x1 or [8, 8, 1]")
        value = tuple(int(str(part)) for part in parts)
    value = (value,) if isinstance(value, int) else value
    if not isinstance(value, list | tuple) or not all(type(part) is int and part > 0 for part in value):
        raise ValueError("a shape is written as 8x8x1 or [8, 8, 1]")
    return tuple(value)


#: The extents of one sample in a plan: ``8x8x1`` or ``[8, 8, 1]``.
Shape = Annotated[tuple[int, ...], BeforeValidator(_shape)]


def known_split(name: str, split: str, known: Sequence[str]) -> None:
    """Raise ``PlanError`` unless the dataset has that split."""
    if split not in known:
        raise PlanError(
            f"dataset {name!r} has no split {split!r}",
            where="dataset.split",
            expected=", ".join(known),
            found=split,
            next_step=suggestion(split, known, "name one that is there"),
        )


def there(path: Path) -> bool:
    """Whether something is at a path; not at one that no system takes."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def existing(folder: Path, path: str) -> Path:
    """``path`` seen from ``folder``. Raises ``DataMissing`` when nothing is there."""
    found = folder / path
    if not there(found):
        pointer, step = absent(found)
        raise DataMissing(
            "the dataset is not on this machine",
            where=str(found),
            expected="a file or folder at that path",
            found=pointer or None,
            next_step=step
            or "put the data there, or correct the path (it is relative to the folder of the plan, or of the test)",
        )
    return found


def content(path: Path) -> bytes:
    """What is in a file of the dataset. Raises ``PlanError`` when it cannot be read, is no regular file, or stands for one
    that git-lfs or git-annex has not fetched."""
    try:
        found = read_file(path)
    except OSError as error:
        raise PlanError(
            "the dataset's file cannot be read", where=str(path), expected="a regular file", found=error.strerror
        ) from error
    _refuse(path, found)
    return found


def refuse_pointer(path: Path) -> None:
    """``PlanError`` when a regular file stands for one that git-lfs or git-annex has not fetched."""
    try:
        with regular(path) as file:
            _refuse(path, file.read(64))
    except OSError:  # told by whoever reads it
        return


def _refuse(path: Path, content: bytes) -> None:
    for begins, tool, command in _POINTERS:
        if content.startswith(begins):
            raise PlanError(
                f"the file is a pointer of {tool}, not the data itself",
                where=str(path),
                expected="the file's own content",
                found=f"the pointer that {tool} left in its place",
                next_step=f"run '{command}' in the data's repository",
            )


def absent(path: Path) -> tuple[str, str]:
    """What stands where a file is not, in words, and how to get it: a broken link of git-annex, a file of DVC; "" for neither."""
    try:
        if path.is_symlink() and ".git/annex/objects" in path.readlink().as_posix():
            return "a link of git-annex to what was not fetched", "run 'git annex get .' in the data's repository"
        if path.with_name(f"{path.name}.dvc").exists():
            return "a file of DVC that stands for it", "run 'dvc pull' in the data's repository"
    except (OSError, ValueError):
        pass
    return "", ""

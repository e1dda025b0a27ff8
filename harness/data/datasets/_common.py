"""What several forms need."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harness.data.dataset import DataMissing
from harness.errors import PlanError
from harness.paths import read_file


class Options(BaseModel):
    """Base of the forms' options."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def known_split(name: str, split: str, known: tuple[str, ...]) -> None:
    """Raise ``PlanError`` unless the dataset has that split."""
    if split not in known:
        raise PlanError(
            f"dataset {name!r} has no split {split!r}", where="dataset.split", expected=", ".join(known), found=split
        )


def existing(folder: Path, path: str) -> Path:
    """``path`` seen from ``folder``. Raises ``DataMissing`` when nothing is there."""
    found = folder / path
    try:
        there = found.exists()
    except (OSError, ValueError):  # a name that no system takes
        there = False
    if not there:
        raise DataMissing(
            "the dataset is not on this machine",
            where=str(found),
            expected="a file or folder at that path",
            next_step="put the data there, or correct the path (it is relative to the plan's folder)",
        )
    return found


def content(path: Path) -> bytes:
    """What is in a file of the dataset. Raises ``PlanError`` when it cannot be read, or is no regular file."""
    try:
        return read_file(path)
    except OSError as error:
        raise PlanError(
            "the dataset's file cannot be read", where=str(path), expected="a regular file", found=error.strerror
        ) from error

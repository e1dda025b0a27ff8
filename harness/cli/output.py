"""Files that a command was told to write: asked about before the work, written whole after it."""

from __future__ import annotations

from pathlib import Path

from harness.disk.together import write
from harness.errors import MisuseError


def check(path: Path, ending: str | None = None, *, new_folder: bool = False) -> None:
    """``MisuseError`` when a file of that name cannot be written: no such folder, a folder itself, another ``ending``.

    ``new_folder``: its folder may be one that ``write`` can make.
    """
    wanted = f"a file{f' *{ending}' if ending else ''} in a folder that {'can be made' if new_folder else 'exists'}"
    try:
        folder = path.parent
        if new_folder:
            folder = next(parent for parent in path.absolute().parents if parent.exists())
        fits = folder.is_dir() and not path.is_dir() and (ending is None or path.suffix == ending)
    except (OSError, ValueError):  # a name that no system takes
        fits = False
    if not fits:
        raise MisuseError("the result cannot be written there", where=str(path), expected=wanted)


__all__ = ["check", "write"]

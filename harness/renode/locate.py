"""Where Renode is, and what to do when it is nowhere."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.errors import BenchError

ENVIRONMENT = "HIL_RENODE"
INSTALL = (
    "unpack https://github.com/renode/renode/releases (1.16) and set HIL_RENODE to its `renode`, or put it on PATH"
)


def find() -> Path | None:
    """The executable: ``HIL_RENODE`` (a file, or a folder that has it), else ``renode`` on PATH; None if there is none."""
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        path = Path(chosen)
        path = path / "renode" if path.is_dir() else path
        return path if path.is_file() and os.access(path, os.X_OK) else None
    found = shutil.which("renode")
    return Path(found) if found else None


def require() -> Path:
    """The same; ``BenchError`` of one line when there is none."""
    found = find()
    if found is None:
        chosen = os.environ.get(ENVIRONMENT)
        where = f"HIL_RENODE={chosen} is no executable file" if chosen else "neither HIL_RENODE nor PATH has it"
        raise BenchError(f"Renode is not here: {where}; {INSTALL}")
    return found

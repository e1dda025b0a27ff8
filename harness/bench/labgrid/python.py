"""Which Python has labgrid. Best one of an environment of its own: pyserial-labgrid overwrites pyserial's files, without a word."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from harness.errors import BenchError

#: Names the environment that labgrid is installed in: its folder, its folder of commands, or its Python.
VARIABLE: Final = "HIL_LABGRID"
_INSTALL: Final = (
    "python3 -m venv ENV && ENV/bin/pip install 'labgrid>=26.0.1,<27', of the coordinator's release; then"
    f" {VARIABLE}=ENV, or its labgrid-client on PATH"
)


def find() -> Path:
    """The environment that ``$HIL_LABGRID`` names, else our own if labgrid is in it, else that of the ``labgrid-client`` on PATH.

    ``BenchError`` that says how to install it where there is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = _python_at(Path(named))
        if found is None:
            raise BenchError(
                f"{VARIABLE} names no environment",
                expected="the folder of a virtual environment, its bin folder, or its Python",
                found=named,
                next_step=_INSTALL,
            )
        return found
    if importlib.util.find_spec("labgrid") is not None:
        return Path(sys.executable)
    command = shutil.which("labgrid-client")
    # Resolved: pipx and people link the command from elsewhere to where its Python is.
    found = _python_at(Path(command).resolve().parent) if command else None
    if found is None:
        raise BenchError(
            "labgrid is not installed",
            expected=f"an environment with labgrid 26: named by {VARIABLE}, or with its labgrid-client on PATH",
            found="neither",
            next_step=_INSTALL,
        )
    return found


def _python_at(path: Path) -> Path | None:
    if path.is_file():
        return path
    for name in ("bin/python", "python", "Scripts/python.exe", "python.exe"):
        if (path / name).is_file():
            return path / name
    return None

"""Where QEMU is, which version it is, and what to do when it is nowhere or too old."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from harness.errors import BenchError

ENVIRONMENT = "HIL_QEMU"
PROGRAM = "qemu-system-arm"
OLDEST = (9, 1)
INSTALL = (
    f"install {PROGRAM} {OLDEST[0]}.{OLDEST[1]} or newer (Debian 13: apt-get install {PROGRAM}),"
    f" or set {ENVIRONMENT} to one"
)
_TIMEOUT_S = 20.0


def find() -> Path | None:
    """The program: ``HIL_QEMU`` (a file, or a folder that has it), else on PATH; None if there is none."""
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        path = Path(chosen)
        path = path / PROGRAM if path.is_dir() else path
        return path if path.is_file() and os.access(path, os.X_OK) else None
    found = shutil.which(PROGRAM)
    return Path(found) if found else None


def version_of(text: str) -> tuple[int, int, int] | None:
    """The three numbers in what ``--version`` prints; None when it is not QEMU that speaks."""
    found = re.search(r"QEMU emulator version (\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def ask(program: Path) -> tuple[int, int, int]:
    """The version of that program. ``BenchError`` of one line when it does not run or says none."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
        found = version_of(done.stdout)
        said = " ".join((done.stdout + done.stderr).split())[-200:] or f"exit status {done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        found, said = None, str(error)
    if found is None:
        raise BenchError(f"{program} does not say which QEMU it is: {said}; {INSTALL}")
    return found


def require(oldest: tuple[int, int] = OLDEST) -> tuple[Path, tuple[int, int, int]]:
    """The program and its version. ``BenchError`` of one line when there is none, or it is older than ``oldest``."""
    program = find()
    if program is None:
        chosen = os.environ.get(ENVIRONMENT)
        where = f"{ENVIRONMENT}={chosen} is no executable file" if chosen else f"neither {ENVIRONMENT} nor PATH has it"
        raise BenchError(f"QEMU is not here: {where}; {INSTALL}")
    version = ask(program)
    if version[:2] < oldest:
        raise BenchError(f"{program} is QEMU {dotted(version)}, too old; {INSTALL}")
    return program, version


def dotted(version: tuple[int, ...]) -> str:
    """``10.0.13``."""
    return ".".join(map(str, version))

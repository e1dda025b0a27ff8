"""labgrid's environment, for units of other hosts. Nothing is said where it is not installed and nobody has asked for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.bench.finding import Finding
from harness.bench.labgrid import python
from harness.errors import BenchError

_TIMEOUT_S: Final = 30.0
_ASK: Final = "from labgrid.util import labgrid_version; print(labgrid_version())"
_INSTALL: Final = "pip install 'labgrid>=26.0.1,<27' there"


def environment() -> Iterator[Finding]:
    """Which Python has it, and whether that is a release that was tried."""
    try:
        found = python.find()
    except BenchError as error:
        if os.environ.get(python.VARIABLE):
            yield _finding("broken", f"{error.what}: {error.found}", str(error.next_step))
        return
    try:
        run = subprocess.run([found, "-c", _ASK], capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield _finding("broken", f"{found} cannot be asked: {error}", f"{python.VARIABLE} names its environment")
        return
    version = run.stdout.strip()
    if run.returncode or not version.startswith("26."):
        said = version or (run.stderr.strip().splitlines() or ["nothing"])[-1]
        yield _finding("broken", f"{found} has no labgrid 26: {said}", _INSTALL)
    elif found == Path(sys.executable):
        yield _finding("ok", f"{version} in hil's own environment, whose pyserial is pyserial-labgrid's by now")
    else:
        yield _finding("ok", f"{version}, by {found}")


def _finding(state: str, detail: str, next_step: str = "") -> Finding:
    return Finding("labgrid", "environment", "ok" if state == "ok" else "broken", detail, next_step, needed=False)

"""The handle of a unit whose process supervises another program: an emulator that somebody else wrote."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import IO, Any

from harness.virtual.host.process import RunningUnit

#: The supervisor's exit status when the firmware made the emulator give up.
ENDED_BY_FIRMWARE = 3
_END_TIMEOUT_S = 5.0


class SupervisedUnit(RunningUnit):
    """A unit started by this process. ``close`` ends it; so does the end of this process, however it comes.

    ``name`` is the emulator with its version, ``group`` the process group of the program, ``folder`` what it writes to, if any.
    """

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes], ready: dict[str, Any]) -> None:
        super().__init__(process, errors, ready)
        self.name: str = ready["name"]
        self.group: int = ready["group"]
        self.folder: str = ready.get("folder", "")

    @property
    def core_fault(self) -> str:
        """Why the firmware has ended the emulation; "" when it has not."""
        if self.port and self._process.poll() is None and not Path(self.socket).exists():
            try:
                self._process.wait(_END_TIMEOUT_S)  # it is on its way out
            except subprocess.TimeoutExpired:
                return ""
        return self.why_dead.partition("\n")[2] if self._process.poll() == ENDED_BY_FIRMWARE else ""

    def close(self) -> None:
        """See RunningUnit."""
        super().close()
        if self._process.returncode is not None and self._process.returncode < 0:
            # The supervisor was killed and could not end the program's group itself, nor remove its folder.
            try:
                os.killpg(self.group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)

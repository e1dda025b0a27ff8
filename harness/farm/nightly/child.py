"""One case as a process of its own, in a session of its own: it can be ended with all that it started, and ends with the night."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.clock import Clock, Deadline
from harness.run import orphan

#: From being asked to end until it is killed. CI systems give the night itself ten seconds, and its summary must still be written.
GRACE_S: Final = 6.0
HIL: Final = (sys.executable, "-m", "harness")


class Child:
    """A running ``hil``, called by ``words``. Its output goes to the file ``said``. ``late``: it was ended since its deadline had
    passed.

    ``close`` leaves no process of it behind, however far it is.
    """

    def __init__(self, words: Sequence[str], said: Path, clock: Clock, *, deadline_s: float, **more: str) -> None:
        self._clock = clock
        self._deadline = Deadline.after(clock, deadline_s)
        self._end_by: Deadline | None = None
        self.late = False
        with said.open("ab") as output:
            # Its own session: Ctrl-C in a terminal is the night's to pass on, and a signal to its group reaches all of it.
            self._process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(more),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its number, which is its group's too."""
        return self._process.pid

    def poll(self) -> int | None:
        """How it ended, as a shell tells it, None while it runs. One that is late is asked to end, then killed."""
        if self._process.returncode is None and not _has_ended(self.pid):
            if self._end_by is None and self._deadline.passed:
                self.late = True
                self.stop()
            elif self._end_by is not None and self._end_by.passed:
                self._signal(signal.SIGKILL, group=True)
            return None
        return self._reaped()

    def stop(self) -> None:
        """Ask it to end as by Ctrl-C: its unit is given back, its journal kept. After ``GRACE_S`` it is killed."""
        if self._end_by is None:
            self._end_by = Deadline.after(self._clock, GRACE_S)
            self._signal(signal.SIGTERM, group=False)

    def close(self) -> None:
        """Kill it with all that it started, at once. May be called again."""
        if self._process.returncode is None:
            self._signal(signal.SIGKILL, group=True)
            self._process.wait()

    def _reaped(self) -> int:
        if self._process.returncode is None:
            # As long as nobody has asked how it ended, no other group can have its number.
            self._signal(signal.SIGKILL, group=True)
            self._process.wait()
        status: int = self._process.returncode
        return status if status >= 0 else 128 - status

    def _signal(self, number: signal.Signals, *, group: bool) -> None:
        try:
            (os.killpg if group else os.kill)(self.pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def _has_ended(pid: int) -> bool:
    """Without asking how, which would free its number."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return os.environ | {orphan.VARIABLE: str(os.getpid()), "COLUMNS": "160", "NO_COLOR": "1"} | dict(more)

"""How long an emulated unit has lived (``EmulatedUnit.own_time_s``): the host's clock less the time without a processor.

QEMU tells nobody how far its own clock is. Its core computes as fast as the host lets it and sleeps at the host's pace, so
its time is the host's, but for the time in which one of its threads was ready and waited for a processor, or was stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from harness.virtual.debug.lifetime import LivedWall

_LOOK_EVERY_S = 0.02


class Lived:
    """Of the process ``pid``. Where there is no Linux ``/proc`` it is the host's clock alone."""

    def __init__(self, pid: int, *, wall: Callable[[], float] = time.monotonic, folder: Path = Path("/proc")) -> None:
        self._process = folder / str(pid)
        self._wall = wall
        self._own = LivedWall(wall)
        self._seen_s = wall()
        self._own_s, self._waited_s = self._own(), self._waited()

    def step(self) -> float:
        """Seconds lived since the last step; 0 where that was a moment ago. At least every ``lifetime.LIFE_SIGN_S``."""
        now_s = self._wall()
        if now_s - self._seen_s < _LOOK_EVERY_S:
            return 0.0
        own_s, waited_s = self._own(), self._waited()
        passed_s = own_s - self._own_s
        without_s = passed_s if self._stopped() else max(0.0, waited_s - self._waited_s)
        self._seen_s, self._own_s, self._waited_s = now_s, own_s, waited_s
        return max(0.0, passed_s - without_s)

    def _waited(self) -> float:
        """What its threads, together, have waited for a processor: the second of three numbers, in ns (proc(5), schedstat)."""
        total_ns = 0
        for thread in self._process.glob("task/*/schedstat"):
            try:
                total_ns += int(thread.read_text().split()[1])
            except (OSError, IndexError, ValueError):
                continue  # it ended while we looked
        return total_ns / 1e9

    def _stopped(self) -> bool:
        try:
            state = (self._process / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return False
        return state in "Tt"

"""How long a unit has lived, told to everybody on this host by eight bytes in a file beside the unit's other files.

A unit's own time passes while its core runs (then it is virtual time) and while it idles (then it is the host's). It stands
still while the emulator gets no processor, and goes slowly where the emulator is slower than the chip. Who waits for an
answer waits in this time: a slow host must not look like a broken firmware. Reading it asks nobody, so it works for a
process that is stopped.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

#: How long a unit that idles goes at most without looking up, and so without telling that it lives.
LIFE_SIGN_S: Final = 0.1
_LONGEST_LOOK_S = 1.5 * LIFE_SIGN_S

_SECONDS = struct.Struct("@d")


class Lifetime:
    """The unit's side. ``close`` leaves the file: ``registry.withdraw`` removes it with the others."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, _SECONDS.size)
            self._shared = mmap.mmap(fd, _SECONDS.size)
        finally:
            os.close(fd)
        # Readers ask nobody, so each value must come whole, in one store. ``struct.pack_into`` writes zeros first: whoever
        # read those, and then the seconds again, saw the unit live all its life in one moment.
        self._seconds = memoryview(self._shared).cast("d")
        self._lived_s = 0.0

    def add(self, seconds: float) -> None:
        """So much more has passed for the unit."""
        self._lived_s += seconds
        self._seconds[0] = self._lived_s

    def close(self) -> None:
        """Nothing more will be told."""
        self._seconds.release()
        self._shared.close()


class LivedWall:
    """The host's clock without the time in which this process was stopped or got no processor.

    For a program that sleeps until a timer ends, idle time passes at the host's pace. A process that could not look for
    bytes meanwhile must not let it see half a second without any.
    """

    def __init__(self, wall: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._seen_s = wall()
        self._lived_s = 0.0

    def __call__(self) -> float:
        """Seconds; to be called at least every ``LIFE_SIGN_S`` while the unit idles."""
        now_s = self._wall()
        self._lived_s += min(now_s - self._seen_s, _LONGEST_LOOK_S)
        self._seen_s = now_s
        return self._lived_s


def read(path: Path) -> float | None:
    """Seconds that the unit has lived; None where it does not tell."""
    try:
        return float(_SECONDS.unpack(path.read_bytes())[0])
    except (OSError, struct.error):
        return None

"""How a unit's thread is ended from outside: its transport and its steps raise ``Stopped`` once the others need no more of it."""

from __future__ import annotations

import threading

from harness.bench.transports import Transport

#: So long a stopped unit may go on waiting for its line.
_LOOK_S = 0.25


class Stopped(Exception):
    """The case has ended, or another unit has ended it."""


class Stoppable:
    """A transport that hears of the end. See ``Transport``."""

    def __init__(self, inner: Transport, stop: threading.Event) -> None:
        self.inner, self._stop = inner, stop

    def _look(self) -> None:
        if self._stop.is_set():
            raise Stopped

    @property
    def name(self) -> str:
        """See Transport."""
        return self.inner.name

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return self.inner.baud

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See Transport."""
        self._look()
        return self.inner.read(max_bytes, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        self._look()
        return self.inner.write(data, timeout_s)

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport: it may return early."""
        self._look()
        self.inner.wait(min(timeout_s, _LOOK_S), to_write=to_write)

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        self.inner.set_baud(baud)

    def close(self) -> None:
        """See Transport."""
        self.inner.close()

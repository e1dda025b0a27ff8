"""What the process of an emulated unit needs around it, whichever emulator runs the unit: its signals, its owner, its socket."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from harness.virtual.debug import registry


class Served(Protocol):
    """A unit's loop; it ends soon after ``running`` has become false."""

    running: bool


class Signals:
    """SIGTERM, SIGINT and SIGHUP as one wish: that the unit ends. Before there is one, the process ends at once.

    ``fd`` can be read from then on: a signal must end a poll() that sleeps.
    """

    def __init__(self) -> None:
        self._unit: Served | None = None
        self.fd, wake_out = os.pipe()
        os.set_blocking(wake_out, False)
        signal.set_wakeup_fd(wake_out)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)

    def end(self, unit: Served) -> None:
        """The unit that they end."""
        self._unit = unit

    def _end(self, _number: int, _frame: object) -> None:
        if self._unit is None:
            raise SystemExit(0)
        self._unit.running = False


def owner_fds(owner: int | None) -> list[int] | None:
    """What becomes readable when the process ``owner`` ends; empty where there is none or Linux cannot tell.

    None when it has ended already.
    """
    if owner is None or not hasattr(os, "pidfd_open"):
        return []
    try:
        return [os.pidfd_open(owner)]
    except ProcessLookupError:
        return None


@contextmanager
def listening(uid: str) -> Iterator[socket.socket]:
    """The socket under which probes find the unit. After it nothing of the unit is left in the registry."""
    path = registry.socket_path(uid)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        try:
            listener.listen(8)
            yield listener
        finally:
            registry.withdraw(uid)

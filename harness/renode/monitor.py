"""What drives Renode: one command in, its text out, whichever way it travels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness.errors import BenchError, DeviceError

Watch = Callable[[], None]


class CommandRefused(BenchError):
    """Renode answered, and the answer is an error. The monitor can still be used."""


class NoAnswer(BenchError):
    """Renode did not answer in time, or its process is gone. The monitor is of no use any more."""


class CoreAborted(DeviceError):
    """The emulated core jumped to where no code is. Renode cannot go on: its process must be killed."""


class Monitor(Protocol):
    """A way to Renode's monitor. ``watch`` is called while waiting, and may raise to end the wait."""

    @property
    def how(self) -> str:
        """In words, for the record."""
        ...

    def execute(self, command: str, timeout_s: float, watch: Watch) -> str:
        """Run one line and return its text, stripped. ``CommandRefused``, ``NoAnswer``, or what ``watch`` raises."""
        ...

    def quit(self) -> None:
        """Ask Renode to end; does not wait and never raises."""
        ...

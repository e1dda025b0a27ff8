"""Ctrl-C, SIGTERM and a terminal that goes away, noticed between two steps of the night instead of in the middle of one."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class Stops:
    """A context manager; within it ``by`` is the signal that asked the night to end.

    A second one says ``hurry``: what runs is killed instead of asked. CI systems send another while the first is obeyed, and
    the summary must still be written; a third one interrupts that too.
    """

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self.hurry = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stops:
        if threading.current_thread() is threading.main_thread():
            for number in _numbers():
                self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.hurry:
            raise KeyboardInterrupt
        self.hurry = self.by is not None
        self.by = self.by or signal.Signals(number)


def _numbers() -> list[signal.Signals]:
    found = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored by nohup
        found.append(signal.SIGHUP)
    return found

"""SIGTERM as orderly as Ctrl-C, in a run that holds boards. Other runs keep what they have."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

import pytest

_BEFORE = pytest.StashKey[object]()


def arm(config: pytest.Config) -> None:
    """From now on a CI system's cancel gives units back by the same clean-up as Ctrl-C. May be called again."""
    if sys.platform == "win32" or _BEFORE in config.stash or threading.current_thread() is not threading.main_thread():
        return
    config.stash[_BEFORE] = signal.signal(signal.SIGTERM, _as_interrupt)


def disarm(config: pytest.Config) -> None:
    """Put the signal handler back, for runs inside a longer-lived process."""
    before = config.stash.get(_BEFORE, None)
    if before is not None:
        signal.signal(signal.SIGTERM, before)  # type: ignore[arg-type]  # what signal.signal gave is what it takes
        del config.stash[_BEFORE]


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"signal {signal.Signals(number).name}")

"""SIGTERM and a terminal that goes away end a run that holds boards as orderly as Ctrl-C. Other runs keep what they have."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any

import pytest

_BEFORE = pytest.StashKey[dict[signal.Signals, Any]]()
_by: str | None = None


def arm(config: pytest.Config) -> None:
    """From now on a CI system's cancel gives units back by the same clean-up as Ctrl-C. May be called again."""
    if sys.platform == "win32" or _BEFORE in config.stash or threading.current_thread() is not threading.main_thread():
        return
    ours = [signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # else it is ignored: nohup
        ours.append(signal.SIGHUP)
    config.stash[_BEFORE] = {number: signal.signal(number, _as_interrupt) for number in ours}


def disarm(config: pytest.Config) -> None:
    """Put the signal handlers back, for runs inside a longer-lived process."""
    global _by
    if _BEFORE in config.stash:
        for number, before in config.stash[_BEFORE].items():
            signal.signal(number, before)
        del config.stash[_BEFORE]
    _by = None


def by() -> str:
    """What ended this run: the name of the signal, else that of Ctrl-C's."""
    return _by or signal.SIGINT.name


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    global _by
    _by = signal.Signals(number).name
    raise KeyboardInterrupt(f"signal {_by}")

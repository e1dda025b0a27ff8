"""Processes that end with ours, however ours ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def with_parent() -> Callable[[], None] | None:
    """For ``preexec_fn``: the kernel kills the process when the *thread* that has started it ends. None where it cannot.

    What the process does between fork and exec is one system call and one question, both made ready here: nothing is imported or
    allocated there, which another thread's lock could keep waiting for ever.
    """
    if not sys.platform.startswith("linux"):
        return None
    parent, prctl = os.getpid(), ctypes.CDLL(None).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before that
            os._exit(1)

    return tie

"""A process that works for another one ends when that one is gone, and gives its unit back, instead of streaming for nobody."""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

#: Names the process that a ``hil`` works for, by its number.
VARIABLE: Final = "HIL_PARENT"

_LOOK_EVERY_S: Final = 0.2
#: The clean-up that Ctrl-C has too gets so long; then the kernel gives back what is held, and the unit's processes see it.
_GRACE_S: Final = 1.0
_started: list[threading.Thread] = []


def watch(parent: int) -> None:
    """From now on this process ends as by SIGTERM when its parent is not ``parent`` any more. May be called again.

    Only where signals reach a thread; elsewhere nothing happens.
    """
    if _started or not hasattr(signal, "pthread_kill"):
        return
    main = threading.main_thread().ident
    assert main is not None
    thread = threading.Thread(target=_wait, args=(parent, main), name="hil-orphan", daemon=True)
    _started.append(thread)
    thread.start()


def watch_as_told() -> None:
    """``watch`` whom ``HIL_PARENT`` names; no process that this one starts is told the same."""
    told = os.environ.pop(VARIABLE, "")
    if told.isdecimal():
        watch(int(told))


def _wait(parent: int, main: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_LOOK_EVERY_S)
    # To the main thread itself: a signal to the process may be taken by another one, and its wait would go on.
    signal.pthread_kill(main, signal.SIGTERM)
    pause.wait(_GRACE_S)
    os._exit(2)

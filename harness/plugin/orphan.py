"""A worker of xdist whose pytest is gone: it ends at once and gives its unit back, instead of streaming for nobody."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Final

import pytest

_LOOK_EVERY_S: Final = 0.2
#: The clean-up that Ctrl-C has too gets so long; then the kernel gives back what is held, and the unit's processes see it.
_GRACE_S: Final = 1.0
_started: list[threading.Thread] = []


def watch(config: pytest.Config) -> None:
    """Begin to look, in an xdist worker; nothing elsewhere, where there is no parent that matters. May be called again."""
    if not hasattr(config, "workerinput") or _started or not hasattr(signal, "pthread_kill"):
        return
    main = threading.main_thread().ident
    assert main is not None
    parent = os.getppid()
    thread = threading.Thread(target=_wait, args=(lambda: os.getppid() != parent, main), name="hil-orphan", daemon=True)
    _started.append(thread)
    thread.start()


def _wait(gone: Callable[[], bool], main: int) -> None:
    pause = threading.Event()
    while not gone():
        pause.wait(_LOOK_EVERY_S)
    # To the main thread itself: a signal to the process may be taken by another one, and its wait would go on.
    signal.pthread_kill(main, signal.SIGTERM)
    pause.wait(_GRACE_S)
    os._exit(2)

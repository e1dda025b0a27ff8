"""What a stream may do about a board, or a line, that is gone; how it is done, the caller says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.bench.transports import Transport
from harness.errors import BenchError


@dataclass(frozen=True)
class Rescue:
    """What a stream may do about a board, or a line, that is gone. None of it by default: the stream then ends.

    ``revive`` resets a silent board (through its probe) and says in a few words what its core had been doing; it raises
    BenchError when the board cannot be reached: then the rig is to blame. A board that falls silent twice over the same
    sample is not revived again. ``reopen`` gives a new transport in place of one that ended with that error, or raises.
    """

    revive: Callable[[], str] | None = None
    reopen: Callable[[BenchError], Transport] | None = None
    most_revivals: int = 3
    most_reopenings: int = 3

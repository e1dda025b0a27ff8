"""Who is at a port? Opened for one hello and closed again; what the board does is not disturbed beyond its session."""

from __future__ import annotations

from typing import Final

from harness.bench.transports import open_transport
from harness.clock import Clock
from harness.errors import BenchError, DeviceError
from harness.session.verbs import Session
from harness.wire.messages import Hello

#: A board that was left at another speed is back at its safe one a second and a bit after the first nonsense (SPEC.md, Speed).
PATIENCE_S: Final = 2.0


def whoami(port: str, baud: int, clock: Clock, timeout_s: float = PATIENCE_S) -> Hello | None:
    """What is said in hello at that port; None when it cannot be opened, or nobody answers in our words."""
    try:
        transport = open_transport(port, baud)
    except BenchError:
        return None
    try:
        return Session(transport, clock).hello(timeout_s)
    except (BenchError, DeviceError):
        return None
    finally:
        transport.close()

"""What a rack thinks of a unit that is plugged into another host is kept there (``rackstate``): what was learnt of it here is told.

A run elsewhere on that host, or from a third one, meets the unit as this one has left it.
"""

from __future__ import annotations

import socket

from harness.bench.rackstate import State, UnitState
from harness.bench.remote.connection import Connection


def carry(via: str, move: UnitState) -> None:
    """Move the unit there as it was moved here. ``BenchError`` when that host cannot be told, or does not write it down."""
    with Connection(via, move.uid) as connection:
        connection.calls.call(
            "rack.move",
            to=str(move.beneath),
            reason=move.reason,
            by=f"{move.by}, from {socket.gethostname()}",
            evidence=move.evidence,
            rig_faults=move.rig_faults,
        )


def stands(via: str, uid: str) -> tuple[State, str]:
    """How the unit stands there, and why. ``BenchError`` when that host cannot be asked."""
    with Connection(via, uid) as connection:
        told, _ = connection.calls.call("rack.state")
        return State(told["state"]), str(told["reason"])

"""The units that can be reached from this host now, who holds them, and whether they take work."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench import boards, discover, emulators, lease, rackstate
from harness.bench.lease import Holder
from harness.bench.rackstate import UnitState
from harness.virtual.debug import registry


@dataclass(frozen=True)
class Reachable:
    """A unit. ``board`` ends in "?" where several kinds of board carry such a probe: which it is only the chip tells."""

    uid: str
    board: str
    backend: str
    port: str
    holder: Holder | None  # None: it is free
    state: UnitState  # whether it takes work


def reachable() -> tuple[Reachable, ...]:
    """Attached probes of known boards, then running virtual units. No probe is opened: that could disturb its holder."""
    found = [
        (unit.uid, f"{name}?", "probe", unit.port)
        for name in boards.names()
        for unit in discover.attached(boards.load_board(name))
    ]
    found += [(entry.uid, entry.board_name, emulators.DEFAULT, entry.port) for entry in registry.running()]
    return tuple(
        Reachable(uid, board, backend, port, lease.holder(uid), rackstate.state_of(uid))
        for uid, board, backend, port in found
    )

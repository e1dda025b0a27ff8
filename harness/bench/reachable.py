"""The units that can be reached from this host now, and who holds them."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench import boards, discover, emulators, lease
from harness.bench.lease import Holder
from harness.virtual.debug import registry


@dataclass(frozen=True)
class Reachable:
    """A unit. ``board`` ends in "?" where several kinds of board carry such a probe: which it is only the chip tells."""

    uid: str
    board: str
    backend: str
    port: str
    holder: Holder | None  # None: it is free


def reachable() -> tuple[Reachable, ...]:
    """Attached probes of known boards, then running virtual units. No probe is opened: that could disturb its holder."""
    found = [
        (unit.uid, f"{name}?", "probe", unit.port)
        for name in boards.names()
        for unit in discover.attached(boards.load_board(name))
    ]
    found += [(entry.uid, entry.board_name, emulators.DEFAULT, entry.port) for entry in registry.running()]
    return tuple(Reachable(uid, board, backend, port, lease.holder(uid)) for uid, board, backend, port in found)

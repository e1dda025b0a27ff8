"""The virtual board (``harness.virtual``)."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.boards import Board
from harness.bench.emulators import EmulatedUnit, Findings
from harness.bench.probes import Probe
from harness.bench.probes.pyocd import PyocdProbe
from harness.errors import BenchError
from harness.virtual.debug import lifetime, registry
from harness.virtual.host import process


@dataclass
class VirtualUnit:
    """A virtual unit as the bench sees it."""

    board: Board
    running: process.RunningUnit
    core_fault: str = ""  # its core faults and locks up as the chip's does: the wire and the probe tell

    @property
    def uid(self) -> str:
        """See EmulatedUnit."""
        return self.running.uid

    @property
    def port(self) -> str:
        """See EmulatedUnit."""
        return self.running.port

    @property
    def alive(self) -> bool:
        """See EmulatedUnit."""
        return self.running.alive

    @property
    def why_dead(self) -> str:
        """See EmulatedUnit."""
        return self.running.why_dead

    def own_time_s(self) -> float | None:
        """See EmulatedUnit."""
        return lifetime.read(registry.lifetime_path(self.uid)) if self.alive else None

    def probe(self, *, allow_mass_erase: bool) -> Probe:
        """pyOCD, as for a real one."""
        return PyocdProbe(self.uid, self.board.debug, allow_mass_erase=allow_mass_erase)

    def findings(self) -> Findings:
        """Nothing: an access to nothing is a bus fault here."""
        return Findings()

    def close(self) -> None:
        """See EmulatedUnit."""
        self.running.close()


def start(board: Board) -> EmulatedUnit:
    """Start one unit in a process of its own; it ends when ours does. ``BenchError`` when it does not come up."""
    if board.virtual is None:
        raise BenchError(
            f"{board.name} has no virtual board",
            where=str(board.folder / "board.toml"),
            expected="a [virtual] table with the name of a system-on-chip model",
            next_step="attach a real one, or add harness/virtual/soc/<name>.py",
        )
    return VirtualUnit(board, process.start(board.virtual.soc, board_name=board.name))

"""Renode (``harness.renode``), where it is installed."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.boards import Board
from harness.bench.emulators import EmulatedUnit, Findings
from harness.bench.probes import Probe
from harness.bench.probes.renode import RenodeProbe, ask
from harness.errors import BenchError
from harness.renode import locate, process, soc
from harness.renode.platform import Facts


@dataclass
class BenchRenode:
    """A unit in Renode as the bench sees it."""

    running: process.RenodeUnit

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

    @property
    def core_fault(self) -> str:
        """See EmulatedUnit."""
        return self.running.core_fault

    def own_time_s(self) -> float | None:
        """Not told yet."""
        return None

    def probe(self, *, allow_mass_erase: bool = False) -> Probe:
        """Renode's monitor instead of a debug probe. There is no protection to take away."""
        return RenodeProbe(self.uid, self.running.socket, self.running.description)

    def findings(self) -> Findings:
        """Accesses to nothing, from Renode's log."""
        told = ask(self.uid, self.running.socket, "findings")
        return Findings(tuple(told["errors"]), tuple(told["warnings"]))

    def close(self) -> None:
        """See EmulatedUnit."""
        self.running.close()


def require(board: Board) -> None:
    """``BenchError``, in one line, when there is no platform for the board's chip, or no Renode."""
    if board.virtual is None:
        raise BenchError(f"{board.name} cannot run in Renode: its board.toml names no chip that can be emulated")
    if board.virtual.soc not in soc.names():
        raise BenchError(
            f"{board.name} cannot run in Renode: no platform for {board.virtual.soc} (there are {', '.join(soc.names())}); "
            f"add harness/renode/soc/{board.virtual.soc}.py, or use --backend virtual"
        )
    locate.require()


def start(board: Board) -> EmulatedUnit:
    """Start one unit. ``BenchError`` when Renode or a platform for the board's chip is missing, or it does not come up."""
    require(board)
    return BenchRenode(process.start(facts(board)))


def facts(board: Board) -> Facts:
    """What Renode's platform is made from."""
    assert board.virtual is not None
    memory = board.memory
    return Facts(
        board=board.name,
        soc=board.virtual.soc,
        uart=board.uart.name,
        clock_hz=board.clock_hz,
        flash_origin=memory.flash_origin,
        flash_bytes=memory.flash_bytes,
        ram_origin=memory.ram_origin,
        ram_bytes=memory.ram_bytes,
    )

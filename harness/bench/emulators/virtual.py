"""The virtual board (``harness.virtual``)."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from mmap import mmap

from harness.bench import boards, selftest
from harness.bench.boards import Board
from harness.bench.emulators import About, EmulatedUnit, Findings
from harness.bench.emulators._running import InProcess
from harness.bench.finding import Finding
from harness.bench.power import PowerSwitch
from harness.bench.probes import Probe
from harness.bench.probes.pyocd import PyocdProbe
from harness.errors import BenchError, MisuseError
from harness.virtual.core.machine import Machine
from harness.virtual.debug import rpc
from harness.virtual.host import process
from harness.virtual.host.control import Control

_TICK_S = 0.5  # firmware/arch/time.c: the tick that ends waits and looks at the cycle counter
_TICK_TOLERANCE = 0.01

ABOUT = About("virtual board", "no cycles, no latency")


@dataclass(frozen=True)
class _Switch:
    uid: str

    @property
    def title(self) -> str:
        """See PowerSwitch."""
        return f"the supply of virtual unit {self.uid}"

    def off(self) -> None:
        """See PowerSwitch."""
        self._switch(on=False)

    def on(self) -> None:
        """See PowerSwitch."""
        self._switch(on=True)

    def is_on(self) -> bool | None:
        """See PowerSwitch."""
        return None

    def _switch(self, *, on: bool) -> None:
        try:
            with Control(self.uid) as control:
                control.power(on=on)
        except (rpc.LinkDown, MisuseError) as gone:
            raise BenchError(
                "the virtual unit's power cannot be switched",
                where=f"unit {self.uid}",
                found=str(gone),
                next_step="run again; `hil units` shows what is left running",
            ) from gone


@dataclass
class VirtualUnit(InProcess):
    """A virtual unit as the bench sees it."""

    board: Board
    core_fault: str = ""  # its core faults and locks up as the chip's does: the wire and the probe tell

    def probe(self, *, allow_mass_erase: bool) -> Probe:
        """pyOCD, as for a real one."""
        return PyocdProbe(self.uid, self.board.debug, allow_mass_erase=allow_mass_erase)

    def power_switch(self) -> PowerSwitch:
        """It is modelled: RAM is lost, line and debug port are dead meanwhile."""
        return _Switch(self.uid)

    def findings(self) -> Findings:
        """What a chip would have refused, and what the unit noticed on the way. An access to nothing is a bus fault here."""
        try:
            with Control(self.uid) as control:
                told = control.findings()
        except (rpc.LinkDown, MisuseError) as gone:
            raise BenchError(
                "the virtual unit cannot be asked what it found", where=f"unit {self.uid}", found=str(gone)
            ) from gone
        errors, tick_s = list(told["refusals"]), told["tick_s"]
        if tick_s is not None and abs(tick_s - _TICK_S) > _TICK_TOLERANCE * _TICK_S:
            errors.append(
                f"on a chip this would end waits at the wrong time: SysTick interrupts every {1000 * tick_s:.4g} ms, not every"
                f" {1000 * _TICK_S:g} (does it count HCLK, or a part of it?)"
            )
        return Findings(tuple(errors), tuple(told["warnings"]), tuple(told["hints"]))


def can_be(board: Board) -> bool:
    """See Emulator."""
    return board.virtual is not None


def require(board: Board) -> None:
    """See Emulator."""
    if not can_be(board):
        raise BenchError(
            f"{board.name} has no virtual board",
            where=str(board.folder / "board.toml"),
            expected="a [virtual] table with the name of a system-on-chip model",
            next_step="attach a real one, or add harness/virtual/soc/<name>.py",
        )


def start(board: Board) -> EmulatedUnit:
    """See Emulator."""
    require(board)
    assert board.virtual is not None
    _prove()
    return VirtualUnit(process.start(board.virtual.soc, board_name=board.name), board)


@cache
def _prove() -> None:
    """The self-test, on the same library as the unit's. ``BenchError`` when it computes wrongly."""
    flash_at, ram_at, size = 0x08000000, 0x20000000, 0x1000
    machine, flash, ram = Machine(1, part=0), mmap(-1, size), mmap(-1, size)
    machine.bus.add_ram("flash", flash_at, flash)
    machine.bus.add_ram("ram", ram_at, ram)
    program = selftest.program(ram_at + size, flash_at, ram_at)
    flash[: len(program)] = program
    machine.vector_base = flash_at
    machine.request_reset("power")
    machine.run(int(selftest.LASTS_S * machine.clock.hz))
    selftest.judge(
        ram[: selftest.RESULT_BYTES], f"Unicorn {importlib.metadata.version('unicorn')}", "pip install unicorn==2.1.4"
    )


def examine() -> Iterator[Finding]:
    """See Emulator."""
    version = importlib.metadata.version("unicorn")
    kinds = [name for name in boards.names() if boards.load_board(name).virtual]
    yield Finding("emulators", ABOUT.title, "ok", f"Unicorn {version}; {', '.join(kinds)}; {ABOUT.limits}")

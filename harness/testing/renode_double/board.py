"""The emulated board: a virtual STM32F446RE whose time only passes when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.virtual.soc.stm32f446re import FLASH_BASE, Stm32F446

_IBUSERR = 1 << 8


class Aborted(Exception):
    """The core left memory: nothing runs any more."""


class Board:
    """``log(level, text)`` gets what Renode would log; ``on_byte`` what the serial port sends."""

    def __init__(self, log: Callable[[str, str], None]) -> None:
        self._log = log
        self._chip = Stm32F446("renode-double")
        self.machine = machine = self._chip.machine
        self._passed_s = 0.0
        machine._wall = lambda: self._passed_s  # while the core sleeps its timers keep to this clock
        machine.faults.raise_fault = self._fault  # type: ignore[method-assign]
        machine.faults.bus_fault_at = self._stray  # type: ignore[method-assign]
        self._raise = type(machine.faults).raise_fault
        self.vectors: int | None = None
        self.on_reset: Callable[[], None] = lambda: None
        self._started = self._fresh = False
        self._counted_from = 0
        self.on_byte: Callable[[int], None] = lambda _byte: None
        self._chip.usart2.transmit = self._transmit

    def _transmit(self, byte: int) -> None:
        self.on_byte(byte)

    @property
    def executed(self) -> int:
        """Instructions since the last reset."""
        return self.machine.clock.instructions - self._counted_from

    def load(self, elf: Path) -> None:
        """Put segments into memory, past the flash controller."""
        with elf.open("rb") as file:
            for segment in ELFFile(file).iter_segments():
                if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]:
                    offset, data = segment["p_paddr"] - FLASH_BASE, segment.data()
                    self._chip.array[offset : offset + len(data)] = data
                    self.machine.code_changed(FLASH_BASE + offset, len(data))
                    self.machine.code_changed(offset, len(data))

    def word(self, address: int) -> int:
        """A word of memory."""
        return int.from_bytes(self.machine.bus.read_block(address, 4) or bytes(4), "little")

    def receive(self, byte: int) -> None:
        """A byte reaches the serial port."""
        self._chip.usart2.receive(bytes([byte]))

    def reset(self) -> None:
        """``machine Reset``: does nothing before the first run, forgets the vector table, keeps memory."""
        if not self._started:
            return
        self.vectors = 0  # flash is mapped there too
        self._fresh = False
        self.on_reset()

    def run_for(self, duration_s: float) -> None:
        """Let virtual time pass. ``Aborted`` when the core jumps to where no memory is."""
        machine = self.machine
        if not self._started or not self._fresh:
            machine.request_reset("power")
            self._counted_from = machine.clock.instructions
            self._started = self._fresh = True
        end = machine.clock.now() + max(1, int(duration_s * machine.clock.hz))
        until_s = self._passed_s + duration_s
        while (left := end - machine.clock.now()) > 0:
            pause_s = machine.run(left)
            if pause_s is not None:
                if self._passed_s >= until_s:
                    break
                self._passed_s = min(until_s, self._passed_s + max(pause_s, 1e-6))
        self._passed_s = until_s

    def _fault(self, number: int, bits: int) -> None:
        if bits & _IBUSERR:
            pc = self.machine.core.pc
            self._log(
                "ERROR", f"cpu: CPU abort [PC=0x{pc:X}]: Trying to execute code outside RAM or ROM at 0x{pc:08X}."
            )
            raise Aborted
        self._raise(self.machine.faults, number, bits)

    def _stray(self, address: int) -> None:
        """Stores to nothing are dropped with a warning; the core goes on behind them."""
        core = self.machine.core
        pc = core.pc
        self._log(
            "WARNING",
            f"sysbus: [cpu: 0x{pc:X}] WriteDoubleWord to non existing peripheral at 0x{address:X}, value 0x1.",
        )
        first = self.machine.bus.read(pc, 2)
        core.set_pc(pc + (4 if first >> 11 in (0b11101, 0b11110, 0b11111) else 2), thumb=True)

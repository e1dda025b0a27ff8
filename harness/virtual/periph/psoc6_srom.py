"""What the ROM of a PSoC 62 (2 MB) does for programs: system calls, by which alone its flash is programmed.

A caller takes channel 0, 1 or 2, leaves the call there and notifies; that becomes the CM0+'s NMI, and the core goes where
**its vector table in force** says. Only the ROM's own handler, at 0x0000000D, carries the call out: with any other word as
the NMI's vector nothing is ever programmed, and the caller waits in vain. The ROM's program here ends in a read of
``SystemCalls``, a page behind the ROM that no chip has.

Sources: Infineon's start-up code (startup_psoc6_02_cm0plus: NMI 0x0000000D), its library (cy_flash.c: operations and their
words; channels 0 and 1 are heard without further ado, the debugger's channel 2 is let in by flash algorithms themselves).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from mmap import mmap

from harness.virtual.core.bus import Bus, BusError
from harness.virtual.periph.psoc6_ipc import Ipc

NMI_HANDLER = 0x0000000D
INTERRUPT = 0  # of the IPC's
_HEARD_FROM_BOOT = (0, 1)
_CHANNELS = (0, 1, 2)


def program(stack: int, calls_at: int) -> bytes:
    """The first bytes of the ROM: vectors (stack, start, NMI), its handler, and at 0x100 what a blank chip does: sleep."""
    # ldr r0, [pc, #4]; ldr r0, [r0]; bx lr; nop; the page's address
    handler = bytes.fromhex("01480068704700bf") + struct.pack("<I", calls_at)
    start = struct.pack("<III", stack, 0x101, NMI_HANDLER) + handler
    return start.ljust(0x100, b"\0") + bytes.fromhex("30bffde7")  # wfi; b . - 2


class SystemCalls:
    """A device: reading it carries out what waits in the channels. ``memories`` maps a flash's base to its array.

    Erased flash is zero, and programming sets bits. ``on_change(address, size)`` tells what changed.
    """

    ROW = 512
    SILICON_ID, PROGRAM_ROW, ERASE_ALL, ERASE_SECTOR, ERASE_ROW, WRITE_ROW = 0x00, 0x06, 0x0A, 0x14, 0x1C, 0x05
    SUCCESS, BAD_ADDRESS, BAD_OPCODE = 0xA0000000, 0xF0000008, 0xF000000B
    _SECTOR = 256 * 1024

    def __init__(
        self,
        ipc: Ipc,
        bus: Bus,
        memories: dict[int, mmap],
        identity: tuple[int, int],
        on_change: Callable[[int, int], None],
    ) -> None:
        self._ipc, self._bus, self._memories = ipc, bus, memories
        self._identity, self._on_change = identity, on_change

    def boot(self) -> None:
        """What the boot code sets up."""
        for channel in _HEARD_FROM_BOOT:
            self._ipc.enable(INTERRUPT, channel)

    def read(self, _offset: int, _size: int) -> int:
        """The handler's work."""
        for channel in self._ipc.notified(INTERRUPT):
            self._ipc.acknowledge(INTERRUPT, channel)
            if channel in _CHANNELS and self._ipc.held(channel):
                self._system_call(channel)
                self._ipc.release(channel)
        return 0

    def write(self, _offset: int, _size: int, _value: int) -> None:
        """Nothing there to write."""

    def _system_call(self, channel: int) -> None:
        """An odd word is the call itself; else it is the address of the call and of its result."""
        data = self._ipc.data(channel)
        if data & 1:
            self._ipc.answer(channel, self._carry_out(data, 0))
            return
        try:
            self._bus.write(data, 4, self._carry_out(self._bus.word(data), data))
        except BusError:
            pass  # the result has nowhere to go; the caller's wait for it ends by its own time-out

    def _carry_out(self, call: int, arguments: int) -> int:
        opcode = call >> 24
        if opcode == self.SILICON_ID:
            family, silicon = self._identity
            return self.SUCCESS | (0x00110000 | family if not call >> 8 & 0xFF else silicon)
        if opcode == self.ERASE_ALL:
            return self._fill(min(self._memories), len(self._memories[min(self._memories)]))
        if opcode in (self.ERASE_ROW, self.ERASE_SECTOR):
            size = self.ROW if opcode == self.ERASE_ROW else self._SECTOR
            return self._fill(self._bus.word(arguments + 4) & -size, size)
        if opcode in (self.PROGRAM_ROW, self.WRITE_ROW):
            address, source = self._bus.word(arguments + 8) & -self.ROW, self._bus.word(arguments + 12)
            return self._program(address, source, erase_first=opcode == self.WRITE_ROW)
        return self.BAD_OPCODE

    def _place(self, address: int, size: int) -> tuple[mmap, int] | None:
        for base, array in self._memories.items():
            if base <= address and address + size <= base + len(array):
                return array, address - base
        return None

    def _fill(self, address: int, size: int) -> int:
        place = self._place(address, size)
        if place is None:
            return self.BAD_ADDRESS
        array, at = place
        array[at : at + size] = bytes(size)
        self._on_change(address, size)
        return self.SUCCESS

    def _program(self, address: int, source: int, *, erase_first: bool) -> int:
        place = self._place(address, self.ROW)
        data = self._bus.read_block(source, self.ROW)
        if place is None or data is None:
            return self.BAD_ADDRESS
        array, at = place
        old = bytes(self.ROW) if erase_first else array[at : at + self.ROW]
        array[at : at + self.ROW] = bytes(a | b for a, b in zip(old, data, strict=True))
        self._on_change(address, self.ROW)
        return self.SUCCESS

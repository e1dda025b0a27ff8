"""The emulated board: a Cortex-M4 with what a platform description registers, whose time only passes when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap

from unicorn import unicorn_const

from harness.testing.renode_double.devices import UARTS, Nothing, RegisterFile, Uart
from harness.testing.renode_double.ge import WrongFlags
from harness.testing.renode_double.platform import Entry
from harness.testing.renode_double.quirks import Quirks
from harness.virtual.core.bus import BusError
from harness.virtual.core.machine import Machine
from harness.virtual.periph.base import Peripheral

_IBUSERR = 1 << 8
_IRQS = 168
_PAGE = 0x400
#: Where a firmware's registers are. Elsewhere an access to nothing is met as a fault, and code can be jumped to.
_DEVICES = (0x40000000, 0x60000000)
_HALT = "cpu: PC does not lay in memory or PC and SP are equal to zero. CPU was halted."


class Aborted(Exception):
    """The core left memory: nothing runs any more."""


class Board:
    """``log(level, text)`` gets what Renode would log. ``uarts`` are its serial ports by name."""

    def __init__(self, entries: list[Entry], quirks: Quirks, log: Callable[[str, str], None]) -> None:
        self._log = log
        self.machine = machine = Machine(_IRQS, part=0)
        self.passed_s = 0.0
        machine.wall = lambda: self.passed_s  # while the core sleeps its timers keep to this clock
        machine.faults.raise_fault = self._fault  # type: ignore[method-assign]
        machine.faults.bus_fault_at = self._stray  # type: ignore[method-assign]
        machine.scs.on_reset_request = self._reset_by_firmware
        self._raise = type(machine.faults).raise_fault
        self.vectors: int | None = None
        self._fresh = False
        self.halted = False
        self._counted_from = 0
        self.uarts: dict[str, Uart] = {}
        self.port: Uart | None = None
        self.sent = bytearray()
        self._tick_hz = 0
        self._wrong_flags = None if quirks.sets_ge else WrongFlags(machine.core)
        self._build(entries, quirks)

    # -- what is there --------------------------------------------------------------------------------------------

    def _build(self, entries: list[Entry], quirks: Quirks) -> None:
        # The memory with the stack comes last: the core's exceptions look there.
        memories = [entry for entry in entries if entry.model == "Memory.MappedMemory"]
        for entry in sorted(memories, key=lambda entry: entry.name == "sram"):
            memory = mmap(-1, entry.number("size"))
            for base, _size in entry.places:
                self.machine.bus.add_ram(entry.name, base, memory)
        for entry in entries:
            if entry.model in UARTS:
                assert entry.irq is not None
                port = UARTS[entry.model](entry.name, entry.irq, self.machine.exceptions)
                self.uarts[entry.name] = port
                self._add(entry, port, 0x1000 if entry.model == "UART.HilPsoc6Scb" else _PAGE)
            elif entry.model == "Miscellaneous.HilRegisters":
                self._add(entry, RegisterFile(entry.name, entry.told), 0)
            elif entry.model == "Memory.ArrayMemory":
                self._add(entry, Peripheral(entry.name), 0)
            elif entry.model == "GPIOPort.STM32_GPIOPort":
                port_registers = Peripheral(entry.name)
                port_registers.regs[0] = entry.number("modeResetValue")
                self._add(entry, port_registers, 0)
            elif entry.model == "IRQControllers.NVIC":
                self._tick_hz = entry.number("systickFrequency")
        self._fill_with_nothing()

    def _add(self, entry: Entry, device: Peripheral, size: int) -> None:
        for base, sized in entry.places:
            self.machine.bus.add_device(entry.name, base, sized or size or entry.number("size"), device)
        self.machine.resettable.append(device.reset)

    def _fill_with_nothing(self) -> None:
        at, end = _DEVICES
        taken = sorted((r.base, r.end) for r in self.machine.bus.regions if at <= r.base < end)
        for base, behind in [*taken, (end, end)]:
            if base > at:
                self.machine.bus.add_device("nothing", at, base - at, Nothing(at, self._tell))
            at = -(-behind // _PAGE) * _PAGE

    def set_speed(self, mips: int) -> None:
        """``PerformanceInMips``. SysTick counts at its own frequency, whatever the firmware selects."""
        clock = self.machine.clock
        clock.hz = mips * 1_000_000
        divider = max(1, clock.hz // self._tick_hz)
        self.machine.systick.reference_ticks = lambda: divider

    @property
    def executed(self) -> int:
        """Instructions since the last reset."""
        return self.machine.clock.instructions - self._counted_from

    def plug_in(self, port: str) -> None:
        """What that serial port sends is kept, what is received goes to it."""
        self.port = self.uarts[port]
        self.port.transmit = self.sent.append

    def receive(self, byte: int) -> None:
        """``WriteChar``."""
        assert self.port is not None
        self.port.receive(byte)

    def read(self, address: int, size: int) -> bytes:
        """Memory; zeros where there is none."""
        return self.machine.bus.read_block(address, size) or bytes(size)

    def write(self, address: int, data: bytes) -> None:
        """Memory; nothing happens where there is none."""
        try:
            region = self.machine.bus.find(address, len(data))
        except BusError:
            self._log("WARNING", f"sysbus: WriteByte to non existing peripheral at 0x{address:X}, value 0x{data[0]:X}.")
            return
        assert region.buffer is not None
        region.buffer[address - region.base : address - region.base + len(data)] = data
        for same in self.machine.bus.regions:
            if same.buffer is region.buffer:
                self.machine.code_changed(same.base, same.size)
        if self._wrong_flags is not None:
            self._wrong_flags.spoil(address, data)

    # -- running --------------------------------------------------------------------------------------------------

    def reset(self, vectors: int) -> None:
        """Memory keeps its content; the core starts at that table, now and after each reset."""
        self.vectors = vectors
        self._fresh = self.halted = False
        for reset in self.machine.resettable:
            reset()

    def _reset_by_firmware(self) -> None:
        self.machine.vector_base = self._vector_table()
        self.machine.request_reset("software")

    def core(self) -> tuple[int, int, int, bool]:
        """pc, lr, sp, halted."""
        return self.machine.core.pc, 0, 0, self.halted

    def _vector_table(self) -> int:
        """What was set; else a guess: the lowest memory that is not empty."""
        if self.vectors is not None:
            return self.vectors
        memories = [region for region in self.machine.bus.regions if region.buffer is not None]
        return min(memory.base for memory in memories)

    def _starts(self) -> bool:
        """The core takes its first values from the vector table; False when they make no sense."""
        table = self._vector_table()
        start = int.from_bytes(self.read(table + 4, 4), "little")
        try:
            self.machine.bus.find(table)
            in_memory = self.machine.bus.find(start & ~1).buffer is not None
        except BusError:
            in_memory = False
        if not in_memory or not start:
            self._log("ERROR", _HALT)
            self.halted = True
            return False
        self.machine.vector_base = table
        self.machine.request_reset("power")
        self._counted_from = self.machine.clock.instructions
        return True

    def run_for(self, duration_s: float) -> None:
        """Let virtual time pass. ``Aborted`` when the core jumps to where no memory is."""
        machine = self.machine
        if not self._fresh:
            self._fresh = True
            self._starts()
        if self.halted:
            return
        end = machine.clock.now() + max(1, int(duration_s * machine.clock.hz))
        until_s = self.passed_s + duration_s
        while (left := end - machine.clock.now()) > 0:
            pause_s = machine.run(left)
            if pause_s is not None:
                if self.passed_s >= until_s:
                    break
                self.passed_s = min(until_s, self.passed_s + max(pause_s, 1e-6))
        self.passed_s = until_s

    # -- accesses to nothing --------------------------------------------------------------------------------------

    def _tell(self, how: str, address: int, value: int | None) -> None:
        to = "from" if value is None else "to"
        behind = "." if value is None else f", value 0x{value:X}."
        pc = self.machine.core.pc
        self._log("WARNING", f"sysbus: [cpu: 0x{pc:X}] {how} {to} non existing peripheral at 0x{address:X}{behind}")

    def _fault(self, number: int, bits: int) -> None:
        if bits & _IBUSERR:
            pc = self.machine.core.pc
            self._log(
                "ERROR", f"cpu: CPU abort [PC=0x{pc:X}]: Trying to execute code outside RAM or ROM at 0x{pc:08X}."
            )
            raise Aborted
        self._raise(self.machine.faults, number, bits)

    def _stray(self, address: int) -> None:
        """Accesses to nothing have no effect but a warning (a load leaves its register alone here): the core goes on."""
        core = self.machine.core
        access = core.bad_access
        reads = access is not None and access[0] == unicorn_const.UC_MEM_READ_UNMAPPED
        self._tell("ReadDoubleWord" if reads else "WriteDoubleWord", address, None if reads else 1)
        first = self.machine.bus.read(core.pc, 2)
        core.set_pc(core.pc + (4 if first >> 11 in (0b11101, 0b11110, 0b11111) else 2), thumb=True)

"""What the chips of the STM32L4 and L4+ families share (RM0351, RM0432). A chip's file fills in ``Part``."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Any

from harness.virtual.core.coresight import Dbgmcu
from harness.virtual.core.machine import Machine
from harness.virtual.periph import rcc_l4
from harness.virtual.periph.base import Peripheral, Unmodelled
from harness.virtual.periph.flash_l4 import FlashL4
from harness.virtual.periph.gpio import MODER, OSPEEDR, PUPDR, Gpio
from harness.virtual.periph.iwdg import Iwdg
from harness.virtual.periph.limits import L4_NORMAL, l4_objection, mhz
from harness.virtual.periph.pwr_l4 import PwrL4
from harness.virtual.periph.rcc_l4 import AHB2ENR, APB1ENR1, RccL4
from harness.virtual.periph.usart_l4 import UsartL4
from harness.virtual.soc._chip import SingleCore, flash_array
from harness.virtual.soc._dbgmcu import prepare_debug_unit

FLASH_BASE, RAM_BASE = 0x08000000, 0x20000000
SYSTEM_BASE, SYSTEM_SIZE = 0x1FFF0000, 0x8000  # boot ROM, OTP, unique id, flash size
UNIQUE_ID, FLASH_KBYTES = 0x1FFF7590, 0x1FFF75E0
GPIO_BASE = 0x48000000
_STEP_S = 1e-6
# What stands in for ST's boot loader: it waits. Stack and start, then wfi; b . - 2.
_BOOT_ROM = struct.pack("<II", RAM_BASE + 0x400, SYSTEM_BASE + 0x101), b"\x30\xbf\xfd\xe7"
_RESET_FLAGS = {
    "power": rcc_l4.CSR_BORRSTF,
    "pin": rcc_l4.CSR_PINRSTF,
    "software": rcc_l4.CSR_SFTRSTF,
    "watchdog": rcc_l4.CSR_IWDGRSTF,
}
_GPIO_RESET = {
    "A": {MODER: 0xABFFFFFF, OSPEEDR: 0x0C000000, PUPDR: 0x64000000},
    "B": {MODER: 0xFFFFFEBF, PUPDR: 0x00000100},
    "H": {MODER: 0xF},
}


@dataclass(frozen=True)
class Pins:
    """Where the serial port's UART comes out: port letter, TX and RX pin, alternate function."""

    port: str
    tx: int
    rx: int
    function: int


@dataclass(frozen=True)
class Part:
    """One chip of the family. Sizes in bytes; ``plus`` is the L4+; ``unmodelled`` maps names to (base, size).

    The serial port is USART2, at the same address, interrupt and clock gate in the whole family.
    """

    name: str
    idcode: int  # DBGMCU_IDCODE
    irqs: int
    plus: bool
    flash_bytes: int
    page_bytes: int
    ram: Mapping[str, tuple[int, int]]  # name: (base, size); the one at RAM_BASE first
    ports: str  # letters of the GPIO ports
    pins: Pins
    options: int  # OPTR as shipped
    unmodelled: Mapping[str, tuple[int, int]]
    inputs: Mapping[str, int]  # levels that the board puts on pins of a port
    hse_hz: int = 0
    checks_empty: bool = False  # FLASH_SR.PEMPTY: after power-on with an empty flash every reset boots the ROM


class Stm32L4(SingleCore):
    """The chip with its memories; ``uid`` only seeds the 96-bit unique id. Power it with ``machine.request_reset``."""

    def __init__(self, part: Part, uid: str, kept_flash: int | None = None) -> None:
        self.part = part
        machine = Machine(part.irqs, part=part.idcode & 0xFFF)
        super().__init__(machine)
        bus, clock = machine.bus, machine.clock
        self.array = flash_array(part.flash_bytes, kept_flash)
        self.flash = FlashL4(
            self.array, FLASH_BASE, part.page_bytes, part.options, self._flash_changed, checks_empty=part.checks_empty
        )
        bus.add_rom("flash", FLASH_BASE, self.array, self.flash.store)
        bus.add_rom("flash at 0", 0, self.array, self.flash.store)
        bus.add_rom("system memory", SYSTEM_BASE, self._system_memory(uid), lambda _address, _size, _value: None)
        self.memories = {}
        for name, (base, size) in reversed(tuple(part.ram.items())):  # the first one is the bus's fast path
            self.memories[name] = mmap(-1, size)
            bus.add_ram(name, base, self.memories[name])
        self.ram = bus.ram.buffer
        self.rcc = RccL4(clock, part.hse_hz, plus=part.plus)
        self.pwr = PwrL4(clock)
        self._clock_since = 0.0  # virtual seconds: the last change of HCLK
        self.iwdg = Iwdg(clock, lambda: machine.request_reset("watchdog"), window=True)
        self.gpio = {
            p: Gpio(f"GPIO{p}", _GPIO_RESET.get(p, {MODER: 0xFFFFFFFF}), part.inputs.get(p, 0)) for p in part.ports
        }
        self.usart2 = UsartL4("USART2", 16 + 38, clock, machine.exceptions, self._usart_ratio, plus=part.plus)
        self.usart2.on_poll_wait = machine.poll_wait
        self.serial = self.usart2
        self._add_devices()
        self._wire()

    def _add_devices(self) -> None:
        devices: list[tuple[str, int, int, Peripheral]] = [
            ("IWDG", 0x40003000, 0x400, self.iwdg), ("USART2", 0x40004400, 0x400, self.usart2),
            ("PWR", 0x40007000, 0x400, self.pwr), ("RCC", 0x40021000, 0x400, self.rcc),
            ("FLASH", 0x40022000, 0x400, self.flash),
            *((self.gpio[p].name, GPIO_BASE + 0x400 * (ord(p) - ord("A")), 0x400, self.gpio[p]) for p in self.gpio),
            *((name, base, size, Unmodelled(name)) for name, (base, size) in self.part.unmodelled.items()),
        ]  # fmt: skip
        for name, base, size, device in devices:
            self.machine.bus.add_device(name, base, size, device)
            self.connect(device)
        self.machine.bus.add_device("DBGMCU", 0xE0042000, 0x400, Dbgmcu(self.part.idcode))

    def _wire(self) -> None:
        self.rcc.gates = {(AHB2ENR, ord(p) - ord("A")): port for p, port in self.gpio.items()}
        self.rcc.gates |= {(APB1ENR1, 17): self.usart2, (APB1ENR1, 28): self.pwr}
        self.rcc.on_clock = self._clock_changed
        self.pwr.on_change = self.flash.on_wait_states = self._check_clocks
        self.gpio[self.part.pins.port].on_change = self._pins_changed
        self.machine.on_reset = self._starting
        self.machine.noticed.watched.append(self._in_boot_rom)
        self.machine.hidden = self._hidden

    def _starting(self, cause: str) -> None:
        self.rcc.note_reset(_RESET_FLAGS[cause])
        if cause == "power":
            self.flash.check_empty()
        self.machine.vector_base = SYSTEM_BASE if self.flash.empty else 0

    def _in_boot_rom(self) -> str:
        if not self.flash.empty:
            return ""
        return "the chip starts its boot ROM: its flash was empty when power came (FLASH_SR.PEMPTY)"

    def protect(self, level: int) -> None:
        """Set the read-out protection byte, as if it had been programmed before power-on."""
        self.flash.protect(level)

    def _hidden(self, address: int) -> bool:
        size = self.part.flash_bytes
        return self.flash.protected and (FLASH_BASE <= address < FLASH_BASE + size or address < size)

    def _clock_changed(self, hz: int) -> None:
        clock = self.machine.clock
        before, since = clock.hz, clock.seconds() - self._clock_since
        if hz != before:
            self._clock_since = clock.seconds()
            # Above 80 MHz the regulator needs a step: half the clock (AHB / 2) for a microsecond (RM0432, RCC).
            if hz > L4_NORMAL >= before and not (2 * before == hz and since >= _STEP_S):
                self.machine.noticed.refuse(
                    f"let its core voltage drop: from {mhz(before)} to {mhz(hz)} MHz without a microsecond at half of it"
                )
        clock.hz = max(1, hz)
        self.usart2.clock_changed()
        self.iwdg.clock_changed()
        self._check_clocks()

    def _check_clocks(self) -> None:
        objection = l4_objection(
            self.rcc.hclk_hz,
            plus=self.part.plus,
            wait_states=self.flash.wait_states,
            voltage_range=self.pwr.voltage_range,
            boost=self.pwr.boost,
        )
        if objection:
            self.machine.noticed.refuse(objection)

    def _usart_ratio(self) -> float:
        return self.rcc.kernel_ratio(rcc_l4.CCIPR_USART2SEL, rcc_l4.CFGR_PPRE1)

    def _pins_changed(self) -> None:
        pins = self.part.pins
        port = self.gpio[pins.port]
        self.usart2.pins_ready = port.alternate(pins.tx) == pins.function and port.alternate(pins.rx) == pins.function

    def _flash_changed(self, offset: int, size: int) -> None:
        self.machine.code_changed(FLASH_BASE + offset, size)
        self.machine.code_changed(offset, size)

    def _system_memory(self, uid: str) -> mmap:
        memory = mmap(-1, SYSTEM_SIZE)
        memory[:] = b"\xff" * SYSTEM_SIZE
        memory[0:8], memory[0x100:0x104] = _BOOT_ROM
        at = UNIQUE_ID - SYSTEM_BASE
        memory[at : at + 12] = hashlib.sha256(uid.encode()).digest()[:12]
        struct.pack_into("<H", memory, FLASH_KBYTES - SYSTEM_BASE, self.part.flash_bytes // 1024)
        return memory


def l4_target(part: Part) -> Any:
    """The part as a pyOCD target, with our flash algorithm (firmware/flashalgo/stm32l4.c).

    pyOCD 0.46 has L432 and L475 built in. Their algorithm computes page numbers for 2 KB pages: on an L4+, with 4 KB, it
    would erase the wrong page (a test shows that), so it is not used here.
    """
    from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
    from pyocd.coresight.coresight_target import CoreSightTarget

    from harness.virtual.soc._stm32l4_algorithm import ALGORITHM

    class Target(CoreSightTarget):
        VENDOR = "STMicroelectronics (by hil)"

        MEMORY_MAP = MemoryMap(
            FlashRegion(
                start=FLASH_BASE,
                length=part.flash_bytes,
                sector_size=part.page_bytes,
                page_size=1024,
                is_boot_memory=True,
                algo=ALGORITHM,
            ),
            *(RamRegion(start=base, length=size) for base, size in part.ram.values()),
        )

        def __init__(self, session: Any) -> None:
            super().__init__(session, self.MEMORY_MAP)

        def post_connect_hook(self) -> None:
            """See ``prepare_debug_unit``."""
            prepare_debug_unit(self)

    Target.__name__ = part.name
    Target.__qualname__ = part.name
    return Target

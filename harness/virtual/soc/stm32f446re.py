"""STM32F446RE: memory map, interrupt numbers and peripherals (RM0390; DS10693), and the target for pyOCD."""

from __future__ import annotations

import hashlib
import struct
from mmap import mmap
from typing import Any

from harness.virtual.core.coresight import Dbgmcu
from harness.virtual.core.machine import Machine
from harness.virtual.periph import rcc as rcc_registers
from harness.virtual.periph.base import Peripheral, Unmodelled
from harness.virtual.periph.flash import Flash
from harness.virtual.periph.gpio import MODER, OSPEEDR, PUPDR, Gpio
from harness.virtual.periph.iwdg import Iwdg
from harness.virtual.periph.limits import f4_objection
from harness.virtual.periph.pwr import Pwr
from harness.virtual.periph.rcc import AHB1ENR, APB1ENR, Rcc
from harness.virtual.periph.usart import Usart
from harness.virtual.soc._chip import SingleCore, flash_array
from harness.virtual.soc._dbgmcu import prepare_debug_unit

NAME = "stm32f446re"
PYOCD_TARGET = "stm32f446re"
IDCODE = 0x10006421  # revision A, device 0x421
IRQS = 97
RAM_BASE, RAM_SIZE = 0x20000000, 128 * 1024
FLASH_BASE, FLASH_SIZE = 0x08000000, 512 * 1024
SYSTEM_BASE, SYSTEM_SIZE = 0x1FFF0000, 0x8000  # boot ROM (blank here), OTP, unique id, flash size
UNIQUE_ID, FLASH_KBYTES = 0x1FFF7A10, 0x1FFF7A22
_KB = 1024
SECTORS = (
    *((i * 16 * _KB, 16 * _KB) for i in range(4)),
    (64 * _KB, 64 * _KB),
    *((i * 128 * _KB, 128 * _KB) for i in range(1, 4)),
)
USART2_IRQ, _AF_USART2 = 38, 7
ST_LINK_HZ = 8_000_000  # what the ST-LINK puts on OSC_IN (UM1724, HSE clock)
_RESET_FLAGS = {
    "power": rcc_registers.CSR_PORRSTF | rcc_registers.CSR_BORRSTF,
    "pin": rcc_registers.CSR_PINRSTF,
    "software": rcc_registers.CSR_SFTRSTF,
    "watchdog": rcc_registers.CSR_IWDGRSTF,
}
# Present on the chip, stored but without effect here. DMA, timers and the other serial interfaces are among them.
_UNMODELLED = {
    "TIM2-7, 12-14": (0x40000000, 0x2400),
    "RTC, WWDG": (0x40002800, 0x800),
    "SPI2, SPI3, SPDIFRX": (0x40003800, 0x800),
    "USART3, UART4-5, I2C1-3, FMPI2C1": (0x40004800, 0x1C00),
    "CAN1-2, CEC": (0x40006400, 0xC00),
    "DAC": (0x40007400, 0x400),
    "TIM1, TIM8": (0x40010000, 0x800),
    "USART1, USART6": (0x40011000, 0x800),
    "ADC, SDIO, SPI1, SPI4": (0x40012000, 0x1800),
    "TIM9-11": (0x40014000, 0xC00),
    "SAI1-2": (0x40015800, 0x800),
    "CRC": (0x40023000, 0x400),
    "BKPSRAM": (0x40024000, 0x1000),
    "DMA1, DMA2": (0x40026000, 0x800),
    "OTG_HS": (0x40040000, 0x40000),
    "OTG_FS": (0x50000000, 0x40000),
    "DCMI": (0x50050000, 0x400),
    "FMC": (0xA0000000, 0x400),
    "QUADSPI": (0xA0001000, 0x400),
}
_GPIO_RESET = {
    "A": {MODER: 0xA8000000, OSPEEDR: 0x0C000000, PUPDR: 0x64000000},
    "B": {MODER: 0x00000280, OSPEEDR: 0x000000C0, PUPDR: 0x00000100},
}
_BUTTON_RELEASED = {"C": 1 << 13}  # PC13: the user button pulls low


class Stm32F446(SingleCore):
    """The chip with its memories; ``uid`` only seeds the 96-bit unique id. Power it with ``machine.request_reset``."""

    def __init__(self, uid: str, kept_flash: int | None = None) -> None:
        machine = Machine(IRQS, part=0x421)
        super().__init__(machine)
        bus, clock = machine.bus, machine.clock
        self.ram = mmap(-1, RAM_SIZE)
        self.array = flash_array(FLASH_SIZE, kept_flash)
        self.flash = Flash(self.array, FLASH_BASE, SECTORS, self._flash_changed)
        bus.add_rom("flash", FLASH_BASE, self.array, self.flash.store)
        bus.add_rom("flash at 0", 0, self.array, self.flash.store)
        bus.add_rom("system memory", SYSTEM_BASE, self._system_memory(uid), lambda _address, _size, _value: None)
        bus.add_ram("RAM", RAM_BASE, self.ram)
        self.rcc = Rcc(clock, hse_hz=ST_LINK_HZ)
        self.pwr = Pwr(clock)
        self.iwdg = Iwdg(clock, lambda: machine.request_reset("watchdog"))
        self.gpio = {p: Gpio(f"GPIO{p}", _GPIO_RESET.get(p), _BUTTON_RELEASED.get(p, 0)) for p in "ABCDEFGH"}
        self.usart2 = Usart("USART2", 16 + USART2_IRQ, clock, machine.exceptions, lambda: self.rcc.apb1_divider)
        self.usart2.on_poll_wait = machine.poll_wait
        self.serial = self.usart2
        self.syscfg = Unmodelled("SYSCFG, EXTI")
        self._add_devices()
        self._wire()

    def _add_devices(self) -> None:
        add = self.machine.bus.add_device
        plain: list[tuple[str, int, Peripheral]] = [
            ("USART2", 0x40004400, self.usart2), ("PWR", 0x40007000, self.pwr), ("IWDG", 0x40003000, self.iwdg),
            ("SYSCFG, EXTI", 0x40013800, self.syscfg), ("RCC", 0x40023800, self.rcc), ("FLASH", 0x40023C00, self.flash),
            *((port.name, 0x40020000 + 0x400 * i, port) for i, port in enumerate(self.gpio.values())),
        ]  # fmt: skip
        others = [(name, *where) for name, where in _UNMODELLED.items()]
        for name, base, device in plain:
            size = 0x800 if device is self.syscfg else 0x400
            add(name, base, size, device)
            self.connect(device)
        for name, base, size in others:
            device = Unmodelled(name)
            add(name, base, size, device)
            self.connect(device)
        add("DBGMCU", 0xE0042000, 0x400, Dbgmcu(IDCODE))

    def _wire(self) -> None:
        self.rcc.gates = {(AHB1ENR, i): port for i, port in enumerate(self.gpio.values())}
        self.rcc.gates |= {(APB1ENR, 17): self.usart2, (APB1ENR, 28): self.pwr}
        self.rcc.on_clock = self._clock_changed
        self.pwr.pll_on = lambda: self.rcc.pll_on
        self.pwr.on_change = self.flash.on_wait_states = self._check_clocks
        self.gpio["A"].on_change = self._pins_changed
        self.machine.hidden = self._hidden
        self.machine.on_reset = lambda cause: self.rcc.note_reset(_RESET_FLAGS[cause])

    def protect(self, level: int) -> None:
        """Set the read-out protection byte, as if it had been programmed before power-on."""
        self.flash.protect(level)

    def refuse_programming(self) -> None:
        """Let programming fail until the flash is erased as a whole, as after an erase that power was lost in."""
        self.flash.refuses_until_erased = True

    def cut_clock(self) -> None:
        """Nothing on OSC_IN: the board's ST-LINK does not give its clock."""
        self.rcc.hse_hz = 0

    def _hidden(self, address: int) -> bool:
        return self.flash.protected and (FLASH_BASE <= address < FLASH_BASE + FLASH_SIZE or address < FLASH_SIZE)

    def _clock_changed(self, hz: int) -> None:
        self.machine.clock.hz = max(1, hz)
        self.usart2.clock_changed()
        self.iwdg.clock_changed()
        self._check_clocks()

    def _check_clocks(self) -> None:
        rcc, hclk = self.rcc, self.rcc.hclk_hz
        objection = f4_objection(
            hclk,
            hclk // rcc.apb1_divider,
            hclk // rcc.apb2_divider,
            wait_states=self.flash.wait_states,
            scale=self.pwr.scale if rcc.pll_on else 3,
            over_drive=self.pwr.over_drive,
        )
        if objection:
            self.machine.noticed.refuse(objection)

    def _pins_changed(self) -> None:
        port = self.gpio["A"]
        self.usart2.pins_ready = port.alternate(2) == _AF_USART2 and port.alternate(3) == _AF_USART2

    def _flash_changed(self, offset: int, size: int) -> None:
        self.machine.code_changed(FLASH_BASE + offset, size)
        self.machine.code_changed(offset, size)

    @staticmethod
    def _system_memory(uid: str) -> mmap:
        memory = mmap(-1, SYSTEM_SIZE)
        memory[:] = b"\xff" * SYSTEM_SIZE
        at = UNIQUE_ID - SYSTEM_BASE
        memory[at : at + 12] = hashlib.sha256(uid.encode()).digest()[:12]
        struct.pack_into("<H", memory, FLASH_KBYTES - SYSTEM_BASE, FLASH_SIZE // _KB)
        return memory


CHIP = Stm32F446


def target() -> Any:
    """The pyOCD target: pyOCD's own F4 flash algorithm with this part's memory map (RM0390, table 5).

    pyOCD 0.46 has no built-in F446. Its F412 algorithm drives the same flash controller, registers and sector layout.
    """
    from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
    from pyocd.coresight.coresight_target import CoreSightTarget
    from pyocd.target.builtin.target_STM32F412xx import FLASH_ALGO

    def flash(start: int, length: int, sector: int, *, boot: bool = False) -> FlashRegion:
        return FlashRegion(
            start=start, length=length, sector_size=sector, page_size=0x1000, is_boot_memory=boot, algo=FLASH_ALGO
        )

    class Stm32F446RE(CoreSightTarget):
        """512 KB flash in sectors of 4 x 16, 1 x 64 and 3 x 128 KB; 128 KB RAM."""

        VENDOR = "STMicroelectronics (by hil)"

        MEMORY_MAP = MemoryMap(
            flash(FLASH_BASE, 0x10000, 0x4000, boot=True),
            flash(FLASH_BASE + 0x10000, 0x10000, 0x10000),
            flash(FLASH_BASE + 0x20000, 0x60000, 0x20000),
            RamRegion(start=RAM_BASE, length=RAM_SIZE),
        )

        def __init__(self, session: Any) -> None:
            super().__init__(session, self.MEMORY_MAP)

        def post_connect_hook(self) -> None:
            """See ``prepare_debug_unit``."""
            prepare_debug_unit(self)

    return Stm32F446RE

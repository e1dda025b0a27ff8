"""CY8C624A (PSoC 62, 2 MB): two cores, memory map, system calls, SCB5 as the serial port. pyOCD has the target built in.

The application under test runs on the CM4. As on the chip, power and every reset start the CM0+ alone, from the start of
flash if there is a vector table, else it sleeps in ROM; its program releases the CM4 by CPUSS.CM4_PWR_CTL. System calls
come to the CM0+ as its NMI, by whatever vector table is in force (``periph/psoc6_srom.py``). The two cores
take turns of about a millisecond and each has its own virtual time. The CM0+ executes with the M4's instruction set, of
which its own is a part. Names and places are those of Infineon's SVD; nothing of this was compared with a chip.
"""

from __future__ import annotations

import hashlib
import struct
from functools import partial
from mmap import mmap

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.exceptions import NMI
from harness.virtual.core.machine import Machine
from harness.virtual.core.scs import CORTEX_M0PLUS
from harness.virtual.periph import psoc6_cpuss, psoc6_srom
from harness.virtual.periph.base import Peripheral, Unmodelled
from harness.virtual.periph.limits import psoc6_objection
from harness.virtual.periph.psoc6_cpuss import Cpuss, SeenBy
from harness.virtual.periph.psoc6_flashc import Flashc
from harness.virtual.periph.psoc6_gpio import Gpio
from harness.virtual.periph.psoc6_hsiom import Hsiom
from harness.virtual.periph.psoc6_ipc import Ipc
from harness.virtual.periph.psoc6_peri import Peri
from harness.virtual.periph.psoc6_srom import SystemCalls
from harness.virtual.periph.psoc6_srss import Srss
from harness.virtual.periph.scb import ScbUart
from harness.virtual.soc._chip import AccessPort, flash_array

PYOCD_TARGET = "cy8c6xxa"
FAMILY, SILICON = 0x102, 0xE453
CYPRESS = 0x34  # in JEP106
FLASH_BASE, FLASH_SIZE = 0x10000000, 2 * 1024 * 1024
WORK_BASE, SUPERVISORY_BASE, SMALL_FLASH_SIZE = 0x14000000, 0x16000000, 32 * 1024
RAM_BASE, RAM_SIZE = 0x08000000, 1024 * 1024
ROM_SIZE = 127 * 1024
SYSTEM_CALLS, IPC_IRQ = ROM_SIZE, 23  # no chip has that page; the system interrupt that IPC's first interrupt is
DIE_ID = 0x600  # in supervisory flash, 11 bytes: lot (3), wafer, x, y, sort, minor revision, day, month, year
SCB5, SCB5_IRQ, SCB5_CLOCK = 0x40650000, 44, 5
_SCB_UART, _STRONG = 18, 6  # HSIOM selection; GPIO drive mode
_CM0_MASTER, _CM4_MASTER = 0, 14
# Present on the chip, stored but without effect here.
_UNMODELLED = {
    "PERI_MS": (0x40010000, 0x10000),
    "CRYPTO": (0x40100000, 0x10000),
    "CPUSS, rest": (0x40202000, 0xE000),
    "FAULT": (0x40210000, 0x10000),
    "PROT": (0x40230000, 0x10000),
    "BACKUP": (0x40270000, 0x10000),
    "DW0-1, DMAC": (0x40280000, 0x30000),
    "EFUSE, PROFILE": (0x402C0000, 0x20000),
    "SMARTIO": (0x40320000, 0x10000),
    "LPCOMP": (0x40350000, 0x10000),
    "CSD": (0x40360000, 0x10000),
    "TCPWM0-1": (0x40380000, 0x20000),
    "LCD": (0x403B0000, 0x10000),
    "USBFS": (0x403F0000, 0x10000),
    "SMIF": (0x40420000, 0x10000),
    "SDHC0-1": (0x40460000, 0x20000),
    "SCB0-4": (0x40600000, 0x50000),
    "SCB6-12": (0x40660000, 0x70000),
    "SAR": (0x409D0000, 0x10000),
    "PASS": (0x409F0000, 0x10000),
    "PDM, I2S": (0x40A00000, 0x20000),
}


class Cy8c624a:
    """The chip with its memories. ``machine`` is the CM4; ``cm0`` starts first."""

    def __init__(self, uid: str, kept_flash: int | None = None) -> None:
        self.cm0 = Machine(32, part=FAMILY, designer=CYPRESS, model=CORTEX_M0PLUS)
        self.machine = cm4 = Machine(168, part=FAMILY, designer=CYPRESS)
        self.access_ports = {
            0: AccessPort(self.cm0, shows_core=False),
            1: AccessPort(self.cm0),
            2: AccessPort(cm4),
        }
        self.array = flash_array(FLASH_SIZE, kept_flash, erased=0)
        self.ram, self.rom = mmap(-1, RAM_SIZE), mmap(-1, ROM_SIZE)
        self.work, self.supervisory = mmap(-1, SMALL_FLASH_SIZE), mmap(-1, SMALL_FLASH_SIZE)
        struct.pack_into("<H", self.supervisory, 0x002, SILICON)
        struct.pack_into("<H", self.supervisory, 0x00C, FAMILY)
        self.supervisory[DIE_ID : DIE_ID + 11] = _die(uid)
        rom = psoc6_srom.program(RAM_BASE + RAM_SIZE, SYSTEM_CALLS)
        self.rom[: len(rom)] = rom
        self.srss, self.peri, self.cpuss, self.flashc = Srss(cm4.clock), Peri(), Cpuss(), Flashc()
        flashes = {FLASH_BASE: self.array, WORK_BASE: self.work, SUPERVISORY_BASE: self.supervisory}
        self.ipc = Ipc()
        self.srom = SystemCalls(self.ipc, self.cm0.bus, flashes, (FAMILY, SILICON), self._flash_changed)
        self.pins, self.ports = Hsiom(), Gpio()
        self.serial = ScbUart("SCB5", 16 + SCB5_IRQ, cm4.clock, cm4.exceptions, self._bit_clock_ticks)
        self.serial.on_poll_wait = cm4.poll_wait
        devices: list[tuple[str, int, int, Peripheral]] = [
            ("PERI", 0x40000000, 0x10000, self.peri), ("IPC", 0x40220000, 0x10000, self.ipc),
            ("FLASHC", 0x40240000, 0x10000, self.flashc),
            ("SRSS", 0x40260000, 0x10000, self.srss), ("HSIOM", 0x40300000, 0x10000, self.pins),
            ("GPIO", 0x40310000, 0x10000, self.ports), ("SCB5", SCB5, 0x10000, self.serial),
            *((name, base, size, Unmodelled(name)) for name, (base, size) in _UNMODELLED.items()),
        ]  # fmt: skip
        for core, master in ((self.cm0, _CM0_MASTER), (cm4, _CM4_MASTER)):
            bus = core.bus
            bus.add_rom("ROM", 0, self.rom, _ignore)
            for name, base, array in (
                ("flash", FLASH_BASE, self.array), ("work flash", WORK_BASE, self.work),
                ("supervisory flash", SUPERVISORY_BASE, self.supervisory),
            ):  # fmt: skip
                bus.add_rom(name, base, array, _ignore)  # only system calls write
            bus.add_ram("RAM", RAM_BASE, self.ram)
            for name, base, size, device in devices:
                bus.add_device(name, base, size, device)
            bus.add_device("CPUSS", 0x40200000, 0x2000, SeenBy(self.cpuss, master))
            core.scs.on_reset_request = lambda: self.reset("software")
            core.systick.reference_ticks = partial(self._reference_ticks, core.clock)
        self.cm0.bus.add_device("system calls", SYSTEM_CALLS, 0x400, self.srom)
        self.ipc.on_interrupt = self._ipc_interrupt
        for *_, device in devices:
            device.refuse, device.hint = cm4.noticed.refuse, cm4.noticed.hint
        # Peripherals belong to the chip's reset, which is the CM0+'s; releasing the CM4 resets that core alone.
        self.cm0.resettable += [device.reset for *_, device in devices] + [self.cpuss.reset, self._boot]
        self.cm0.on_reset = self._starting
        self.cpuss.on_cm4_power = self._cm4_power
        self.pins.on_change = self.ports.on_change = self._pins_changed
        for clocks in (self.srss, self.peri, self.cpuss):
            clocks.on_change = self._clock_changed
        self.srss.on_program = self.flashc.on_change = self._check_clocks
        cm4.in_reset = True

    # -- reset ----------------------------------------------------------------------------------------------------

    def reset(self, cause: str) -> None:
        """See ``Chip``. The CM4 stays in reset until the CM0+'s program releases it."""
        self._stop_cm4()
        self.cm0.request_reset(cause)

    def hold_reset(self, held: bool) -> None:
        """See ``Chip``."""
        if held:
            self._stop_cm4()
        self.cm0.hold_reset(held)

    def _stop_cm4(self) -> None:
        self.machine.in_reset = True
        if self.machine.core.running:
            self.machine.core.end_within(0)

    def _starting(self, cause: str) -> None:
        self._stop_cm4()
        self.srss.note_reset(cause)

    def _boot(self) -> None:
        """What the boot code leaves and decides: the vector table at the start of flash, if it looks like one, else ROM."""
        self.srss.boot()
        self.srom.boot()
        self.cpuss.set(psoc6_cpuss.CM0_NMI_CTL0, IPC_IRQ)
        stack, start = struct.unpack_from("<II", self.array)
        valid = RAM_BASE < stack <= RAM_BASE + RAM_SIZE and FLASH_BASE < start < FLASH_BASE + FLASH_SIZE and start & 1
        self.cm0.vector_base = FLASH_BASE if valid else 0
        self.cpuss.set(psoc6_cpuss.CM0_VECTOR_TABLE_BASE, self.cm0.vector_base)

    def _ipc_interrupt(self, number: int) -> None:
        if self.cpuss.is_nmi(IPC_IRQ + number):
            self.cm0.exceptions.pend(NMI)

    def _cm4_power(self, on: bool) -> None:
        if on:
            self.machine.vector_base = self.cpuss.regs.get(psoc6_cpuss.CM4_VECTOR_TABLE_BASE, 0)
            self.machine.hold_reset(False)
        else:
            self._stop_cm4()

    # -- clocks and pins ------------------------------------------------------------------------------------------

    def _clock_changed(self) -> None:
        hz = self.srss.hf0_hz
        self.machine.clock.hz = max(1, hz // self.cpuss.cm4_divider)
        self.cm0.clock.hz = max(1, hz // self.cpuss.cm0_divider)
        self.serial.clock_changed()

    def _check_clocks(self) -> None:
        objection = psoc6_objection(self.srss.hf0_hz, wait_states=self.flashc.wait_states)
        if objection:
            self.machine.noticed.refuse(objection)

    def _reference_ticks(self, clock: VirtualClock) -> float:
        return max(1.0, clock.hz / self.cpuss.tick_hz)

    def _bit_clock_ticks(self) -> float:
        return self.peri.divider(SCB5_CLOCK) * self.cpuss.peri_divider / self.cpuss.cm4_divider

    def _pins_changed(self) -> None:
        on_uart = self.pins.select(5, 0) == self.pins.select(5, 1) == _SCB_UART
        self.serial.pins_ready = on_uart and self.ports.is_input(5, 0) and self.ports.drive_mode(5, 1) == _STRONG

    def _flash_changed(self, address: int, size: int) -> None:
        self.cm0.code_changed(address, size)
        self.machine.code_changed(address, size)


def _die(uid: str) -> bytes:
    """Where on which wafer this unit's die was, and when it was tested: no two dies share it."""
    seed = hashlib.sha256(uid.encode()).digest()
    lot, wafer, x, y = seed[0:3], seed[3] % 25 + 1, seed[4], seed[5]
    return bytes([*lot, wafer, x, y, 0, 0, seed[6] % 28 + 1, seed[7] % 12 + 1, 26])


def _ignore(_address: int, _size: int, _value: int) -> None:
    """A store to memory that stores do not change."""


CHIP = Cy8c624a

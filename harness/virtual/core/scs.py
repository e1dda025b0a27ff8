"""The System Control Space: SCB, NVIC, SysTick, MPU presence and the debug registers (ARM DDI 0403E, B3 and C1)."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core import exceptions as exc
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.core.faults import Faults
from harness.virtual.core.halting import Debug
from harness.virtual.core.systick import SysTick

BASE = 0xE000E000
_KEY = 0x05FA
_ENABLE_SHIFT = {exc.MEM_MANAGE: 16, exc.BUS_FAULT: 17, exc.USAGE_FAULT: 18}
_ACTIVE_SHIFT = {
    exc.MEM_MANAGE: 0,
    exc.BUS_FAULT: 1,
    exc.USAGE_FAULT: 3,
    exc.SVCALL: 7,
    exc.PENDSV: 10,
    exc.SYSTICK: 11,
}
_PENDING_SHIFT = {exc.USAGE_FAULT: 12, exc.MEM_MANAGE: 13, exc.BUS_FAULT: 14, exc.SVCALL: 15}

CoreModel = dict[int, int]
#: What the identification registers of a core read, by offset.
CORTEX_M4F: CoreModel = {
    0xD00: 0x410FC241,  # CPUID: Cortex-M4 r0p1
    0xD40: 0x00000030, 0xD44: 0x00000200, 0xD48: 0x00100000, 0xD4C: 0x00000000,  # ID_PFR0-1, ID_DFR0, ID_AFR0
    0xD50: 0x00000030, 0xD54: 0x00000000, 0xD58: 0x01000000, 0xD5C: 0x00000000,  # ID_MMFR0-3
    0xD60: 0x01101110, 0xD64: 0x02112000, 0xD68: 0x21232231, 0xD6C: 0x01111131, 0xD70: 0x01310132,  # ID_ISAR0-4
    0xD90: 0x00000000,  # MPU_TYPE: no MPU is modelled
    0xF40: 0x10110021, 0xF44: 0x11000011,  # MVFR0, MVFR1
    0xFD0: 0x04, 0xFE0: 0x0C, 0xFE4: 0xB0, 0xFE8: 0x0B, 0xFEC: 0x00,  # PIDR: SCS of a Cortex-M4F
    0xFF0: 0x0D, 0xFF4: 0xE0, 0xFF8: 0x05, 0xFFC: 0xB1,
}  # fmt: skip


#: The registers alone: the instruction set stays that of the M4, of which the M0+'s is a part.
CORTEX_M0PLUS: CoreModel = {
    0xD00: 0x410CC601,  # CPUID: Cortex-M0+ r0p1
    0xD90: 0x00000000,
    0xFD0: 0x04, 0xFE0: 0x08, 0xFE4: 0xB0, 0xFE8: 0x0B, 0xFEC: 0x00,  # PIDR: SCS of a Cortex-M0+
    0xFF0: 0x0D, 0xFF4: 0xE0, 0xFF8: 0x05, 0xFFC: 0xB1,
}  # fmt: skip


class SystemControl:
    """Registers at 0xE000E000 for the core and the debug port alike. ``on_reset_request()`` is AIRCR.SYSRESETREQ."""

    def __init__(
        self, exceptions: Exceptions, faults: Faults, systick: SysTick, debug: Debug, model: CoreModel
    ) -> None:
        self._exc, self._faults, self._systick, self._debug = exceptions, faults, systick, debug
        groups_of_32 = -(-(exceptions.count - exc.IRQ0) // 32)
        self._constants = {0x004: groups_of_32 - 1, **model}  # ICTR
        self.on_reset_request: Callable[[], None] = lambda: None
        self._irqs = (1 << exceptions.count - exc.IRQ0) - 1
        self.reset()

    def reset(self) -> None:
        """The state after a system reset."""
        self._ccr = 0x200
        self._scr = 0
        self.cpacr = 0
        self._fpccr, self._fpcar, self._fpdscr = 0xC0000000, 0, 0

    # -- access ---------------------------------------------------------------------------------------------------

    def read(self, offset: int, size: int) -> int:
        """Any access width; registers are words."""
        word = self._read_word(offset & ~3)
        return word if size == 4 else word >> 8 * (offset & 3) & (1 << 8 * size) - 1

    def write(self, offset: int, size: int, value: int) -> None:
        """Byte and halfword writes reach the priority and fault status registers; others take whole words."""
        if size != 4:
            shift = 8 * (offset & 3)
            offset &= ~3
            # CFSR is write-one-to-clear: the bytes not written must not clear anything.
            old = 0 if offset == 0xD28 else self._read_word(offset)
            value = old & ~((1 << 8 * size) - 1 << shift) | value << shift
        self._write_word(offset, value & 0xFFFFFFFF)

    def _read_word(self, offset: int) -> int:
        e = self._exc
        if 0x100 <= offset < 0x400:
            bank, at = offset & 0x380, (offset & 0x7F) * 8
            bits = {0x100: e.enabled, 0x180: e.enabled, 0x200: e.pending, 0x280: e.pending, 0x300: e.active}
            return bits.get(bank, 0) >> exc.IRQ0 + at & 0xFFFFFFFF
        if 0x400 <= offset < 0x400 + e.count - exc.IRQ0:
            return self._priorities(exc.IRQ0 + offset - 0x400)
        if 0xD18 <= offset <= 0xD20:
            return self._priorities(4 + offset - 0xD18)
        if 0x010 <= offset <= 0x01C:
            return self._systick.read(offset)
        if 0xDF0 <= offset <= 0xDFC or offset == 0xD30:
            return self._debug.read(offset)
        if offset in self._constants:
            return self._constants[offset]
        return self._read_scb(offset)

    def _read_scb(self, offset: int) -> int:
        e, f = self._exc, self._faults
        match offset:
            case 0xD04:
                waiting = e.pending & e.enabled
                value = e.current | (e._best()[1] << 12 if waiting else 0)
                value |= (1 << 22 if e.pending >> exc.IRQ0 else 0) | (1 << 26 if e.pending & 1 << exc.SYSTICK else 0)
                value |= 1 << 11 if e.active and not e.active & e.active - 1 else 0
                return value | (1 << 28 if e.pending & 1 << exc.PENDSV else 0) | (e.pending >> exc.NMI & 1) << 31
            case 0xD08:
                return e.vtor
            case 0xD0C:
                return 0xFA050000 | e.prigroup << 8
            case 0xD10:
                return self._scr
            case 0xD14:
                return self._ccr
            case 0xD24:
                value = sum((e.enabled >> n & 1) << s for n, s in _ENABLE_SHIFT.items())
                value |= sum((e.active >> n & 1) << s for n, s in _ACTIVE_SHIFT.items())
                return value | sum((e.pending >> n & 1) << s for n, s in _PENDING_SHIFT.items())
            case 0xD28:
                return f.cfsr
            case 0xD2C:
                return f.hfsr
            case 0xD34:
                return f.mmfar
            case 0xD38:
                return f.bfar
            case 0xD88:
                return self.cpacr
            case 0xF34:
                return self._fpccr
            case 0xF38:
                return self._fpcar
            case 0xF3C:
                return self._fpdscr
        return 0

    def _priorities(self, first: int) -> int:
        levels = self._exc.priorities[first : first + 4]
        return sum((level & 0xFF) << 8 * i for i, level in enumerate(levels))

    def _set_priorities(self, first: int, value: int) -> None:
        for i in range(min(4, self._exc.count - first)):
            self._exc.priorities[first + i] = value >> 8 * i & 0xF0  # four bits are implemented
        self._exc.update_running_priority()
        self._exc.look_again()

    def _write_word(self, offset: int, value: int) -> None:
        e = self._exc
        if 0x100 <= offset < 0x400:
            self._write_nvic(offset & 0x380, (value << (offset & 0x7F) * 8 & self._irqs) << exc.IRQ0)
        elif 0x400 <= offset < 0x400 + e.count - exc.IRQ0:
            self._set_priorities(exc.IRQ0 + offset - 0x400, value)
        elif 0xD18 <= offset <= 0xD20:
            self._set_priorities(4 + offset - 0xD18, value)
        elif 0x010 <= offset <= 0x01C:
            self._systick.write(offset, value)
        elif 0xDF0 <= offset <= 0xDFC or offset == 0xD30:
            self._debug.write(offset, value)
        else:
            self._write_scb(offset, value)

    def _write_nvic(self, bank: int, bits: int) -> None:
        e = self._exc
        if bank == 0x100:
            e.enabled |= bits
        elif bank == 0x180:
            e.enabled &= ~bits
        elif bank == 0x200:
            e.pending |= bits
        elif bank == 0x280:
            e.pending &= ~bits | e.levels  # a level that is still high pends again at once
        e.look_again()

    def _write_scb(self, offset: int, value: int) -> None:
        e, f = self._exc, self._faults
        match offset:
            case 0xD04:
                for bit, number, on in ((31, exc.NMI, 1), (28, exc.PENDSV, 1), (26, exc.SYSTICK, 1)):
                    if value >> bit & on:
                        e.pend(number)
                e.pending &= ~((value >> 27 & 1) << exc.PENDSV | (value >> 25 & 1) << exc.SYSTICK)
            case 0xD08:
                e.vtor = value & 0xFFFFFF80
                e.forget_vectors()
            case 0xD0C if value >> 16 == _KEY:
                e.prigroup = value >> 8 & 7
                e.update_running_priority()
                if value & 4:
                    self.on_reset_request()
                elif value & 2:
                    e.active = e.pending = 0
            case 0xD10:
                self._scr = value & 0x16
                e.sleep_on_exit = bool(value & 2)
            case 0xD14:
                self._ccr = value & 0x31B
                e.align_stack = bool(value & 0x200)
            case 0xD24:
                for number, shift in _ENABLE_SHIFT.items():
                    e.enabled = e.enabled & ~(1 << number) | (value >> shift & 1) << number
                e.look_again()
            case 0xD28:
                f.cfsr &= ~value
            case 0xD2C:
                f.hfsr &= ~value
            case 0xD34:
                f.mmfar = value
            case 0xD38:
                f.bfar = value
            case 0xD88:
                self.cpacr = value & 0x00F00000
            case 0xF00 if value & 0x1FF < e.count - exc.IRQ0:
                e.pend(exc.IRQ0 + (value & 0x1FF))
            case 0xF34:
                self._fpccr = value
            case 0xF38:
                self._fpcar = value & ~7
            case 0xF3C:
                self._fpdscr = value & 0x07C00000

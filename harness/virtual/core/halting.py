"""Halting debug: DHCSR, DCRSR, DCRDR, DEMCR, DFSR (ARM DDI 0403E, C1.6). It survives a system reset."""

from __future__ import annotations

from collections.abc import Callable

from unicorn import arm_const as reg

from harness.virtual.core.cpu import Core, Registers
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.core.faults import Faults

DEBUGEN, HALT, STEP, MASKINTS = 1, 2, 4, 8
HALTED, BKPT, VCATCH = 1, 2, 8  # DFSR
VC_CORERESET, TRCENA = 1, 1 << 24

_CORE_REGISTERS = {
    **{i: reg.UC_ARM_REG_R0 + i for i in range(13)},
    13: reg.UC_ARM_REG_SP,
    14: reg.UC_ARM_REG_LR,
    17: reg.UC_ARM_REG_MSP,
    18: reg.UC_ARM_REG_PSP,
    33: reg.UC_ARM_REG_FPSCR,
    **{64 + i: reg.UC_ARM_REG_S0 + i for i in range(32)},
}
_SPECIAL = (reg.UC_ARM_REG_PRIMASK, reg.UC_ARM_REG_BASEPRI, reg.UC_ARM_REG_FAULTMASK, reg.UC_ARM_REG_CONTROL)


class Debug:
    """What a debugger can see and do. ``halted`` stops the run loop; ``stepping`` lets it run one instruction."""

    def __init__(self, core: Core, exceptions: Exceptions, faults: Faults) -> None:
        self._core, self._exc, self._faults = core, exceptions, faults
        self.control = 0  # DHCSR[3:0]
        self.demcr = 0
        self.dfsr = 0
        self.halted = False
        self.stepping = False
        self.sleeping: Callable[[], bool] = lambda: False
        self.in_reset: Callable[[], bool] = lambda: False
        self.on_control: Callable[[], None] = lambda: None  # halt or go was written: the board wakes up
        self.was_reset = True
        self.retired_at = 0
        self._dcrdr = 0
        self._one = {number: Registers(core, [ident]) for number, ident in _CORE_REGISTERS.items()}
        self._special = Registers(core, _SPECIAL)
        self._xpsr_in = Registers(core, [reg.UC_ARM_REG_XPSR_NZCVQG])
        self._xpsr_out = Registers(core, [reg.UC_ARM_REG_XPSR])
        faults.on_breakpoint = self.take_breakpoint
        faults.on_catch = self.vector_catch

    @property
    def enabled(self) -> bool:
        """C_DEBUGEN."""
        return bool(self.control & DEBUGEN)

    def system_reset(self) -> None:
        """A reset of the core lets it run again, unless the debugger catches it at the reset vector."""
        self.was_reset = True
        self.halted = self.stepping = False
        self.control &= ~(HALT | STEP)
        if self.enabled and self.demcr & VC_CORERESET:
            self.enter(VCATCH)

    def enter(self, why: int) -> None:
        """Halt. Leaves lockup: a debugger may then load other code and run it."""
        self.dfsr |= why
        self.halted, self.stepping = True, False
        self.control |= HALT
        self._faults.locked_up = False

    def take_breakpoint(self) -> bool:
        """A BKPT or FPB hit: halts if debug is enabled."""
        if self.enabled:
            self.enter(BKPT)
        return self.enabled

    def vector_catch(self, mask: int) -> None:
        """A fault was entered: halt at its handler if DEMCR asks for it."""
        if self.enabled and self.demcr & mask:
            self.enter(VCATCH)
            self._core.end_within(0)

    def read(self, offset: int) -> int:
        """Registers by their offset in the System Control Space."""
        if offset == 0xDF0:
            return self._status()
        return {0xDF8: self._dcrdr, 0xDFC: self.demcr, 0xD30: self.dfsr}.get(offset, 0)

    def _status(self) -> int:
        value = self.control | 1 << 16  # S_REGRDY: transfers are instant
        # A core that was halted in its sleep no longer counts as sleeping: pyOCD would never see it halted.
        value |= 1 << 17 if self.halted else 1 << 18 if self.sleeping() else 0
        value |= (1 << 19 if self._faults.locked_up else 0) | (1 << 25 if self.was_reset or self.in_reset() else 0)
        if self._core.executed != self.retired_at:
            value |= 1 << 24
        self.was_reset, self.retired_at = self.in_reset(), self._core.executed
        return value

    def write(self, offset: int, value: int) -> None:
        """See ``read``."""
        if offset == 0xDF0:
            if value >> 16 == 0xA05F:
                self._set_control(value & 0xF)
        elif offset == 0xDF4:
            self._transfer(value & 0x7F, bool(value & 1 << 16))
        elif offset == 0xDF8:
            self._dcrdr = value
        elif offset == 0xDFC:
            self.demcr = value & 0x010F07F1
        elif offset == 0xD30:
            self.dfsr &= ~value

    def _set_control(self, value: int) -> None:
        if not value & DEBUGEN:
            value = 0
        self.control = value
        if value & HALT:
            if not self.halted:
                self.enter(HALTED)
        else:
            self.stepping = bool(value & STEP)
            self.halted = False
        self.on_control()

    def _transfer(self, number: int, write: bool) -> None:
        if not self.halted:
            return
        if write:
            self._write_register(number, self._dcrdr)
        else:
            self._dcrdr = self._read_register(number)

    def _read_register(self, number: int) -> int:
        if number == 15:
            return self._core.pc
        if number == 16:
            return int(self._xpsr_out.load()[0])
        if number == 20:
            primask, basepri, faultmask, control = self._special.load()
            return int(primask | basepri << 8 | faultmask << 16 | control << 24)
        group = self._one.get(number)
        return int(group.load()[0]) if group else 0

    def _write_register(self, number: int, value: int) -> None:
        if number == 15:
            self._core.set_pc(value, thumb=self._core.thumb)
        elif number == 16:
            self._xpsr_in.values[0] = value
            self._xpsr_in.store()
            self._exc.current = value & 0x1FF
            self._core.thumb = bool(value & 1 << 24)
        elif number == 20:
            self._special.values[:] = [value & 1, value >> 8 & 0xFF, value >> 16 & 1, value >> 24 & 7]
            self._special.store()
        elif group := self._one.get(number):
            group.values[0] = value & ~3 if number in (13, 17, 18) else value
            group.store()

"""What a debugger finds beside the core: ROM table, FPB, DWT, DBGMCU (ARM DDI 0403E, C1; RM0390, 33)."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.cpu import Core

ROM_TABLE_BASE = 0xE00FF000
CODE_COMPARATORS = 6
_WORD = 0xFFFFFFFF


def _identity(part: int, component_class: int) -> dict[int, int]:
    """CoreSight identification registers of an ARM component (JEP106 continuation 4, identity 0x3B)."""
    pidr = {0xFD0: 4, 0xFE0: part & 0xFF, 0xFE4: 0xB0 | part >> 8, 0xFE8: 0x0B, 0xFEC: 0}
    cidr = {0xFF0: 0x0D, 0xFF4: component_class << 4, 0xFF8: 0x05, 0xFFC: 0xB1}
    return pidr | cidr


class Words:
    """Registers that are plain words; subclasses act in ``get`` and ``set``."""

    def __init__(self, fixed: dict[int, int] | None = None) -> None:
        self.fixed = fixed or {}
        self.regs: dict[int, int] = {}

    def read(self, offset: int, size: int) -> int:
        """Any access width."""
        value = self.get(offset & ~3) >> 8 * (offset & 3)
        return value & (1 << 8 * size) - 1

    def write(self, offset: int, size: int, value: int) -> None:
        """Narrow writes change their part of the word."""
        if size != 4:
            shift = 8 * (offset & 3)
            offset &= ~3
            value = self.regs.get(offset, 0) & ~((1 << 8 * size) - 1 << shift) | value << shift
        self.set(offset, value & _WORD)

    def get(self, offset: int) -> int:
        """The word at ``offset``."""
        return self.fixed[offset] if offset in self.fixed else self.regs.get(offset, 0)

    def set(self, offset: int, value: int) -> None:
        """Write the word at ``offset``."""
        if offset not in self.fixed:
            self.regs[offset] = value


class RomTable(Words):
    """The list of debug components; TPIU and ETM are marked absent. It identifies the chip: part, JEP106 designer."""

    def __init__(self, part: int, designer: int) -> None:
        entries = [(0xE000E000, 1), (0xE0001000, 1), (0xE0002000, 1), (0xE0000000, 1), (0xE0040000, 0), (0xE0041000, 0)]
        table = {4 * i: (base - ROM_TABLE_BASE & 0xFFFFF000) | 2 | on for i, (base, on) in enumerate(entries)}
        pidr = {
            0xFD0: 0,
            0xFE0: part & 0xFF,
            0xFE4: (designer & 15) << 4 | part >> 8,
            0xFE8: 8 | designer >> 4,
            0xFEC: 0,
        }
        cidr = {0xFF0: 0x0D, 0xFF4: 0x10, 0xFF8: 0x05, 0xFFC: 0xB1}
        super().__init__(table | {0xFCC: 1} | pidr | cidr)


class Itm(Words):
    """Present but silent."""

    def __init__(self) -> None:
        super().__init__(_identity(0x001, 0xE))

    def get(self, offset: int) -> int:
        """Stimulus ports are always ready, so that code which logs through them does not wait for ever."""
        return 1 if offset < 0x80 else super().get(offset)


class BreakpointUnit(Words):
    """FPB with six code comparators and no remapping; ``on_change(addresses)`` gets the active breakpoints."""

    def __init__(self, on_change: Callable[[frozenset[int]], None]) -> None:
        super().__init__(_identity(0x003, 0xE))
        self._on_change = on_change
        self._on = False

    def get(self, offset: int) -> int:
        """FP_CTRL reports the comparators."""
        return CODE_COMPARATORS << 4 | self._on if offset == 0 else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """FP_CTRL needs its key bit; literal comparators do not exist."""
        if offset == 0:
            if not value & 2:
                return
            self._on = bool(value & 1)
        elif 8 <= offset < 8 + 4 * CODE_COMPARATORS:
            self.regs[offset] = value & 0xDFFFFFFD
        else:
            return
        self._on_change(frozenset(self._addresses()) if self._on else frozenset())

    def _addresses(self) -> list[int]:
        found = []
        for i in range(CODE_COMPARATORS):
            value = self.regs.get(8 + 4 * i, 0)
            address = value & 0x1FFFFFFC
            if value & 1:
                found += [address] if value >> 30 & 1 else []
                found += [address + 2] if value >> 31 else []
        return found


class Dwt(Words):
    """CYCCNT counts *instructions*: an emulated core has no cycles. It stands still while the core sleeps."""

    def __init__(self, core: Core, clock: VirtualClock, trace_enabled: Callable[[], bool]) -> None:
        super().__init__(_identity(0x002, 0xE))
        self._core, self._clock, self._trace_enabled = core, clock, trace_enabled
        self._offset = 0
        self._frozen: int | None = 0

    def get(self, offset: int) -> int:
        """CTRL reports no watchpoint comparators, because none is modelled."""
        if offset == 4:
            count = self._frozen if self._frozen is not None else self._clock.instructions - self._offset
            return count & _WORD
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """CYCCNTENA works only with DEMCR.TRCENA, as on the hardware."""
        if offset == 4:
            self._offset = self._clock.instructions - value
            if self._frozen is not None:
                self._frozen = value
            return
        if offset == 0:
            value &= 0x001FFFFF
            run = bool(value & 1) and self._trace_enabled()
            if run and self._frozen is not None:
                self._offset, self._frozen = self._clock.instructions - self._frozen, None
            elif not run and self._frozen is None:
                self._frozen = self._clock.instructions - self._offset & _WORD
        super().set(offset, value)


class Dbgmcu(Words):
    """ST's debug unit: the device identity and freeze bits (stored, not acted on: virtual time stops with the core)."""

    def __init__(self, idcode: int) -> None:
        super().__init__({0: idcode})

"""Peripheral clock dividers of a PSoC 62 (2 MB), the 8 and 16-bit kinds, and which one each peripheral uses.

Names, places and reset values are those of Infineon's SVD.
"""

from __future__ import annotations

from harness.virtual.periph.base import Watched, field

DIV_CMD, CLOCK_CTL0, DIV_8_CTL0, DIV_16_CTL0 = 0x400, 0xC00, 0x1000, 0x1400
DIV_CMD_DIV_SEL, DIV_CMD_TYPE_SEL, DIV_CMD_DISABLE, DIV_CMD_ENABLE = 0xFF, 3 << 8, 1 << 30, 1 << 31
CLOCK_CTL0_DIV_SEL, CLOCK_CTL0_TYPE_SEL = 0xFF, 3 << 8
DIV_8_CTL0_EN, DIV_8_CTL0_INT8_DIV = 1, 0xFF << 8
DIV_16_CTL0_EN, DIV_16_CTL0_INT16_DIV = 1, 0xFFFF << 8

_PERIPHERALS = 128


class Peri(Watched):
    """DIV_CMD switches a divider on or off at once."""

    reset_values = {DIV_CMD: 0x03FF03FF, **{CLOCK_CTL0 + 4 * i: 0x3FF for i in range(_PERIPHERALS)}}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("PERI")

    def set(self, offset: int, value: int) -> None:
        """The enable bit of a divider itself is read-only."""
        if offset == DIV_CMD:
            register = self._register(value)
            if register is not None:
                on = DIV_8_CTL0_EN if value & DIV_CMD_ENABLE else 0
                self.regs[register] = self.regs.get(register, 0) & ~DIV_8_CTL0_EN | on
            value &= ~(DIV_CMD_ENABLE | DIV_CMD_DISABLE)  # done
        elif self._is_divider(offset):
            value = value & ~DIV_8_CTL0_EN | self.regs.get(offset, 0) & DIV_8_CTL0_EN
        super().set(offset, value)

    @staticmethod
    def _is_divider(offset: int) -> bool:
        return any(0 <= offset - first < 4 * (CLOCK_CTL0_DIV_SEL + 1) for first in (DIV_8_CTL0, DIV_16_CTL0))

    @staticmethod
    def _register(select: int) -> int | None:
        first = (DIV_8_CTL0, DIV_16_CTL0, None, None)[field(select, DIV_CMD_TYPE_SEL)]
        return None if first is None else first + 4 * field(select, DIV_CMD_DIV_SEL)

    def divider(self, peripheral: int) -> int:
        """By how much CLK_PERI is divided for a peripheral; 0 when its divider is off or none is chosen."""
        select = self.regs[CLOCK_CTL0 + 4 * peripheral]
        register = self._register(select)
        setting = self.regs.get(register, 0) if register is not None else 0
        if not setting & DIV_8_CTL0_EN:
            return 0
        mask = DIV_16_CTL0_INT16_DIV if field(select, CLOCK_CTL0_TYPE_SEL) else DIV_8_CTL0_INT8_DIV
        return field(setting, mask) + 1

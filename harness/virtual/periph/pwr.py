"""The power controller (RM0390, 5.4): voltage scaling and over-drive, ready at once."""

from __future__ import annotations

from harness.virtual.periph.base import Peripheral

CR, CSR = 0x00, 0x04
ODEN, ODSWEN = 1 << 16, 1 << 17
VOSRDY, ODRDY, ODSWRDY = 1 << 14, 1 << 16, 1 << 17


class Pwr(Peripheral):
    """CSR's ready bits follow CR."""

    reset_values = {CR: 0xC000}  # noqa: RUF012

    def __init__(self, name: str = "PWR") -> None:
        super().__init__(name)
        self.clocked = False

    def get(self, offset: int) -> int:
        """CSR is derived from CR."""
        if offset != CSR:
            return super().get(offset)
        control = self.regs[CR]
        return VOSRDY | (ODRDY if control & ODEN else 0) | (ODSWRDY if control & ODSWEN and control & ODEN else 0)

"""The power controller of the STM32L4 and L4+ (RM0351, RM0432: chapter PWR): ranges and boost, ready at once."""

from __future__ import annotations

from harness.virtual.periph.base import Peripheral

CR1, SR1, SR2, CR5 = 0x00, 0x10, 0x14, 0x80
R1MODE = 1 << 8  # CR5, L4+ only: 0 is range 1 boost mode


class PwrL4(Peripheral):
    """Settings are kept; SR2.VOSF stays 0, which says that the voltage has settled."""

    reset_values = {CR1: 0x200, CR5: R1MODE}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("PWR")
        self.clocked = False

    def set(self, offset: int, value: int) -> None:
        """The status registers are read-only."""
        if offset not in (SR1, SR2):
            super().set(offset, value)

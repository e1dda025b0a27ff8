"""The flash controller of a PSoC 62 (2 MB), as far as start-up code sets it: its wait states. Reset values of Infineon's SVD."""

from __future__ import annotations

from harness.virtual.periph.base import Watched, field

FLASH_CTL, FLASH_PWR_CTL = 0x0, 0x4
FLASH_CTL_MAIN_WS = 15


class Flashc(Watched):
    """Registers that keep what is written; programming goes by system calls alone."""

    reset_values = {FLASH_CTL: 0x00110000, FLASH_PWR_CTL: 0x00000003}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("FLASHC")

    @property
    def wait_states(self) -> int:
        """Of the main flash."""
        return field(self.regs[FLASH_CTL], FLASH_CTL_MAIN_WS)

    def reset(self) -> None:
        """The state after a reset, of which nobody is told: what the boot code sets is not known."""
        self.regs = dict(self.reset_values)

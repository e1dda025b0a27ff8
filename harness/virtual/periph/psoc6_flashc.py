"""The flash controller of a PSoC 62 (2 MB), as far as start-up code sets it: its wait states. Reset values of Infineon's SVD."""

from __future__ import annotations

from harness.virtual.periph.base import Peripheral

FLASH_CTL, FLASH_PWR_CTL = 0x0, 0x4


class Flashc(Peripheral):
    """Registers that keep what is written; programming goes by system calls alone."""

    reset_values = {FLASH_CTL: 0x00110000, FLASH_PWR_CTL: 0x00000003}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("FLASHC")

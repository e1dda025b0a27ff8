"""The pins of a PSoC 62 (2 MB): how they are driven. Names and places are those of Infineon's SVD."""

from __future__ import annotations

from harness.virtual.periph.base import Watched, field

PRT0_OUT, PRT1_OUT, PRT0_CFG = 0x00, 0x80, 0x44
PRT0_CFG_DRIVE_MODE0, PRT0_CFG_IN_EN0 = 7, 1 << 3
PRT0_CFG_DRIVE_MODE1, PRT0_CFG_IN_EN1 = 7 << 4, 1 << 7
_DRIVE, _INPUT = (PRT0_CFG_DRIVE_MODE0, PRT0_CFG_DRIVE_MODE1), (PRT0_CFG_IN_EN0, PRT0_CFG_IN_EN1)


class Gpio(Watched):
    """Keeps what is written; no pin has a level."""

    def __init__(self) -> None:
        super().__init__("GPIO")

    def _config(self, port: int) -> int:
        return self.regs.get(PRT0_CFG + (PRT1_OUT - PRT0_OUT) * port, 0)

    def drive_mode(self, port: int, pin: int) -> int:
        """Of pin 0 or 1 of a port."""
        return field(self._config(port), _DRIVE[pin])

    def is_input(self, port: int, pin: int) -> bool:
        """Whether the input of pin 0 or 1 of a port is on."""
        return bool(self._config(port) & _INPUT[pin])

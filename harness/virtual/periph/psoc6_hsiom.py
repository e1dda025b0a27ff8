"""Which peripheral each pin of a PSoC 62 (2 MB) belongs to. Names and places are those of Infineon's SVD."""

from __future__ import annotations

from harness.virtual.periph.base import Watched, field

PRT0_PORT_SEL0, PRT1_PORT_SEL0 = 0x00, 0x10
PRT0_PORT_SEL0_IO0_SEL, PRT0_PORT_SEL0_IO1_SEL = 0x1F, 0x1F << 8
_PINS = (PRT0_PORT_SEL0_IO0_SEL, PRT0_PORT_SEL0_IO1_SEL)


class Hsiom(Watched):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__("HSIOM")

    def select(self, port: int, pin: int) -> int:
        """The selection of pin 0 or 1 of a port."""
        return field(self.regs.get(PRT0_PORT_SEL0 + PRT1_PORT_SEL0 * port, 0), _PINS[pin])

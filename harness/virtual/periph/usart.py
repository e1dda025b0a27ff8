"""USART of the STM32F4 (RM0390, 25), asynchronous mode, in virtual time (``line``)."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.line import BURST, FE, IDLE, ORE, RXNE, TC, TXE, LineUart

__all__ = ["BURST", "FE", "IDLE", "ORE", "RXNE", "TC", "TXE", "Usart"]

SR, DR, BRR, CR1, CR2, CR3, GTPR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
CR1_RE, CR1_TE, CR1_IDLEIE, CR1_RXNEIE, CR1_TCIE, CR1_TXEIE, CR1_UE = (
    1 << 2,
    1 << 3,
    1 << 4,
    1 << 5,
    1 << 6,
    1 << 7,
    1 << 13,
)
_REQUESTS = CR1_RXNEIE | CR1_TXEIE | CR1_IDLEIE
CR1_M, CR1_OVER8, CR2_STOP, CR2_STOP_2 = 1 << 12, 1 << 15, 3 << 12, 2 << 12
BRR_DIV_Mantissa, BRR_DIV_Fraction = 0xFFF << 4, 15
SR_FE, SR_ORE, SR_IDLE, SR_RXNE, SR_TC, SR_TXE = FE, ORE, IDLE, RXNE, TC, TXE  # as the line has them


class Usart(LineUart):
    """One USART. ``bus_divider()`` gives core cycles per USART clock."""

    reset_values = {SR: SR_TXE | SR_TC}  # noqa: RUF012

    def __init__(
        self, name: str, irq: int, clock: VirtualClock, exceptions: Exceptions, bus_divider: Callable[[], int]
    ) -> None:
        self._divider = bus_divider
        super().__init__(name, irq, clock, exceptions)

    def reset(self) -> None:
        """See ``LineUart.reset``."""
        self._armed = False  # SR was read: reading DR now clears the error flags
        super().reset()

    @property
    def bit_ticks(self) -> int:
        """Core cycles per bit, 0 if the baud rate is not set."""
        divisor = self.regs.get(BRR, 0)
        if self.regs.get(CR1, 0) & CR1_OVER8:
            divisor = (divisor & BRR_DIV_Mantissa) // 2 + (divisor & BRR_DIV_Fraction // 2)
        return divisor * self._divider()

    def _interrupting(self) -> bool:
        control = self.regs.get(CR1, 0)
        wanted = 0
        if control & CR1_RXNEIE:
            wanted |= self._flags & (RXNE | ORE)
        if control & CR1_IDLEIE and not self._flags & RXNE:
            wanted |= self._flags & IDLE
        if control & (CR1_TXEIE | CR1_TCIE) and control & CR1_UE:
            flags = self._transmit_flags()
            wanted |= flags & TXE if control & CR1_TXEIE else 0
            wanted |= flags & TC if control & CR1_TCIE else 0
        return bool(wanted)

    def read(self, offset: int, size: int) -> int:
        """As any peripheral, by a shorter way: interrupt handlers read three registers for each byte."""
        if offset & 3 or size != 4 or not self.clocked:
            return super().read(offset, size)
        if offset == SR:
            self._armed = True
            return self._status()
        return self._received() if offset == DR else self.regs.get(offset, 0)

    def get(self, offset: int) -> int:
        """Reading SR then DR clears the error flags; reading DR takes the byte."""
        if offset == SR:
            self._armed = True
            return self._status()
        return self._received() if offset == DR else super().get(offset)

    def _received(self) -> int:
        cleared = FE | ORE | IDLE if self._armed else 0
        self._armed = False
        return self._take(cleared)

    def set(self, offset: int, value: int) -> None:
        """SR flags are cleared by writing 0 to them (RXNE, TC); DR sends."""
        if offset == DR:
            self._send(value)
            return
        if offset == SR:
            if not value & RXNE:
                self._flags &= ~RXNE
                self._deliver()
            self._tc_cleared = self._tc_cleared or not value & TC
        else:
            changed = self.regs.get(offset, 0) ^ value
            super().set(offset, value)
            if offset != CR1 or changed & ~_REQUESTS:  # a program switches its requests for every few bytes
                self.clock_changed()
        self._update()

    def clock_changed(self) -> None:
        """HCLK or the bus divider changed: so did the length of a byte."""
        control = self.regs.get(CR1, 0)
        stop = 2 if self.regs.get(CR2, 0) & CR2_STOP >= CR2_STOP_2 else 1
        self._set_line(
            rx=control & (CR1_UE | CR1_RE) == CR1_UE | CR1_RE,
            tx=control & (CR1_UE | CR1_TE) == CR1_UE | CR1_TE,
            bit_ticks=self.bit_ticks,
            frame_bits=1 + (9 if control & CR1_M else 8) + stop,
            tell_done=bool(control & CR1_TCIE),
        )

"""USART of the STM32L4 and L4+ (RM0351, RM0432: chapter USART), asynchronous mode, in virtual time (``line``).

Not modelled: the L4+'s FIFO mode (FIFOEN is stored, without effect), RTO, wake-up, smartcard, DMA.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.base import field
from harness.virtual.periph.line import FE, IDLE, ORE, RXNE, TC, TXE, LineUart

CR1, CR2, CR3, BRR, RQR, ISR, ICR, RDR, TDR, PRESC = 0x00, 0x04, 0x08, 0x0C, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C
CR1_UE, CR1_RE, CR1_TE, CR1_IDLEIE, CR1_RXNEIE, CR1_TCIE, CR1_TXEIE = (
    1 << 0,
    1 << 2,
    1 << 3,
    1 << 4,
    1 << 5,
    1 << 6,
    1 << 7,
)
_REQUESTS = CR1_RXNEIE | CR1_TXEIE | CR1_IDLEIE
CR3_EIE, CR3_OVRDIS = 1 << 0, 1 << 12
RQR_RXFRQ = 1 << 3
ISR_TEACK, ISR_REACK = 1 << 21, 1 << 22
CR1_OVER8, CR1_M0, CR1_M1 = 1 << 15, 1 << 12, 1 << 28
CR2_STOP, CR2_STOP_2, PRESC_PRESCALER = 3 << 12, 2 << 12, 15
ISR_FE, ISR_ORE, ISR_IDLE, ISR_RXNE, ISR_TC, ISR_TXE = FE, ORE, IDLE, RXNE, TC, TXE  # as the line has them
ICR_FECF, ICR_ORECF, ICR_IDLECF, ICR_TCCF = FE, ORE, IDLE, TC
ISR_TXFE = 1 << 23  # L4+: its FIFO, which is not used here, is empty
BRR_DIV_Mantissa, BRR_DIV_Fraction = 0xFFF << 4, 15
_PRESCALE = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)
_LOCKED_WHILE_ON = frozenset({BRR, CR2, PRESC})  # writable with UE = 0 only


class UsartL4(LineUart):
    """One USART. ``kernel_divider()`` gives core cycles per USART clock. PRESC and ISR.TXFE exist on the L4+ alone (``plus``)."""

    def __init__(
        self,
        name: str,
        irq: int,
        clock: VirtualClock,
        exceptions: Exceptions,
        kernel_divider: Callable[[], float],
        *,
        plus: bool = False,
    ) -> None:
        self._divider = kernel_divider
        self._always = ISR_TXFE if plus else 0
        self.reset_values = {ISR: ISR_TXE | ISR_TC | self._always}
        super().__init__(name, irq, clock, exceptions)

    @property
    def bit_ticks(self) -> int:
        """Core cycles per bit, 0 if the baud rate is not set. Below 16 (8 with OVER8) the divider is not allowed."""
        divisor = self.regs.get(BRR, 0)
        if self.regs.get(CR1, 0) & CR1_OVER8:
            divisor = (divisor & BRR_DIV_Mantissa) // 2 + (divisor & BRR_DIV_Fraction // 2)
        if divisor < 8:
            return 0
        prescale = _PRESCALE[min(field(self.regs.get(PRESC, 0), PRESC_PRESCALER), len(_PRESCALE) - 1)]
        return round(divisor * prescale * self._divider())

    def _interrupting(self) -> bool:
        control = self.regs.get(CR1, 0)
        wanted = 0
        if control & CR1_RXNEIE:
            wanted |= self._flags & (RXNE | ORE)
        if self.regs.get(CR3, 0) & CR3_EIE:
            wanted |= self._flags & (FE | ORE)
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
        return self.get(offset)

    def get(self, offset: int) -> int:
        """Reading RDR takes the byte; error flags stay until ICR clears them."""
        if offset == ISR:
            control = self.regs.get(CR1, 0)
            ready = (ISR_TEACK if self._enabled_tx else 0) | (ISR_REACK if self._enabled_rx else 0)
            return (self._status() if control & CR1_UE else ISR_TXE | ISR_TC) | ready | self._always
        if offset == RDR:
            return self._take(0)
        return 0 if offset in (ICR, RQR) else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """TDR sends, ICR clears flags, ISR is read-only; dividers are locked while the USART is on."""
        if offset == TDR:
            self._send(value)
            return
        if offset == ICR:
            self._flags &= ~(value & (ICR_FECF | ICR_ORECF | ICR_IDLECF))
            self._tc_cleared = self._tc_cleared or bool(value & ICR_TCCF)
        elif offset == RQR:
            if value & RQR_RXFRQ:
                self._take(0)
        elif offset != ISR:
            if offset in _LOCKED_WHILE_ON and self.regs.get(CR1, 0) & CR1_UE:
                if value != self.regs.get(offset, 0):
                    register = {BRR: "BRR", CR2: "CR2", PRESC: "PRESC"}[offset]
                    self.refuse(f"ignore {self.name}_{register}: it is written while the USART is on (UE)")
                return
            changed = self.regs.get(offset, 0) ^ value
            super().set(offset, value)
            if offset != CR1 or changed & ~_REQUESTS:  # a program switches its requests for every few bytes
                self.clock_changed()
        self._update()

    def clock_changed(self) -> None:
        """HCLK or the kernel clock changed: so did the length of a byte."""
        control = self.regs.get(CR1, 0)
        if not control & CR1_UE:
            self._flags = 0  # disabling resets the status flags
        stop = 2 if self.regs.get(CR2, 0) & CR2_STOP >= CR2_STOP_2 else 1
        bits = 9 if control & CR1_M0 else 7 if control & CR1_M1 else 8
        self._set_line(
            rx=control & (CR1_UE | CR1_RE) == CR1_UE | CR1_RE,
            tx=control & (CR1_UE | CR1_TE) == CR1_UE | CR1_TE,
            bit_ticks=self.bit_ticks,
            frame_bits=1 + bits + stop,
            tell_done=bool(control & CR1_TCIE),
        )

"""USART of the STM32L4 and L4+ (RM0351, RM0432: chapter USART), asynchronous mode, in virtual time (``line``).

Not modelled: the L4+'s FIFO mode (FIFOEN is stored, without effect), RTO, wake-up, smartcard, DMA.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.line import FE, IDLE, ORE, RXNE, TC, TXE, LineUart

CR1, CR2, CR3, BRR, RQR, ISR, ICR, RDR, TDR, PRESC = 0x00, 0x04, 0x08, 0x0C, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C
UE, RE, TE, IDLEIE, RXNEIE, TCIE, TXEIE = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
EIE, OVRDIS = 1 << 0, 1 << 12  # CR3
RXFRQ = 1 << 3
TEACK, REACK = 1 << 21, 1 << 22
_OVER8, _M0, _M1 = 1 << 15, 1 << 12, 1 << 28
_PRESCALE = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)
_LOCKED_WHILE_ON = frozenset({BRR, CR2, PRESC})  # writable with UE = 0 only


class UsartL4(LineUart):
    """One USART. ``kernel_divider()`` gives core cycles per USART clock. PRESC exists on the L4+ alone."""

    reset_values = {ISR: 0xC0}  # noqa: RUF012

    def __init__(
        self, name: str, irq: int, clock: VirtualClock, exceptions: Exceptions, kernel_divider: Callable[[], float]
    ) -> None:
        self._divider = kernel_divider
        super().__init__(name, irq, clock, exceptions)

    @property
    def bit_ticks(self) -> int:
        """Core cycles per bit, 0 if the baud rate is not set. Below 16 (8 with OVER8) the divider is not allowed."""
        divisor = self.regs.get(BRR, 0)
        if self.regs.get(CR1, 0) & _OVER8:
            divisor = (divisor & 0xFFF0 | (divisor & 7) << 1) // 2
        if divisor < 8:
            return 0
        prescale = _PRESCALE[min(self.regs.get(PRESC, 0) & 15, len(_PRESCALE) - 1)]
        return round(divisor * prescale * self._divider())

    def _interrupting(self) -> bool:
        control = self.regs.get(CR1, 0)
        wanted = 0
        if control & RXNEIE:
            wanted |= self._flags & (RXNE | ORE)
        if self.regs.get(CR3, 0) & EIE:
            wanted |= self._flags & (FE | ORE)
        if control & IDLEIE and not self._flags & RXNE:
            wanted |= self._flags & IDLE
        if control & (TXEIE | TCIE) and control & UE:
            flags = self._transmit_flags()
            wanted |= flags & TXE if control & TXEIE else 0
            wanted |= flags & TC if control & TCIE else 0
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
            ready = (TEACK if self._enabled_tx else 0) | (REACK if self._enabled_rx else 0)
            return (self._status() if control & UE else self.reset_values[ISR]) | ready
        if offset == RDR:
            return self._take(0)
        return 0 if offset in (ICR, RQR) else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """TDR sends, ICR clears flags, ISR is read-only; dividers are locked while the USART is on."""
        match offset:
            case 0x28:
                self._send(value)
                return
            case 0x20:
                self._flags &= ~(value & (FE | ORE | IDLE))
                self._tc_cleared = self._tc_cleared or bool(value & TC)
            case 0x18:
                if value & RXFRQ:
                    self._take(0)
            case 0x1C:
                pass
            case _:
                if offset in _LOCKED_WHILE_ON and self.regs.get(CR1, 0) & UE:
                    if value != self.regs.get(offset, 0):
                        register = {BRR: "BRR", CR2: "CR2", PRESC: "PRESC"}[offset]
                        self.refuse(f"ignore {self.name}_{register}: it is written while the USART is on (UE)")
                    return
                super().set(offset, value)
                self.clock_changed()
        self._update()

    def clock_changed(self) -> None:
        """HCLK or the kernel clock changed: so did the length of a byte."""
        control = self.regs.get(CR1, 0)
        if not control & UE:
            self._flags = 0  # disabling resets the status flags
        stop = 2 if self.regs.get(CR2, 0) >> 12 & 3 >= 2 else 1
        bits = 9 if control & _M0 else 7 if control & _M1 else 8
        self._set_line(
            rx=control & (UE | RE) == UE | RE,
            tx=control & (UE | TE) == UE | TE,
            bit_ticks=self.bit_ticks,
            frame_bits=1 + bits + stop,
            tell_done=bool(control & TCIE),
        )

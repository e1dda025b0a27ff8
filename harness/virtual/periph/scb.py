"""PSoC 6 serial communication block in UART mode (002-24529 registers; PSoC 62 TRM), in virtual time (``line``).

Modelled: the FIFOs of 128 entries with their levels, triggers and interrupts, baud rate, framing errors and overflow. SPI,
I2C, parity, flow control, LIN and break are not.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.line import FE, ORE, RXNE, TC, TXE, LineUart

CTRL, UART_CTRL, UART_TX_CTRL, UART_RX_CTRL = 0x000, 0x040, 0x044, 0x048
TX_CTRL, TX_FIFO_CTRL, TX_FIFO_STATUS, TX_FIFO_WR = 0x200, 0x204, 0x208, 0x240
RX_CTRL, RX_FIFO_CTRL, RX_FIFO_STATUS, RX_FIFO_RD = 0x300, 0x304, 0x308, 0x340
INTR_CAUSE = 0xE00
INTR_TX, INTR_TX_SET, INTR_TX_MASK, INTR_TX_MASKED = 0xF80, 0xF84, 0xF88, 0xF8C
INTR_RX, INTR_RX_SET, INTR_RX_MASK, INTR_RX_MASKED = 0xFC0, 0xFC4, 0xFC8, 0xFCC
ENABLED, MODE_UART = 1 << 31, 2
CLEAR = 1 << 16
SR_VALID = 1 << 15  # of TX_FIFO_STATUS: the shift register holds a byte
TRIGGER, NOT_FULL, EMPTY, DONE = 1 << 0, 1 << 1, 1 << 4, 1 << 9  # of INTR_TX
NOT_EMPTY, FULL, OVERFLOW, UNDERFLOW, FRAME_ERROR = 1 << 2, 1 << 3, 1 << 5, 1 << 6, 1 << 8  # of INTR_RX
CAUSE_TX, CAUSE_RX = 1 << 2, 1 << 3
_EVENTS_RX = OVERFLOW | UNDERFLOW | FRAME_ERROR


class ScbUart(LineUart):
    """One block. ``bit_clock_ticks()`` gives core cycles per clock that its PERI divider lets through, 0 without one."""

    capacity = 128
    # UART_CTRL.MODE reads standard; the FIFOs are empty and the block is off.
    reset_values = {CTRL: 0x0300000F}  # noqa: RUF012

    def __init__(
        self, name: str, irq: int, clock: VirtualClock, exceptions: Exceptions, bit_clock_ticks: Callable[[], float]
    ) -> None:
        self._bit_clock_ticks = bit_clock_ticks
        self._tx_acknowledged = self._rx_events = 0
        super().__init__(name, irq, clock, exceptions)
        self.clocked = True  # the registers answer whatever the divider does

    def reset(self) -> None:
        """See ``LineUart.reset``."""
        self._tx_acknowledged = self._rx_events = 0
        super().reset()

    @property
    def _tx_held(self) -> int:
        """Bytes that have not left entirely: one in the shift register, the others in the FIFO."""
        left = self._tx_free_at - self._clock.now()
        return -(-left // self._frame_ticks) if left > 0 and self._frame_ticks else 0

    @property
    def _tx_used(self) -> int:
        """Entries of the transmit FIFO in use: below 128 whenever NOT_FULL asks for more, else its handler comes in vain."""
        return min(self.capacity, max(0, self._tx_held - 1))

    def _tx_requests(self) -> int:
        """INTR_TX. A condition that still holds sets its bit again at once, so only DONE stays acknowledged."""
        flags = self._transmit_flags()
        used = self._tx_used
        value = NOT_FULL if flags & TXE else 0
        value |= (EMPTY if not used else 0) | (TRIGGER if used < self.regs.get(TX_FIFO_CTRL, 0) & 0xFF else 0)
        return value | (DONE if flags & TC and not self._tx_acknowledged & DONE else 0)

    def _rx_requests(self) -> int:
        """INTR_RX."""
        held = self._held
        value = NOT_EMPTY if held else 0
        value |= FULL if held >= self.capacity else 0
        value |= TRIGGER if held > self.regs.get(RX_FIFO_CTRL, 0) & 0xFF else 0
        self._rx_events |= (OVERFLOW if self._flags & ORE else 0) | (FRAME_ERROR if self._flags & FE else 0)
        self._flags &= ~(ORE | FE)
        return value | self._rx_events

    def _interrupting(self) -> bool:
        rx, tx = self.regs.get(INTR_RX_MASK, 0), self.regs.get(INTR_TX_MASK, 0)
        return bool((rx and self._rx_requests() & rx) or (tx and self._tx_requests() & tx))

    def read(self, offset: int, size: int) -> int:
        """Word accesses, by the short way."""
        return self.get(offset) if size == 4 and not offset & 3 else super().read(offset, size)

    def get(self, offset: int) -> int:
        """The FIFOs, their levels and requests."""
        match offset:
            case 0x340:
                if not self._flags & RXNE:
                    self._rx_events |= UNDERFLOW
                    return 0xFFFFFFFF
                return self._take(0)
            case 0x308:
                held = self._held
                if not held:
                    self._notice_poll()
                return held
            case 0x208:
                if not self._tx_held:
                    return 0
                self._notice_poll()
                return self._tx_used | SR_VALID
            case 0xE00:
                return (CAUSE_TX if self.get(INTR_TX_MASKED) else 0) | (CAUSE_RX if self.get(INTR_RX_MASKED) else 0)
            case 0xF80:
                value = self._tx_requests()
                if not value & DONE:
                    self._notice_poll()
                return value
            case 0xF8C:
                return self._tx_requests() & self.regs.get(INTR_TX_MASK, 0)
            case 0xFC0:
                return self._rx_requests()
            case 0xFCC:
                return self._rx_requests() & self.regs.get(INTR_RX_MASK, 0)
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """TX_FIFO_WR sends; request registers are cleared by writing 1."""
        match offset:
            case 0x240:
                self._tx_acknowledged = 0
                self._send(value)
                return
            case 0xF80:
                if self._transmit_flags() & TC:  # what has not happened yet cannot be acknowledged
                    self._tx_acknowledged |= value & DONE
            case 0xFC0:
                self._rx_events &= ~(value & _EVENTS_RX)
            case 0x304 if value & CLEAR:
                while self._flags & RXNE:
                    self._take(0)
                super().set(offset, value)
            case 0x208 | 0x308 | 0xE00 | 0xF8C | 0xFCC:
                pass
            case _:
                super().set(offset, value)
                self.clock_changed()
        self._update()

    def clock_changed(self) -> None:
        """Clocks, divider or settings changed: so did the length of a byte."""
        control = self.regs.get(CTRL, 0)
        on = bool(control & ENABLED) and control >> 24 & 3 == MODE_UART
        bits = (self.regs.get(RX_CTRL, 0) & 15) + 1
        stop = max(1, ((self.regs.get(UART_TX_CTRL, 0) & 7) + 1) // 2)
        self._set_line(
            rx=on,
            tx=on,
            bit_ticks=round(((control & 15) + 1) * self._bit_clock_ticks()),
            frame_bits=1 + bits + stop,
            tell_done=bool(self.regs.get(INTR_TX_MASK, 0) & (DONE | EMPTY | TRIGGER)),
        )

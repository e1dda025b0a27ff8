"""PSoC 6 serial communication block in UART mode, in virtual time (``line``). Names and places are those of Infineon's SVD.

Modelled: the FIFOs, of 128 entries in byte mode and of 64 otherwise, with their levels, triggers and interrupts, baud rate,
framing errors and overflow. SPI, I2C, parity, flow control, LIN and break are not.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.base import field
from harness.virtual.periph.line import FE, ORE, RXNE, TC, TXE, LineUart

CTRL, SPI_CTRL, UART_CTRL, UART_TX_CTRL, UART_RX_CTRL = 0x000, 0x020, 0x040, 0x044, 0x048
I2C_CTRL, I2C_CFG = 0x060, 0x070
TX_CTRL, TX_FIFO_CTRL, TX_FIFO_STATUS, TX_FIFO_WR = 0x200, 0x204, 0x208, 0x240
RX_CTRL, RX_FIFO_CTRL, RX_FIFO_STATUS, RX_FIFO_RD = 0x300, 0x304, 0x308, 0x340
INTR_CAUSE = 0xE00
INTR_TX, INTR_TX_SET, INTR_TX_MASK, INTR_TX_MASKED = 0xF80, 0xF84, 0xF88, 0xF8C
INTR_RX, INTR_RX_SET, INTR_RX_MASK, INTR_RX_MASKED = 0xFC0, 0xFC4, 0xFC8, 0xFCC

CTRL_OVS, CTRL_BYTE_MODE, CTRL_MODE, CTRL_MODE_UART, CTRL_ENABLED = 15, 1 << 11, 3 << 24, 2 << 24, 1 << 31
UART_TX_CTRL_STOP_BITS, RX_CTRL_DATA_WIDTH = 7, 15
TX_FIFO_CTRL_TRIGGER_LEVEL, RX_FIFO_CTRL_TRIGGER_LEVEL, RX_FIFO_CTRL_CLEAR = 0xFF, 0xFF, 1 << 16
TX_FIFO_STATUS_USED, RX_FIFO_STATUS_USED = 0x1FF, 0x1FF
TX_FIFO_STATUS_SR_VALID = 1 << 15  # the shift register holds a byte
INTR_CAUSE_TX, INTR_CAUSE_RX = 1 << 2, 1 << 3
INTR_TX_TRIGGER, INTR_TX_NOT_FULL, INTR_TX_EMPTY, INTR_TX_UART_DONE = 1 << 0, 1 << 1, 1 << 4, 1 << 9
INTR_RX_TRIGGER, INTR_RX_NOT_EMPTY, INTR_RX_FULL, INTR_RX_OVERFLOW = 1 << 0, 1 << 2, 1 << 3, 1 << 5
INTR_RX_UNDERFLOW, INTR_RX_FRAME_ERROR = 1 << 6, 1 << 8
_EVENTS_RX = INTR_RX_OVERFLOW | INTR_RX_UNDERFLOW | INTR_RX_FRAME_ERROR
_READ_ONLY = frozenset({TX_FIFO_STATUS, RX_FIFO_STATUS, INTR_CAUSE, INTR_TX_MASKED, INTR_RX_MASKED})
_NOTHING = 0xFFFFFFFF
_ENTRIES = 128  # of each FIFO, one byte wide


class ScbUart(LineUart):
    """One block. ``bit_clock_ticks()`` gives core cycles per clock that its PERI divider lets through, 0 without one."""

    reset_values = {  # noqa: RUF012
        CTRL: 0x0300000F,
        SPI_CTRL: 0x03000000,
        UART_CTRL: 0x03000000,
        I2C_CTRL: 0x0000FB88,
        I2C_CFG: 0x002A1013,
        UART_TX_CTRL: 0x00000002,
        UART_RX_CTRL: 0x000A0002,
        TX_CTRL: 0x00000107,
        RX_CTRL: 0x00000107,
    }

    def __init__(
        self, name: str, irq: int, clock: VirtualClock, exceptions: Exceptions, bit_clock_ticks: Callable[[], float]
    ) -> None:
        self._bit_clock_ticks = bit_clock_ticks
        self._tx_acknowledged = self._rx_events = 0
        super().__init__(name, irq, clock, exceptions)
        self.clocked = True  # the registers answer whatever the divider does

    def reset(self) -> None:
        """See ``LineUart.reset``."""
        self._tx_acknowledged, self._rx_events = INTR_TX_UART_DONE, 0  # nothing was sent yet
        super().reset()

    @property
    def _tx_held(self) -> int:
        """Bytes that have not left entirely: one in the shift register, the others in the FIFO."""
        left = self._tx_free_at - self._clock.now()
        return -(-left // self._frame_ticks) if left > 0 and self._frame_ticks else 0

    @property
    def capacity(self) -> int:  # type: ignore[override]
        """Entries of each FIFO."""
        return _ENTRIES if self.regs.get(CTRL, 0) & CTRL_BYTE_MODE else _ENTRIES // 2

    @property
    def _tx_used(self) -> int:
        """Entries of the transmit FIFO in use: some are free whenever NOT_FULL asks for more, else its handler comes in vain."""
        return min(self.capacity, max(0, self._tx_held - 1))

    def _tx_requests(self) -> int:
        """INTR_TX. A condition that still holds sets its bit again at once, so only UART_DONE stays acknowledged."""
        if not self._enabled_tx:
            return 0
        flags = self._transmit_flags()
        used = self._tx_used
        value = INTR_TX_NOT_FULL if flags & TXE else 0
        value |= INTR_TX_EMPTY if not used else 0
        value |= INTR_TX_TRIGGER if used < self.regs.get(TX_FIFO_CTRL, 0) & TX_FIFO_CTRL_TRIGGER_LEVEL else 0
        return value | (INTR_TX_UART_DONE if flags & TC and not self._tx_acknowledged & INTR_TX_UART_DONE else 0)

    def _rx_requests(self) -> int:
        """INTR_RX."""
        held = self._held
        value = INTR_RX_NOT_EMPTY if held else 0
        value |= INTR_RX_FULL if held >= self.capacity else 0
        value |= INTR_RX_TRIGGER if held > self.regs.get(RX_FIFO_CTRL, 0) & RX_FIFO_CTRL_TRIGGER_LEVEL else 0
        self._rx_events |= INTR_RX_OVERFLOW if self._flags & ORE else 0
        self._rx_events |= INTR_RX_FRAME_ERROR if self._flags & FE else 0
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
        if offset == RX_FIFO_RD:
            if not self._flags & RXNE:
                self._rx_events |= INTR_RX_UNDERFLOW
                return _NOTHING
            return self._take(0)
        if offset == RX_FIFO_STATUS:
            held = self._held
            if not held:
                self._notice_poll()
            return min(held, self.capacity)
        if offset == TX_FIFO_STATUS:
            if not self._tx_held:
                return 0
            self._notice_poll()
            return self._tx_used | TX_FIFO_STATUS_SR_VALID
        if offset == INTR_TX:
            value = self._tx_requests()
            if not value & INTR_TX_UART_DONE:
                self._notice_poll()
            return value
        if offset == INTR_RX:
            return self._rx_requests()
        return self._combined(offset) if offset in _READ_ONLY else super().get(offset)

    def _combined(self, offset: int) -> int:
        """The registers that tell of others."""
        if offset == INTR_TX_MASKED:
            return self._tx_requests() & self.regs.get(INTR_TX_MASK, 0)
        if offset == INTR_RX_MASKED:
            return self._rx_requests() & self.regs.get(INTR_RX_MASK, 0)
        tx, rx = self._combined(INTR_TX_MASKED), self._combined(INTR_RX_MASKED)
        return (INTR_CAUSE_TX if tx else 0) | (INTR_CAUSE_RX if rx else 0)

    def set(self, offset: int, value: int) -> None:
        """TX_FIFO_WR sends; request registers are cleared by writing 1."""
        if offset == TX_FIFO_WR:
            self._tx_acknowledged = 0
            if self._tx_held > self.capacity:
                self.hint(f"TX_FIFO_WR is written to a FIFO that is full: {self.capacity} entries (CTRL.BYTE_MODE)")
            self._send(value)
            return
        if offset == INTR_TX:
            if self._transmit_flags() & TC:  # what has not happened yet cannot be acknowledged
                self._tx_acknowledged |= value & INTR_TX_UART_DONE
        elif offset == INTR_RX:
            self._rx_events &= ~(value & _EVENTS_RX)
        elif offset == RX_FIFO_CTRL and value & RX_FIFO_CTRL_CLEAR:
            while self._flags & RXNE:
                self._take(0)
            super().set(offset, value)
        elif offset not in _READ_ONLY:
            super().set(offset, value)
            self.clock_changed()
        self._update()

    def clock_changed(self) -> None:
        """Clocks, divider or settings changed: so did the length of a byte."""
        control = self.regs.get(CTRL, 0)
        on = control & (CTRL_ENABLED | CTRL_MODE) == CTRL_ENABLED | CTRL_MODE_UART
        bits = field(self.regs.get(RX_CTRL, 0), RX_CTRL_DATA_WIDTH) + 1
        stop = max(1, (field(self.regs.get(UART_TX_CTRL, 0), UART_TX_CTRL_STOP_BITS) + 1) // 2)
        tells = INTR_TX_UART_DONE | INTR_TX_EMPTY | INTR_TX_TRIGGER
        self._set_line(
            rx=on,
            tx=on,
            bit_ticks=round((field(control, CTRL_OVS) + 1) * self._bit_clock_ticks()),
            frame_bits=1 + bits + stop,
            tell_done=bool(self.regs.get(INTR_TX_MASK, 0) & tells),
        )

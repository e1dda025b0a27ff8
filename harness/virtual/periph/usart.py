"""USART (RM0390, 25), asynchronous mode, in virtual time.

**The line keeps the average speed of its baud rate, in bursts.** Bytes from the host arrive up to ``BURST`` at a time,
as fast as the program takes them, at the moment when the last of them would have arrived; then the line rests until it
may deliver the next ones. So a byte is up to ``BURST`` byte times late and never early against the baud rate, the main
program gets all the time between bursts that it would have had between bytes, and an interrupt handler runs many times
in a row, tail-chained, which the emulator does several times faster. Transmission likewise accepts ``BURST`` bytes
before TXE makes the program wait. An overrun happens when the program leaves a byte unread for more than ``BURST``
byte times (on the chip: one).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from harness.virtual.clock import NEVER, VirtualClock
from harness.virtual.exceptions import Exceptions
from harness.virtual.periph.base import Peripheral

BURST = 16

SR, DR, BRR, CR1, CR2, CR3, GTPR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
FE, ORE, IDLE, RXNE, TC, TXE = 1 << 1, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
RE, TE, IDLEIE, RXNEIE, TCIE, TXEIE, UE = 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 13
_M, _OVER8 = 1 << 12, 1 << 15
_POLLS_BEFORE_SKIP, _POLL_SPACING = 3, 24


class Usart(Peripheral):
    """One USART. ``transmit(bytes value)`` gets what is sent; ``receive`` puts bytes on the line to the chip.

    ``pins_ready`` says whether the pins are switched to this USART: without them nothing goes in or out.
    ``bus_divider()`` gives core cycles per USART clock.
    """

    reset_values = {SR: 0xC0}  # noqa: RUF012

    def __init__(
        self, name: str, irq: int, clock: VirtualClock, exceptions: Exceptions, bus_divider: Callable[[], int]
    ) -> None:
        super().__init__(name)
        self.clocked = False
        self._irq, self._clock, self._exc, self._divider = irq, clock, exceptions, bus_divider
        self.transmit: Callable[[int], None] = lambda _byte: None
        self.on_poll_wait: Callable[[], None] = lambda: None
        self.pins_ready = True
        self._line: deque[int] = deque()  # bytes from the host; bit 8 marks a framing error
        self._rx_event = clock.add(self._rx_due)
        self._tx_event = clock.add(self._tx_due)
        self._rx_busy, self._tx_busy = 1 << self._rx_event, 1 << self._tx_event
        self.reset()

    def reset(self) -> None:
        """The state after a reset. Bytes still on the line meet a receiver that is off, and are lost."""
        super().reset()
        self._flags = 0  # FE, ORE, IDLE, RXNE
        self._data = 0
        self._credit = 0  # bytes the line may deliver at once
        self._credit_at = 0
        self._tx_free_at = 0
        self._tx_full = False
        self._tc_cleared = False
        self._armed = False  # SR was read: reading DR now clears the error flags
        self._polls, self._polled_at = 0, 0
        self._enabled_rx = self._enabled_tx = False
        self._frame_ticks = 0
        self.baud = 0  # bits per second by BRR and the clocks, 0 if not set
        self._line.clear()
        self._clock.schedule(self._rx_event, NEVER)
        self._plan_tx(NEVER)
        self._clock.line_busy &= ~self._rx_busy
        self._update()

    # -- the line -------------------------------------------------------------------------------------------------

    @property
    def bit_ticks(self) -> int:
        """Core cycles per bit, 0 if the baud rate is not set."""
        divisor = self.regs.get(BRR, 0)
        if self.regs.get(CR1, 0) & _OVER8:
            divisor = (divisor & 0xFFF0 | (divisor & 7) << 1) // 2
        return divisor * self._divider()

    def receive(self, data: bytes | list[int]) -> None:
        """Bytes arrive from the host (bit 8: with a framing error). A receiver that is off does not hear them."""
        if not (self._enabled_rx and self.pins_ready and self._frame_ticks):
            return
        if not self._line:
            self._credit, self._credit_at = 0, self._clock.now()
        self._line.extend(data)
        self._clock.line_busy |= self._rx_busy
        self._plan_rx()

    @property
    def waiting(self) -> int:
        """Bytes on the line that the chip has not received."""
        return len(self._line)

    def _plan_rx(self) -> None:
        wanted = min(BURST, len(self._line))
        self._clock.schedule(self._rx_event, self._credit_at + wanted * self._frame_ticks if wanted else NEVER)

    def _rx_due(self) -> None:
        """A burst has arrived at the chip's pin."""
        now = self._clock.now()
        arrived = (now - self._credit_at) // self._frame_ticks
        self._credit_at += arrived * self._frame_ticks
        if self._flags & RXNE and self._credit + arrived > BURST:
            for _ in range(min(self._credit + arrived - BURST, len(self._line))):
                self._line.popleft()
            self._flags |= ORE
            arrived = max(0, BURST - self._credit)
        self._credit = min(BURST, self._credit + arrived)
        self._deliver()
        self._update()
        if self._line:
            self._plan_rx()
        else:
            self._clock.line_busy &= ~self._rx_busy

    def _deliver(self) -> None:
        """Move the next byte into DR if it is free and the line has delivered it."""
        if self._flags & RXNE or not self._credit or not self._line:
            return
        byte = self._line.popleft()
        self._credit -= 1
        self._data = byte & 0xFF
        self._flags |= RXNE | (FE if byte & 0x100 else 0)
        if not self._line:
            self._flags |= IDLE
            self._clock.line_busy &= ~self._rx_busy
            self._clock.schedule(self._rx_event, NEVER)

    # -- transmit -------------------------------------------------------------------------------------------------

    def _send(self, value: int) -> None:
        if not self._enabled_tx or not self._frame_ticks:
            return
        now = self._clock.now()
        if self._tx_full and self._tx_free_at - now > (BURST + 1) * self._frame_ticks:
            return  # written without TXE: the chip would overwrite the byte that waits
        self._polls = 0
        self._tx_free_at = max(self._tx_free_at, now) + self._frame_ticks
        self._tc_cleared = False
        if self.pins_ready:
            self.transmit(value & 0xFF)
        if self._tx_free_at - now > BURST * self._frame_ticks:
            self._tx_full = True
            self._plan_tx(self._tx_free_at - self._frame_ticks)
        elif self.regs.get(CR1, 0) & TCIE:
            self._plan_tx(self._tx_free_at)
        self._update()

    def _plan_tx(self, at: int) -> None:
        self._clock.schedule(self._tx_event, at)
        busy = self._clock.line_busy & ~self._tx_busy
        self._clock.line_busy = busy if at == NEVER else busy | self._tx_busy

    def _tx_due(self) -> None:
        self._tx_full = False
        self._clock.line_busy &= ~self._tx_busy
        if self._tx_free_at > self._clock.now() and self.regs.get(CR1, 0) & TCIE:
            self._plan_tx(self._tx_free_at)
        self._update()

    def _transmit_flags(self) -> int:
        if self._tx_free_at and self._tx_free_at <= self._clock.now():
            self._tx_free_at = 0  # nothing is under way: the common case needs no clock
        done = 0 if self._tx_free_at or self._tc_cleared else TC
        return done if self._tx_full else done | TXE

    # -- registers ------------------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Drive the interrupt request."""
        control = self.regs.get(CR1, 0)
        wanted = 0
        if control & RXNEIE:
            wanted |= self._flags & (RXNE | ORE)
        if control & IDLEIE and not self._flags & RXNE:
            wanted |= self._flags & IDLE
        if control & (TXEIE | TCIE) and control & UE:
            flags = self._transmit_flags()
            wanted |= flags & TXE if control & TXEIE else 0
            wanted |= flags & TC if control & TCIE else 0
        self._exc.set_level(self._irq, bool(wanted))

    def read(self, offset: int, size: int) -> int:
        """As any peripheral, by a shorter way: interrupt handlers read three registers for each byte."""
        if offset & 3 or size != 4 or not self.clocked:
            return super().read(offset, size)
        return self.get(offset) if offset <= DR else self.regs.get(offset, 0)

    def get(self, offset: int) -> int:
        """Reading SR then DR clears the error flags; reading DR takes the byte."""
        if offset == SR:
            self._armed = True
            value = self._flags
            if self._tx_full or self._tc_cleared or self._tx_free_at:
                value |= self._transmit_flags()
            else:
                value |= TXE | TC
            if value & (RXNE | ORE | IDLE):
                self._polls = 0
            else:
                self._notice_poll()
            return value
        if offset == DR:
            value = self._data
            self._flags &= ~(RXNE | (FE | ORE | IDLE if self._armed else 0))
            self._armed = False
            if self._credit:
                self._deliver()
            if not self._flags & RXNE:
                self._update()
            return value
        return super().get(offset)

    def _notice_poll(self) -> None:
        """A loop that only reads SR is waiting: skip to the next event instead of executing the wait.

        A fixed number of reads in a tight row is the sign. Programs that count iterations for a time-out see fewer of
        them.
        """
        at = self._clock.instructions
        if at - self._polled_at > _POLL_SPACING:
            self._polls = 0
        self._polled_at = at
        self._polls += 1
        if self._polls >= _POLLS_BEFORE_SKIP:
            self._polls = 0
            self._wait_for_line()

    def _wait_for_line(self) -> None:
        now = self._clock.now()
        if self._tx_free_at > now and not self._line:
            # TC and TXE come with time alone; nothing else may be skipped over.
            self._clock.skip_to(min(self._tx_free_at, self._clock.next_at))
        else:
            self.on_poll_wait()

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
            super().set(offset, value)
            self._configure()
        self._update()

    def clock_changed(self) -> None:
        """HCLK or the bus divider changed: so did the length of a byte."""
        self._configure()

    def _configure(self) -> None:
        control = self.regs.get(CR1, 0)
        self._enabled_rx = control & (UE | RE) == UE | RE
        self._enabled_tx = control & (UE | TE) == UE | TE
        stop = 2 if self.regs.get(CR2, 0) >> 12 & 3 >= 2 else 1
        bit_ticks = self.bit_ticks
        self.baud = self._clock.hz // bit_ticks if bit_ticks else 0
        self._frame_ticks = bit_ticks * (1 + (9 if control & _M else 8) + stop)
        if control & TCIE and self._tx_free_at > self._clock.now() and not self._tx_full:
            self._plan_tx(self._tx_free_at)
        if self._line and not self._enabled_rx:
            self._line.clear()
            self._clock.line_busy &= ~self._rx_busy
            self._clock.schedule(self._rx_event, NEVER)

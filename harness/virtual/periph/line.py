"""An asynchronous serial line in virtual time: what every UART here has behind its registers.

**The line keeps the average speed of its baud rate, in bursts.** Bytes from the host arrive up to ``BURST`` at a time,
as fast as the program takes them, at the moment when the last of them would have arrived; then the line rests until it
may deliver the next ones. So a byte is up to ``BURST`` byte times late and never early against the baud rate, the main
program gets all the time between bursts that it would have had between bytes, and an interrupt handler runs many times
in a row, tail-chained, which the emulator does several times faster. Transmission likewise accepts ``capacity`` bytes
before the program must wait. An overrun happens when the program leaves a byte unread for more than ``capacity`` byte
times. ``capacity`` is ``BURST`` for a chip whose data register holds one byte, and the FIFO's depth where there is one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from harness.virtual.core.clock import NEVER, VirtualClock
from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.base import Peripheral

BURST = 16
FE, ORE, IDLE, RXNE, TC, TXE = 1 << 1, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
_POLLS_BEFORE_SKIP, _POLL_SPACING = 3, 24


class LineUart(Peripheral):
    """``transmit(byte)`` gets what is sent; ``receive`` puts bytes on the line to the chip.

    ``pins_ready`` says whether the pins are switched to this UART: without them nothing goes in or out. A subclass has
    the registers: it calls ``_set_line`` when they change, ``_send`` and ``_take`` for data, and says in
    ``_interrupting`` whether a request is wanted. ``_flags`` holds FE, ORE, IDLE and RXNE.
    """

    capacity = BURST

    def __init__(self, name: str, irq: int, clock: VirtualClock, exceptions: Exceptions) -> None:
        super().__init__(name)
        self.clocked = False
        self._irq, self._clock, self._exc = irq, clock, exceptions
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
        self._flags = 0
        self._data = 0
        self._credit = 0  # bytes the line may deliver at once
        self._credit_at = 0
        self._tx_free_at = 0
        self._tx_full = False
        self._tc_cleared = False
        self._polls, self._polled_at = 0, 0
        self._enabled_rx = self._enabled_tx = False
        self._tell_done = False  # the end of transmission interrupts
        self._frame_ticks = 0
        self.baud = 0  # bits per second by the dividers and the clocks, 0 if not set
        self._line.clear()
        self._clock.schedule(self._rx_event, NEVER)
        self._plan_tx(NEVER)
        self._clock.line_busy &= ~self._rx_busy
        self._update()

    def _set_line(self, *, rx: bool, tx: bool, bit_ticks: int, frame_bits: int, tell_done: bool) -> None:
        """What the registers say now. ``bit_ticks`` is in core cycles, 0 if the baud rate is not set."""
        self._enabled_rx, self._enabled_tx, self._tell_done = rx, tx, tell_done
        self.baud = self._clock.hz // bit_ticks if bit_ticks else 0
        self._frame_ticks = bit_ticks * frame_bits
        if tell_done and self._tx_free_at > self._clock.now() and not self._tx_full:
            self._plan_tx(self._tx_free_at)
        if self._line and not rx:
            self._line.clear()
            self._clock.line_busy &= ~self._rx_busy
            self._clock.schedule(self._rx_event, NEVER)

    def _interrupting(self) -> bool:
        """Whether the registers ask for an interrupt."""
        raise NotImplementedError

    def _update(self) -> None:
        """Drive the interrupt request."""
        self._exc.set_level(self._irq, self._interrupting())

    # -- receive --------------------------------------------------------------------------------------------------

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

    @property
    def _held(self) -> int:
        """Bytes that the program could take now."""
        return min(self._credit, len(self._line)) + (1 if self._flags & RXNE else 0)

    def _plan_rx(self) -> None:
        wanted = min(BURST, len(self._line))
        self._clock.schedule(self._rx_event, self._credit_at + wanted * self._frame_ticks if wanted else NEVER)

    def _rx_due(self) -> None:
        """A burst has arrived at the chip's pin."""
        now = self._clock.now()
        arrived = (now - self._credit_at) // self._frame_ticks
        self._credit_at += arrived * self._frame_ticks
        if self._flags & RXNE and self._credit + arrived > self.capacity:
            for _ in range(min(self._credit + arrived - self.capacity, len(self._line))):
                self._line.popleft()
            self._flags |= ORE
            arrived = max(0, self.capacity - self._credit)
        self._credit = min(self.capacity, self._credit + arrived)
        self._deliver()
        self._update()
        if self._line:
            self._plan_rx()
        else:
            self._clock.line_busy &= ~self._rx_busy

    def _deliver(self) -> None:
        """Make the next byte readable if the last was taken and the line has delivered it."""
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

    def _take(self, cleared: int) -> int:
        """The program reads the data: the byte, with the flags in ``cleared`` gone and the next byte in its place."""
        value = self._data
        self._flags &= ~(RXNE | cleared)
        if self._credit:
            self._deliver()
        if not self._flags & RXNE:
            self._update()
        return value

    @property
    def sending(self) -> bool:
        """Whether a byte that the program wrote has not left entirely yet."""
        return self._tx_free_at > self._clock.now()

    # -- transmit -------------------------------------------------------------------------------------------------

    def _send(self, value: int) -> None:
        if not self._enabled_tx or not self._frame_ticks:
            return
        now = self._clock.now()
        if self._tx_full and self._tx_free_at - now > (self.capacity + 1) * self._frame_ticks:
            return  # written without room: the chip would overwrite the byte that waits
        self._polls = 0
        self._tx_free_at = max(self._tx_free_at, now) + self._frame_ticks
        self._tc_cleared = False
        if self.pins_ready:
            self.transmit(value & 0xFF)
        else:
            self.hint(f"{self.name} sends while its pins are not switched to it")
        if self._tx_free_at - now > self.capacity * self._frame_ticks:
            self._tx_full = True
            self._plan_tx(self._tx_free_at - self._frame_ticks)
        elif self._tell_done:
            self._plan_tx(self._tx_free_at)
        self._update()

    def _plan_tx(self, at: int) -> None:
        self._clock.schedule(self._tx_event, at)
        busy = self._clock.line_busy & ~self._tx_busy
        self._clock.line_busy = busy if at == NEVER else busy | self._tx_busy

    def _tx_due(self) -> None:
        self._tx_full = False
        self._clock.line_busy &= ~self._tx_busy
        if self._tx_free_at > self._clock.now() and self._tell_done:
            self._plan_tx(self._tx_free_at)
        self._update()

    def _transmit_flags(self) -> int:
        if self._tx_free_at and self._tx_free_at <= self._clock.now():
            self._tx_free_at = 0  # nothing is under way: the common case needs no clock
        done = 0 if self._tx_free_at or self._tc_cleared else TC
        return done if self._tx_full else done | TXE

    def _status(self) -> int:
        """``_flags`` with TC and TXE, read by a program: a loop that only reads it is noticed as waiting."""
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

    def _notice_poll(self) -> None:
        """A loop that only reads the status is waiting: skip to the next event instead of executing the wait.

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

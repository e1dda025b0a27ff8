"""The small loop that joins a transport to a conversation. One thread, no busy-waiting, every wait bounded."""

from __future__ import annotations

from collections.abc import Callable

from harness.bench.transports import Transport
from harness.clock import Clock, Deadline
from harness.errors import BenchError
from harness.wire.conversation import HostConversation
from harness.wire.events import Event

#: Handed to the transport at a time, in whole frames: small, so that a repeat overtakes what has not left.
_PIECE_BYTES = 512
_READ_BYTES = 65536
_MOST_DISCARDED = 64
#: A line that takes no byte for so long has lost its driver or its flow control.
_WRITE_STALL_S = 10.0
_LONGEST_WAIT_S = 1.0
#: A unit's clock may stand still just before a time-out: then looking again and again would take the processor from it.
_SHORTEST_WAIT_S = 0.002

Tap = Callable[[str, bytes, float], None]


class Pump:
    """Moves bytes both ways until something happens. ``tap`` sees all bytes: "tx" or "rx", the bytes, the time in s."""

    def __init__(
        self, transport: Transport, conversation: HostConversation, clock: Clock, tap: Tap | None = None
    ) -> None:
        self._transport = transport
        self._conversation = conversation
        self._clock = clock
        self._tap = tap
        self._unsent = b""
        self._moved_s = clock.monotonic_s()  # when the transport last took a byte
        self._asked_at: bool | None = None
        #: Called before a question to a board that does not answer, with ``HostConversation.at_safe_speed``.
        self.choose_speed: Callable[[bool], None] | None = None
        #: Called when it has answered, at the speed that was chosen last.
        self.answered: Callable[[], None] | None = None

    def next_event(self, deadline: Deadline) -> Event | None:
        """The next event, None when ``deadline`` has passed. BenchError from the transport passes through.

        After a BenchError bytes may be lost on either way; the conversation itself stays consistent.
        """
        while True:
            event = self._conversation.next_event()
            if event is not None:
                return event
            if deadline.passed:
                # Whoever was kept from looking in time has not waited: what came meanwhile still counts.
                self._take()
                return self._conversation.next_event()
            self._turn(deadline)

    def discard(self) -> None:
        """Read what lies in the line and forget it. A line that never falls quiet is left after some reads."""
        for _ in range(_MOST_DISCARDED):
            data = self._transport.read(_READ_BYTES, 0)
            if not data:
                break
            if self._tap is not None:
                self._tap("rx", data, self._clock.monotonic_s())

    def replace_transport(self, transport: Transport) -> None:
        """Go on over another one; what the old one had taken may be lost."""
        self._transport = transport
        self._unsent = b""
        self._moved_s = self._clock.monotonic_s()

    def _turn(self, deadline: Deadline) -> None:
        """Send what may be sent, wait if there was nothing, take what has come, act on time-outs."""
        conversation, transport = self._conversation, self._transport
        now_s = self._clock.monotonic_s()
        if not self._unsent:
            # Time-outs wait while bytes wait: they would only make more of them. And they wait until what has come is read.
            if conversation.next_timeout_s(now_s) == 0.0:
                self._take()
            conversation.tick(now_s)
            safe = conversation.at_safe_speed
            if safe != self._asked_at:
                self._asked_at = safe
                if safe is None:
                    if self.answered is not None:
                        self.answered()
                elif self.choose_speed is not None:
                    self.choose_speed(safe)
            self._unsent = conversation.data_to_send(now_s, _PIECE_BYTES)
            self._moved_s = now_s
        had_some = bool(self._unsent)
        if had_some:
            self._write(now_s)
        if self._unsent:
            transport.wait(min(deadline.left_s(), _LONGEST_WAIT_S), to_write=True)
        elif not had_some and not conversation.has_event:
            left_s = min(deadline.left_s(), _LONGEST_WAIT_S)
            timeout_s = conversation.next_timeout_s(now_s)
            wait_s = left_s if timeout_s is None else min(timeout_s, left_s)
            transport.wait(max(wait_s, _SHORTEST_WAIT_S), to_write=False)
        self._take()

    def _take(self) -> None:
        data = self._transport.read(_READ_BYTES, 0)
        if data:
            now_s = self._clock.monotonic_s()
            if self._tap is not None:
                self._tap("rx", data, now_s)
            self._conversation.receive_data(data, now_s)

    def _write(self, now_s: float) -> None:
        taken = self._transport.write(self._unsent, 0)
        if taken:
            if self._tap is not None:
                self._tap("tx", self._unsent[:taken], now_s)
            self._unsent = self._unsent[taken:]
            self._moved_s = now_s
        elif now_s - self._moved_s >= _WRITE_STALL_S:
            raise BenchError(
                "the line takes no more bytes",
                where=self._transport.name,
                found=f"{len(self._unsent)} B wait for {now_s - self._moved_s:.1f} s",
                next_step="unplug and replug the board or its adapter; check that flow control is off",
            )

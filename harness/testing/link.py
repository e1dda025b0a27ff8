"""A line in memory: two directions, each with a speed, a delay and noise, between a transport and a peer.

Everything runs in the caller's thread and on a ``ManualClock``: reading from ``MemoryTransport`` moves the clock to the
next thing that happens, so hours of line time pass in moments and every run with the same seed is the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from harness.errors import BenchError, MisuseError
from harness.testing.clock import ManualClock
from harness.testing.noise import KINDS, Noise

__all__ = ["KINDS", "Direction", "MemoryTransport", "Noise", "Peer"]


class Peer(Protocol):
    """What sits at the far end: ``FakeDevice``, or a test's own."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes have arrived."""
        ...

    def send(self, now_s: float) -> bytes:
        """All bytes it has to send by now."""
        ...

    def next_due_s(self) -> float | None:
        """When it will act next by itself, None for not before it receives something."""
        ...


class Direction:
    """One way of a line. ``bytes_per_s`` None is infinitely fast; ``latency_s`` delays what has left."""

    def __init__(self, bytes_per_s: float | None = None, latency_s: float = 0.0, noise: Noise | None = None) -> None:
        self.bytes_per_s = bytes_per_s
        self.latency_s = latency_s
        self.noise = noise or Noise()
        self.n_bytes = 0
        self._busy_until_s = 0.0
        self._queue: deque[tuple[float, bytes]] = deque()

    def put(self, data: bytes, now_s: float) -> None:
        """Bytes enter the line, behind those that still wait."""
        if not data:
            return
        self.n_bytes += len(data)
        drain_s = len(data) / self.bytes_per_s if self.bytes_per_s else 0.0
        self._busy_until_s = max(self._busy_until_s, now_s) + drain_s
        self._queue.append((self._busy_until_s + self.latency_s, self.noise(data)))

    def take(self, now_s: float) -> bytes:
        """What has arrived by now."""
        out = bytearray()
        while self._queue and self._queue[0][0] <= now_s:
            out += self._queue.popleft()[1]
        return bytes(out)

    def backlog_bytes(self, now_s: float) -> float:
        """Bytes that have not left yet."""
        return max(0.0, self._busy_until_s - now_s) * (self.bytes_per_s or 0.0)

    def next_due_s(self) -> float | None:
        """When the next bytes arrive."""
        return self._queue[0][0] if self._queue else None


class MemoryTransport:
    """The near end, keeping the Transport contract. ``buffer_bytes`` is how much it takes ahead of the line's speed."""

    def __init__(
        self,
        peer: Peer,
        clock: ManualClock,
        *,
        up: Direction | None = None,
        down: Direction | None = None,
        buffer_bytes: int = 4096,
        name: str = "memory",
        baud: int | None = None,
    ) -> None:
        self._peer = peer
        self._clock = clock
        self.up = up or Direction()
        self.down = down or Direction()
        self._buffer_bytes = buffer_bytes
        self._low_water = max(1, buffer_bytes // 8)
        self._name = name
        self._baud = baud
        self._arrived = bytearray()
        self._closed = False
        self._unplugged = False

    @property
    def name(self) -> str:
        """See Transport."""
        return self._name

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return self._baud

    def unplug(self) -> None:
        """From now on the line is gone; what has arrived can still be read."""
        self._unplugged = True

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See Transport. Moves the clock by up to ``timeout_s``."""
        self._check()
        self._run(timeout_s, lambda: bool(self._arrived))
        if self._unplugged and not self._arrived:
            raise self._gone()
        data = bytes(self._arrived[:max_bytes])
        del self._arrived[:max_bytes]
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        self._check()
        self._run(timeout_s, lambda: self._room() > 0)
        if self._unplugged:
            raise self._gone()
        taken = data[: self._room()]
        self.up.put(taken, self._clock.monotonic_s())
        return len(taken)

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport."""
        self._check()
        self._run(timeout_s, lambda: bool(self._arrived) or (to_write and self._room() > 0))

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        self._check()
        if self._baud is None:
            raise MisuseError("the speed of this line is not set from here", where=self._name, found=baud)
        self._baud = baud

    def close(self) -> None:
        """See Transport."""
        self._closed = True

    def _room(self) -> int:
        """Bytes it takes now; like a terminal, nothing until a good part of a full buffer has left."""
        room = self._buffer_bytes - math.ceil(self.up.backlog_bytes(self._clock.monotonic_s()))
        return room if room >= self._low_water else 0

    def _run(self, timeout_s: float, enough: Callable[[], bool]) -> None:
        """Let things happen until ``enough`` or until the time is over."""
        until_s = self._clock.monotonic_s() + max(0.0, timeout_s)
        while True:
            now_s = self._clock.monotonic_s()
            if not self._unplugged:
                self._exchange(now_s)
            if enough() or self._unplugged or now_s >= until_s:
                return
            moments = [self.up.next_due_s(), self.down.next_due_s(), self._peer.next_due_s(), self._room_at_s()]
            later = [moment for moment in moments if moment is not None and moment > now_s]
            self._clock.advance_to_s(min([until_s, *later]))

    def _exchange(self, now_s: float) -> None:
        arrived = self.up.take(now_s)
        if arrived:
            self._peer.receive(arrived, now_s)
        self.down.put(self._peer.send(now_s), now_s)
        self._arrived += self.down.take(now_s)

    def _room_at_s(self) -> float | None:
        """When there will be room for a byte, if there is none."""
        if self._room() > 0 or not self.up.bytes_per_s:
            return None
        now_s = self._clock.monotonic_s()
        too_many = self.up.backlog_bytes(now_s) - self._buffer_bytes + self._low_water
        # One more byte's time, because the backlog is rounded up.
        return now_s + (max(too_many, 0.0) + 1.0) / self.up.bytes_per_s

    def _check(self) -> None:
        if self._closed:
            raise MisuseError("the transport was closed", where=self._name)

    def _gone(self) -> BenchError:
        return BenchError("the line to the unit is gone", where=self._name, found="it was unplugged")

"""One way of a serial line, to the byte: 8N1 at a baud rate, and at the host's end an adapter that holds bytes back.

*The wire.* A byte takes ten bit times (start, eight data, stop) and follows the one before it without a gap as long as
there is one to send. It exists for the receiver when its stop bit is over.

*The adapter*, on the way from the board to the host: a USB serial adapter gathers what it receives and hands it on when a
packet is full (62 bytes of payload in a 64-byte full-speed packet of FTDI's) or when its latency timer ends, whatever
comes first. The timer runs freely and begins anew with every hand-over (FTDI AN232B-04, "Data Throughput, Latency and
Handshaking": 16 ms unless changed, 1 ms at least). A latency of 0 s hands each byte on as it comes. The way from the host
to the board has no such timer: bulk transfers go out at once, and the fraction of a millisecond that USB takes is left
out, which favours protocols with many turnarounds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from harness.testing.link import Direction
from harness.testing.noise import Noise

#: Start, eight data and a stop bit.
BITS_PER_BYTE = 10
#: Payload of a full-speed packet of an FTDI adapter: 64 bytes less two of modem status.
PACKET_BYTES = 62


def byte_s(baud: int) -> float:
    """How long a byte takes on the line."""
    return BITS_PER_BYTE / baud


class Way(Direction):
    """One direction of a line between two ends that share a clock; all times in seconds on it.

    ``adapter_s`` is the latency timer at the receiving end, None where there is no adapter (the board's own receiver).
    ``phase_s`` is when that timer began. Unlike its base class this one knows when every single byte arrives. Noise is
    applied as bytes enter; what it adds or removes takes no line time of its own.
    """

    def __init__(
        self,
        baud: int,
        *,
        adapter_s: float | None = None,
        noise: Noise | None = None,
        phase_s: float = 0.0,
        packet_bytes: int = PACKET_BYTES,
    ) -> None:
        super().__init__(bytes_per_s=baud / BITS_PER_BYTE, noise=noise)
        self._byte_s = byte_s(baud)
        self._adapter_s = adapter_s or 0.0
        self._timer_s = phase_s  # when the adapter last handed bytes over
        self._packet_bytes = packet_bytes
        self._runs: deque[tuple[float, bytes]] = deque()  # when a run's first byte began, and the run

    def put(self, data: bytes, now_s: float) -> None:
        """Bytes enter the line, behind those that still wait."""
        if not data:
            return
        self.n_bytes += len(data)
        began_s = max(self._busy_until_s, now_s)
        self._busy_until_s = began_s + len(data) * self._byte_s
        arriving = self.noise(data)
        if arriving:
            self._runs.append((began_s, arriving))

    def in_flight(self) -> bytes:
        """What has entered and was not taken yet."""
        return b"".join(run for _, run in self._runs)

    def due_s(self, n_bytes: int) -> float | None:
        """When the next ``n_bytes`` will all have been handed over, None when so many have not entered."""
        for at_s, given in self._deliveries():
            if given >= n_bytes:
                # Without an adapter's hand-overs a run is one delivery: reckon back to the byte meant.
                return at_s if self._adapter_s else at_s - (given - n_bytes) * self._byte_s
        return None

    def next_due_s(self) -> float | None:
        """When the next hand-over ends: a run's last byte, or a packet of the adapter."""
        for at_s, _ in self._deliveries():
            return at_s
        return None

    def take(self, now_s: float) -> bytes:
        """What has been handed over by now and was not taken."""
        # Times are sums of byte times: without a grain of tolerance a moment computed twice may miss itself.
        limit_s = now_s + self._byte_s * 1e-6
        if self._adapter_s:
            n_bytes = 0
            for at_s, given in self._deliveries():
                if at_s > limit_s:
                    break
                n_bytes, self._timer_s = given, at_s
            return self._cut(n_bytes)
        n_bytes = 0
        for began_s, run in self._runs:
            if began_s > limit_s:
                break
            n_bytes += min(len(run), int((limit_s - began_s) / self._byte_s))
        return self._cut(n_bytes)

    def _cut(self, n_bytes: int) -> bytes:
        out = bytearray()
        while n_bytes > len(out):
            began_s, run = self._runs.popleft()
            part = run[: n_bytes - len(out)]
            out += part
            if len(part) < len(run):
                self._runs.appendleft((began_s + len(part) * self._byte_s, run[len(part) :]))
        return bytes(out)

    def _deliveries(self) -> Iterator[tuple[float, int]]:
        """(when, how many bytes by then) for all that has entered."""
        if not self._adapter_s:
            given = 0
            for began_s, run in self._runs:
                given += len(run)
                yield began_s + len(run) * self._byte_s, given
            return
        arrivals = [began_s + (i + 1) * self._byte_s for began_s, run in self._runs for i in range(len(run))]
        timer_s, at = self._timer_s, 0
        while at < len(arrivals):
            ticks = math.ceil((arrivals[at] - timer_s) / self._adapter_s - 1e-9)
            tick_s = timer_s + max(1, ticks) * self._adapter_s
            full = at + self._packet_bytes - 1
            if full < len(arrivals) and arrivals[full] <= tick_s:
                timer_s, at = arrivals[full], full + 1
            else:
                timer_s = tick_s
                while at < len(arrivals) and arrivals[at] <= tick_s:
                    at += 1
            yield timer_s, at

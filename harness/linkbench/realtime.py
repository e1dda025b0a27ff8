"""The line of ``line`` in real time, between two sockets: what one end writes the other can read when its time has come.

A thread moves the bytes. It may wake late, for the machine is shared, but late bytes keep the time that they were due at,
so the rate is the line's however coarse the waking; only single moments are off, by the scheduler's delay.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from dataclasses import dataclass

from harness.bench.transports._fd import FdTransport
from harness.clock import Clock, SystemClock
from harness.linkbench.line import Way
from harness.linkbench.party import Action, Hear, HearUntil, Mark, Party, Say, Work, span_s

#: What a terminal's and an adapter's buffers take ahead of the line. When it is full the sender waits.
_BUFFER_BYTES = 4096
#: The longest a byte in the middle of a run may be late.
_SLICE_S = 0.001
_READ_BYTES = 65536
_PIECE_BYTES = 1024
#: A pair of parties of which neither hears anything for so long waits for ever.
STUCK_S = 5.0


class RealLine:
    """Context manager. ``host`` and ``device`` are the sockets at the two ends; closing them is the line's business."""

    def __init__(self, up: Way, down: Way, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.host, self._near = socket.socketpair()
        self._far, self.device = socket.socketpair()
        # A small buffer at the sender: otherwise a good part of a run would count as sent at once.
        self.host.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._wake_near, self._wake_far = socket.socketpair()
        self._to_device = _Half(self._near, self._far, up)
        self._to_host = _Half(self._far, self._near, down)
        for one in (self._near, self._far, self._wake_far):
            one.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="linkbench-line", daemon=True)

    def __enter__(self) -> RealLine:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._wake_near.send(b"x")
        self._thread.join()
        for one in (self.host, self.device, self._near, self._far, self._wake_near, self._wake_far):
            one.close()

    def _run(self) -> None:
        halves = (self._to_device, self._to_host)
        while True:
            now_s = self._clock.monotonic_s()
            for half in halves:
                half.turn(now_s)
            wait_s = min(half.wait_s(now_s) for half in halves)
            readers = [self._wake_far, *(half.source for half in halves if half.wants_more(now_s))]
            writers = [half.sink for half in halves if half.waiting]
            # select, not poll: its time-outs are not rounded to milliseconds. A bench has few descriptors.
            readable, _, _ = select.select(readers, writers, [], None if wait_s == float("inf") else wait_s)
            if self._wake_far in readable:
                return


@dataclass
class _Half:
    """One direction between two sockets."""

    source: socket.socket
    sink: socket.socket
    way: Way
    waiting: bytes = b""  # has arrived, and the receiver's buffer was full
    ended: bool = False

    def wants_more(self, now_s: float) -> bool:
        return not self.ended and self.way.backlog_bytes(now_s) < _BUFFER_BYTES

    def turn(self, now_s: float) -> None:
        if self.wants_more(now_s):
            try:
                data = self.source.recv(_BUFFER_BYTES)
                self.ended = not data
                self.way.put(data, now_s)
            except BlockingIOError:
                pass
            except OSError:
                self.ended = True
        self.waiting += self.way.take(now_s)
        if self.waiting:
            try:
                self.waiting = self.waiting[self.sink.send(self.waiting) :]
            except BlockingIOError:
                pass
            except OSError:
                self.waiting = b""  # nobody is there to hear it

    def wait_s(self, now_s: float) -> float:
        due_s = self.way.next_due_s()
        if due_s is None:
            return float("inf")
        return max(0.0, min(due_s - now_s, _SLICE_S))


class LineTransport(FdTransport):
    """The host's end of a ``RealLine`` for our own session. The line closes the socket."""

    def __init__(self, line: RealLine, baud: int) -> None:
        self._baud = baud
        super().__init__(f"throttled line at {baud} baud", line.host.fileno(), line.host.fileno())

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return self._baud

    def _release(self) -> None:
        pass


def run_pair(
    host: Party, device: Party, up: Way, down: Way, clock: Clock | None = None, stuck_s: float = STUCK_S
) -> tuple[float, bool]:
    """As ``virtual.run_pair``, in real time: both parties, in threads of this process, over one ``RealLine``.

    Neither side may compute for ``stuck_s`` or longer.
    """
    clock = clock or SystemClock()
    with RealLine(up, down, clock) as line:
        marks_s: list[float] = []
        far = threading.Thread(
            target=_play, args=(device, line.device, clock, stuck_s, []), name="linkbench-device", daemon=True
        )
        far.start()
        over, quiet_s = _play(host, line.host, clock, stuck_s, marks_s)
        took_s = span_s(marks_s, clock.monotonic_s() - quiet_s, over=over)
        line.device.shutdown(socket.SHUT_RDWR)
        far.join()
    return took_s, over


def _play(party: Party, end: socket.socket, clock: Clock, stuck_s: float, marks_s: list[float]) -> tuple[bool, float]:
    """Runs a party on a socket: whether it came to its end, and how long it had heard nothing when it did not."""
    inbox = b""
    end.settimeout(stuck_s)
    try:
        action: Action = next(party)
        while True:
            heard = b""
            if isinstance(action, Say):
                # In pieces: the time-out is for a call, and a large image takes longer than that on a slow line.
                for at in range(0, len(action.data), _PIECE_BYTES):
                    end.sendall(action.data[at : at + _PIECE_BYTES])
            elif isinstance(action, Mark):
                marks_s.append(clock.monotonic_s())
            elif isinstance(action, Work):
                clock.sleep_s(action.duration_s)
            else:
                while (n_bytes := _wanted(action, inbox)) is None:
                    more = end.recv(_READ_BYTES)
                    if not more:
                        return False, 0.0
                    inbox += more
                heard, inbox = inbox[:n_bytes], inbox[n_bytes:]
            action = party.send(heard)
    except StopIteration:
        return True, 0.0
    except TimeoutError:
        return False, stuck_s
    except OSError:
        return False, 0.0


def _wanted(action: Hear | HearUntil, seen: bytes) -> int | None:
    """How many of the bytes seen end the wait, None when it goes on."""
    if isinstance(action, Hear):
        return action.n_bytes if len(seen) >= action.n_bytes else None
    at = seen.find(action.end)
    return at + len(action.end) if at >= 0 else None

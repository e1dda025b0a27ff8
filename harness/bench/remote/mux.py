"""One stream, several channels: fair to each, bounded in memory, and dead when nothing was heard for a while.

Each end says something at least every ``SIGN_EVERY_S``; an end that has heard nothing for ``QUIET_S`` takes the other for gone:
a network that was cut sends no word of it.
"""

from __future__ import annotations

import os
import select
import struct
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Final

from harness.bench.remote.frames import Assembler, pieces
from harness.clock import SystemClock
from harness.errors import HilError, HostError

SIGN_EVERY_S: Final = 3.0
QUIET_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.5
_READ_BYTES: Final = 65536
#: A channel whose sender is so far ahead of the network waits.
_MOST_QUEUED: Final = 256 * 1024
#: The channel of the signs of life: eight bytes, the unit's own time in seconds (NaN: it does not tell).
SIGNS: Final = 0
_TIME = struct.Struct(">d")


#: What is said of it, and what then.
OVER: Final = "the connection has ended"
GO_ON: Final = "check that host and the network; `--resume RUN` goes on with the run"


class Ended(HostError):
    """The stream has ended."""


class Mux:
    """Moves messages over two descriptors with a thread for each way. ``on_message`` and ``on_end`` are called by the reader's.

    ``on_end`` is told once, why it ended; "" for a tidy end of the other side. ``own_s`` is what the signs of life tell.
    """

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        *,
        where: str,
        on_message: Callable[[int, bytes], None],
        on_end: Callable[[str], None],
        own_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd
        self._where = where
        self._on_message, self._on_end = on_message, on_end
        self._own_s = own_s
        self._clock = SystemClock()
        self._changed = threading.Condition()
        self._queues: dict[int, deque[bytes]] = {}
        self._queued: dict[int, int] = {}
        self._over = False
        #: What the other end said last of its unit's own time.
        self.other_own_s: float | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._close_wake = weakref.finalize(self, _close, self._wake_read, self._wake_write)
        self._reader = threading.Thread(target=self._read, name="unit link, in", daemon=True)
        self._writer = threading.Thread(target=self._write, name="unit link, out", daemon=True)

    def start(self) -> None:
        """Begin to move messages."""
        self._reader.start()
        self._writer.start()

    def send(self, channel: int, message: bytes) -> None:
        """Queue it, behind what its channel has; waits while that is much. ``Ended`` when the stream is over."""
        with self._changed:
            for piece in pieces(channel, message):
                while self._queued.get(channel, 0) > _MOST_QUEUED and not self._over:
                    self._changed.wait()
                if self._over:
                    raise Ended(OVER, where=self._where, next_step=GO_ON)
                self._put(channel, piece)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    def end(self) -> None:
        """Nothing more is sent or taken. May be called again, from any thread; the descriptors stay open."""
        with self._changed:
            if not self._over:
                self._over = True
                os.write(self._wake_write, b"x")
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Behind ``end``: wait until nothing touches the descriptors any more. False when a write to a full pipe still hangs."""
        for thread in (self._reader, self._writer):
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(timeout_s)
        if self._reader.is_alive() or self._writer.is_alive():
            return False
        self._close_wake()
        return True

    def flush(self, timeout_s: float) -> None:
        """Wait until all that was queued has left, at most that long."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or not any(self._queued.values()), timeout_s)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _put(self, channel: int, piece: bytes) -> None:
        self._queues.setdefault(channel, deque()).append(piece)
        self._queued[channel] = self._queued.get(channel, 0) + len(piece)
        self._changed.notify_all()

    def _sign(self) -> None:
        own_s = self._own_s()
        with self._changed:
            if not self._queued.get(SIGNS):
                for piece in pieces(SIGNS, _TIME.pack(float("nan") if own_s is None else own_s)):
                    self._put(SIGNS, piece)

    def _read(self) -> None:
        why = ""
        try:
            why = self._read_all()
        except HilError as error:
            why = str(error)
        except OSError as error:
            why = os.strerror(error.errno or 0)
        except Exception as error:  # noqa: BLE001 - whatever the other end makes us trip over, we end as told, not as left
            why = f"what came from the other end could not be understood: {type(error).__name__}: {error}"
        finally:
            self.end()
            self._on_end(why)

    def _read_all(self) -> str:
        """Until the stream ends: why it did, "" for its plain end."""
        assembler = Assembler(self._where)
        poller = select.poll()
        poller.register(self._read_fd, select.POLLIN)
        poller.register(self._wake_read, select.POLLIN)
        quiet_s, sign_at_s = 0.0, 0.0
        while not self._over:
            if self._clock.monotonic_s() >= sign_at_s:
                sign_at_s = self._clock.monotonic_s() + SIGN_EVERY_S
                self._sign()
            ready = poller.poll(_LOOK_EVERY_S * 1000)
            if not ready:
                # Counted in looks, not by the clock: who was stopped, or got no processor, has not listened meanwhile.
                quiet_s += _LOOK_EVERY_S
                if quiet_s >= QUIET_S:
                    return f"nothing was heard from the other end for {QUIET_S:g} s"
                continue
            quiet_s = 0.0
            if self._over:
                break
            data = os.read(self._read_fd, _READ_BYTES)
            if not data:
                return ""
            for channel, message in assembler.push(data):
                if channel == SIGNS:
                    self._heed(message)
                else:
                    self._on_message(channel, message)
        return ""

    def _heed(self, message: bytes) -> None:
        if len(message) == _TIME.size:
            (own_s,) = _TIME.unpack(message)
            self.other_own_s = own_s if own_s == own_s else None

    def _write(self) -> None:
        try:
            while (piece := self._next()) is not None:
                rest = memoryview(piece)
                while rest and not self._over:  # once it is over the number may be another file's
                    rest = rest[os.write(self._write_fd, rest) :]
        except OSError:
            self.end()  # the reader sees the end, and says why

    def _next(self) -> bytes | None:
        """One piece of each channel by turns, signs of life first; None at the end."""
        with self._changed:
            while True:
                waiting = [channel for channel, queue in self._queues.items() if queue]
                if waiting and not self._over:
                    break
                if self._over:
                    return None
                self._changed.wait()
            channel = SIGNS if SIGNS in waiting else waiting[0]
            piece = self._queues[channel].popleft()
            self._queued[channel] -= len(piece)
            # It goes to the end of the line.
            self._queues[channel] = self._queues.pop(channel)
            self._changed.notify_all()
            return piece


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)

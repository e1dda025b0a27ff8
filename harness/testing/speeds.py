"""A fake device whose line has a speed: at another one than the host's every byte is something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.testing.device import FakeDevice
from harness.wire import messages as m

#: As long as the firmware waits for a good frame before it goes back to its safe speed.
FALL_BACK_S = 0.5


class SpeedyDevice:
    """A ``Peer``: ``device`` at the speed that BAUD_REQUEST asks for, with the firmware's way back.

    ``host_baud`` tells what the other end is set to now. Speeds above ``holds`` damage every 50th byte from the board, as
    a cable does that is too long. ``baud`` is the board's.
    """

    def __init__(
        self, device: FakeDevice, host_baud: Callable[[], int | None], *, safe: int = 115_200, holds: int = 12_000_000
    ) -> None:
        self.device = device
        self.baud = self._safe = safe
        self._host_baud = host_baud
        self._holds = holds
        self._watched_s: float | None = None  # since when there was no good frame
        self._on_trial = False  # changed, and no good frame has come since
        self._warned = False  # the next bytes must bring a good frame
        self._good = 0
        self._n_out = 0
        self._resets = device.resets
        self.history = [safe]

    def receive(self, data: bytes, now_s: float) -> None:
        """See Peer."""
        self._tick(now_s)
        self.device.receive(data if self._host_baud() == self.baud else _garbled(data), now_s)
        good = self.device.board.counters.frames_rx
        if good != self._good:
            self._good, self._watched_s = good, None
            self._on_trial = self._warned = False
        elif self.baud != self._safe and self._watched_s is None:
            self._watched_s = now_s

    def send(self, now_s: float) -> bytes:
        """See Peer."""
        self._tick(now_s)
        data = self.device.send(now_s)
        same = self._host_baud() == self.baud
        if self.baud > self._holds:
            first = self._n_out
            data = bytes(byte ^ 0x20 if (first + at) % 50 == 0 else byte for at, byte in enumerate(data))
        self._n_out += len(data)
        wanted, self.device.board.wanted_baud = self.device.board.wanted_baud, None
        if wanted is not None:
            self._change(wanted)
            self._watched_s, self._on_trial, self._warned = now_s, True, False
        return data if same else _garbled(data)

    def next_due_s(self) -> float | None:
        """See Peer."""
        moments = [self.device.next_due_s(), None if self._watched_s is None else self._watched_s + FALL_BACK_S]
        return min((moment for moment in moments if moment is not None), default=None)

    def _tick(self, now_s: float) -> None:
        if self.device.resets != self._resets:
            self._resets, self._watched_s, self._good = self.device.resets, None, -1
            self._on_trial = self._warned = False
            self._change(self._safe)
        if self._watched_s is not None and now_s >= self._watched_s + FALL_BACK_S:
            self._watched_s = None
            if self._on_trial or self._warned:
                self._on_trial = self._warned = False
                self._change(self._safe)
            else:
                self._warned = True  # half a frame, or bytes at another speed: more of them will tell

    def _change(self, baud: int) -> None:
        if baud != self.baud:
            self.baud = baud
            self.history.append(baud)


def _garbled(data: bytes) -> bytes:
    return bytes((byte * 167 + 91) & 0xFF for byte in data)


def with_bauds(hello: m.Hello, *bauds: int) -> m.Hello:
    """The same HELLO of a board that can do these speeds."""
    return replace(hello, bauds=bauds, capabilities=hello.capabilities | m.Capability.BAUD)

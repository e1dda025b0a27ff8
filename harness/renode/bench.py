"""Requests to the external that runs the emulated board (``models/HilBench.cs``, which has the protocol), over two named pipes.

The pipes lie in the process's private folder. Nothing listens, and a request costs what it does, not what a command costs.
"""

from __future__ import annotations

import os
import select
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from harness.renode.console import LOOK_EVERY_S, CommandRefused, NoAnswer, Watch

_HEAD = struct.Struct("<BI")
_STEP = struct.Struct("<II")
_STEPPED = struct.Struct("<QQI")
_CORE = struct.Struct("<III?")


@dataclass(frozen=True)
class Stepped:
    """``passed_us``: virtual time since the emulation began. ``executed``: instructions since the last reset. ``waiting``:
    bytes that are still on their way to the board. ``sent``: what its serial port has sent."""

    passed_us: int
    executed: int
    waiting: int
    sent: bytes


class Bench:
    """``watch`` is called while an answer is waited for, and may raise to end the wait.

    Every call raises ``CommandRefused`` when the external says no, ``NoAnswer`` when no answer comes in ``timeout_s``.
    """

    def __init__(self, folder: Path, watch: Watch, timeout_s: float) -> None:
        self.requests, self.answers = folder / "requests", folder / "answers"
        self._watch, self._timeout_s = watch, timeout_s
        os.mkfifo(self.requests, 0o600)
        os.mkfifo(self.answers, 0o600)
        # For reading and writing: then opening waits for nobody, and a full pipe is noticed instead of a lost one.
        self._out = os.open(self.requests, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._in = os.open(self.answers, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        """Give the pipes back; their names go with the folder."""
        os.close(self._out)
        os.close(self._in)

    def step(self, baud: int, duration_us: int, received: bytes = b"") -> Stepped:
        """Let up to ``duration_us`` pass; ``received`` arrives as fast as a line of ``baud`` carries it."""
        answer = self._call(b"S", _STEP.pack(baud, duration_us) + received)
        passed_us, executed, waiting = _STEPPED.unpack_from(answer)
        return Stepped(passed_us, executed, waiting, answer[_STEPPED.size :])

    def read(self, address: int, size: int) -> bytes:
        """Memory."""
        return self._call(b"R", struct.pack("<II", address, size))

    def write(self, address: int, data: bytes) -> None:
        """Memory, the read-only one too."""
        self._call(b"W", struct.pack("<I", address) + data)

    def reset(self, vectors: int) -> None:
        """Reset core and peripherals; memory keeps its content. The core will start at the vector table ``vectors``."""
        self._call(b"X", struct.pack("<I", vectors))

    def core(self) -> tuple[int, int, int, bool]:
        """pc, lr, sp, and whether it is halted."""
        pc, lr, sp, halted = _CORE.unpack(self._call(b"C"))
        return pc, lr, sp, halted

    def _call(self, kind: bytes, payload: bytes = b"") -> bytes:
        deadline_s = time.monotonic() + self._timeout_s
        request = kind + struct.pack("<I", len(payload)) + payload
        while request:
            request = request[self._ready(self._out, deadline_s, kind, request) :]
        status, size = _HEAD.unpack(self._take(_HEAD.size, deadline_s, kind))
        answer = self._take(size, deadline_s, kind)
        if status:
            raise CommandRefused("Renode refused a request", where=kind.decode(), found=answer.decode(errors="replace"))
        return answer

    def _take(self, size: int, deadline_s: float, kind: bytes) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._ready(self._in, deadline_s, kind)
            parts += os.read(self._in, size - len(parts))
        return bytes(parts)

    def _ready(self, fd: int, deadline_s: float, kind: bytes, data: bytes = b"") -> int:
        """Wait until ``fd`` can be read, or takes some of ``data``; how much it took."""
        while True:
            if any(select.select([] if data else [fd], [fd] if data else [], [], LOOK_EVERY_S)):
                return os.write(fd, data) if data else 0
            self._watch()
            if time.monotonic() > deadline_s:
                raise NoAnswer("Renode does not answer", where=f"request {kind.decode()}",
                               expected=f"an answer within {self._timeout_s:g} s")  # fmt: skip

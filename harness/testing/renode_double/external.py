"""What ``harness/renode/models/HilBench.cs`` does, played: the file itself is held against this by a test that needs mono."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

_SLICE_US = 500
_BITS_PER_BYTE = 10
# Seconds of processor time, as measured.
_REQUEST_S = 20e-6
_RUN_FOR_S = 0.2e-3  # whatever it does: everything in Renode meets at its end

Pay = Callable[[float, str], None]


class Emulated(Protocol):
    """What the external needs of the board. Times in seconds; ``core`` is pc, lr, sp, halted."""

    passed_s: float
    sent: bytearray

    @property
    def executed(self) -> int:
        """Instructions since the last reset."""
        ...

    def run_for(self, duration_s: float) -> None:
        """Let virtual time pass."""
        ...

    def receive(self, byte: int) -> None:
        """A byte arrives at the serial port."""
        ...

    def read(self, address: int, size: int) -> bytes:
        """Memory."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Memory."""
        ...

    def reset(self, vectors: int) -> None:
        """Reset; the core will start at that table."""
        ...

    def core(self) -> tuple[int, int, int, bool]:
        """pc, lr, sp, halted."""
        ...


class External:
    """Serves requests until their pipe ends. ``pay`` is told what each thing would have cost in Renode."""

    def __init__(self, board: Emulated, pay: Pay) -> None:
        self._board, self._pay = board, pay
        self._waiting: deque[int] = deque()
        self._due_s = 0.0  # until the next byte is here

    def serve(self, requests: BinaryIO, answers: BinaryIO) -> None:
        """Until the end of ``requests``."""
        while head := _exactly(requests, 5):
            kind, size = struct.unpack("<cI", head)
            self._pay(_REQUEST_S, kind.decode(errors="replace"))
            payload = _exactly(requests, size)
            try:
                status, answer = 0, self._obey(kind, payload)
            except ValueError as error:
                status, answer = 1, str(error).encode()
            answers.write(struct.pack("<BI", status, len(answer)) + answer)
            answers.flush()

    def _obey(self, kind: bytes, payload: bytes) -> bytes:
        board = self._board
        match kind:
            case b"S":
                baud, duration_us = struct.unpack_from("<II", payload)
                return self._step(baud, duration_us, payload[8:])
            case b"R":
                return board.read(*struct.unpack("<II", payload))
            case b"W":
                board.write(struct.unpack_from("<I", payload)[0], payload[4:])
            case b"X":
                self._waiting.clear()
                board.reset(*struct.unpack("<I", payload))
            case b"C":
                return struct.pack("<III?", *board.core())
            case _:
                raise ValueError(f"no such request: {kind.decode(errors='replace')}")
        return b""

    def _step(self, baud: int, duration_us: int, received: bytes) -> bytes:
        board, byte_s = self._board, _BITS_PER_BYTE / baud
        if not self._waiting:
            self._due_s = byte_s
        self._waiting.extend(received)
        left_us = duration_us
        while left_us > 0 and (left_us == duration_us or self._waiting or not board.sent):
            slice_us = min(left_us, _SLICE_US)
            left_us -= slice_us
            self._pay(_RUN_FOR_S, "RunFor")
            left_s = slice_us / 1e6
            while self._waiting and self._due_s <= left_s:
                board.run_for(self._due_s)
                left_s -= self._due_s
                board.receive(self._waiting.popleft())
                self._due_s = byte_s
            board.run_for(left_s)
            self._due_s -= left_s
        answer = struct.pack("<QQI", round(board.passed_s * 1e6), board.executed, len(self._waiting)) + board.sent
        board.sent.clear()
        return answer


def open_pipes(requests: str, answers: str) -> tuple[BinaryIO, BinaryIO]:
    """The named pipes, as the external opens them."""
    return Path(requests).open("rb", buffering=0), Path(answers).open("wb", buffering=0)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = stream.read(size - len(parts))
        if not part:
            return b""
        parts += part
    return parts

"""Bytes to frames and back: COBS, CRC-32 and a push decoder that survives whatever a line does to bytes.

A frame on the line is ``COBS(type seq body crc) 00``. The decoder takes any bytes in pieces of any size, never raises
on them, and holds at most ``max_frame`` bytes. A damaged frame is data (``BadFrame``), not an exception: a receiver
that must outlive noise has to be able to count it. ``fixtures/wire/SPEC.md`` is the contract, ``frames.txt`` beside it
holds the vectors.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import MisuseError

#: type, seq and crc: what every frame carries beside its body.
OVERHEAD = 7
#: The largest unencoded frame that both sides accept before HELLO has told more.
HELLO_MAX_FRAME = 512

_HEAD = struct.Struct("<BH")
_CRC = struct.Struct("<I")


class Damage(StrEnum):
    """Why a frame was dropped. When several apply, the first in this order is given."""

    LONG = "long"  # decodes to more than max_frame bytes
    COBS = "cobs"  # the delimiter came inside a COBS group: bytes are missing
    SHORT = "short"  # decodes to fewer than 7 bytes
    CRC = "crc"


@dataclass(frozen=True)
class Frame:
    """A frame whose CRC was right. Nothing is known yet of whether ``type`` exists or ``body`` suits it."""

    type: int
    seq: int
    body: bytes


@dataclass(frozen=True)
class BadFrame:
    """A frame that was dropped; ``n_bytes`` encoded bytes (without the delimiter) went with it."""

    reason: Damage
    n_bytes: int


def cobs_encode(data: bytes) -> bytes:
    """Byte-stuff ``data`` so that it holds no 00, delimiter not added. A full group at the very end stands alone."""
    out = bytearray()
    runs = data.split(b"\0")
    for i, run in enumerate(runs):
        while len(run) > 254:
            out.append(0xFF)
            out += run[:254]
            run = run[254:]
        out.append(len(run) + 1)
        out += run
        # A group of 254 implies no 00 behind it, so the 00 that did follow needs a group of its own.
        if len(run) == 254 and i + 1 < len(runs):
            out.append(1)
    return bytes(out)


def cobs_encoded_len(n_bytes: int) -> int:
    """The most bytes that ``n_bytes`` can take when stuffed, without the delimiter."""
    return n_bytes + n_bytes // 254 + 1


def encode_frame(type_: int, seq: int, body: bytes = b"") -> bytes:
    """The bytes to put on the line for one frame, delimiter included. ``seq`` is taken modulo 65536."""
    if not 0 <= type_ <= 0xFF:
        raise MisuseError("a frame type is one byte", expected="0..255", found=type_)
    raw = _HEAD.pack(type_, seq & 0xFFFF) + body
    return cobs_encode(raw + _CRC.pack(zlib.crc32(raw))) + b"\0"


class FrameDecoder:
    """Push decoder: give it bytes as they come, get the frames that ended in them, good and bad, in order.

    Memory is bounded by ``max_frame`` (unencoded bytes, type to crc), which may be changed between calls.
    """

    def __init__(self, max_frame: int = HELLO_MAX_FRAME) -> None:
        self.max_frame = max_frame
        self._decoded = bytearray()
        self.reset()

    def reset(self) -> None:
        """Forget a frame begun."""
        self._decoded.clear()
        self._n_encoded = 0  # bytes of this frame so far
        self._left = 0  # bytes the current group still wants
        self._zero_due = False  # the current group ends in a 00, if another group follows
        self._too_long = False

    @property
    def buffered(self) -> int:
        """Bytes held of a frame that has not ended yet."""
        return len(self._decoded)

    def push(self, data: bytes) -> list[Frame | BadFrame]:
        """Take any bytes. Never raises because of them."""
        events: list[Frame | BadFrame] = []
        pieces = data.split(b"\0")
        for piece in pieces[:-1]:
            self._take(piece)
            event = self._end()
            if event is not None:
                events.append(event)
        self._take(pieces[-1])
        return events

    def _take(self, piece: bytes) -> None:
        """Bytes without a 00, inside one frame."""
        self._n_encoded += len(piece)
        at = 0
        while at < len(piece) and not self._too_long:
            if self._left:
                part = piece[at : at + self._left]
                self._store(part)
                self._left -= len(part)
                at += len(part)
                continue
            code = piece[at]
            at += 1
            if self._zero_due:
                self._store(b"\0")
            self._left = code - 1
            self._zero_due = code != 0xFF

    def _store(self, part: bytes) -> None:
        if len(self._decoded) + len(part) > self.max_frame:
            self._too_long = True
            self._decoded.clear()
        else:
            self._decoded += part

    def _end(self) -> Frame | BadFrame | None:
        """A delimiter: what was the frame before it? None for no bytes at all, which is silence."""
        n_bytes, left, too_long, raw = self._n_encoded, self._left, self._too_long, bytes(self._decoded)
        self.reset()
        if n_bytes == 0:
            return None
        if too_long:
            return BadFrame(Damage.LONG, n_bytes)
        if left:
            return BadFrame(Damage.COBS, n_bytes)
        if len(raw) < OVERHEAD:
            return BadFrame(Damage.SHORT, n_bytes)
        if zlib.crc32(raw[:-4]) != _CRC.unpack_from(raw, len(raw) - 4)[0]:
            return BadFrame(Damage.CRC, n_bytes)
        type_, seq = _HEAD.unpack_from(raw)
        return Frame(type_, seq, raw[3:-4])

"""Messages in frames: what is long travels in pieces, so that no channel keeps another waiting. No input or output here.

A frame is ``a7``, the channel, flags (1: more of this message follows), the length of the piece as 32 bits, and the piece.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from harness.errors import HostError
from harness.text import printable

#: So much of one message at a time: a few milliseconds of a slow network.
PIECE_BYTES: Final = 16 * 1024
#: No message is longer: the largest is a firmware's ELF.
MOST_BYTES: Final = 64 * 1024 * 1024
_HEAD = struct.Struct(">BBBI")
_MARK: Final = 0xA7
_MORE: Final = 1
_SHOWN: Final = 200


def pieces(channel: int, message: bytes) -> Iterator[bytes]:
    """The frames of one message."""
    for at in range(0, max(1, len(message)), PIECE_BYTES):
        piece = message[at : at + PIECE_BYTES]
        more = at + PIECE_BYTES < len(message)
        yield _HEAD.pack(_MARK, channel, _MORE if more else 0, len(piece)) + piece


class Assembler:
    """Makes messages of what comes, in whatever portions. ``where`` names the stream in errors."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._bytes = bytearray()
        self._begun: dict[int, bytearray] = {}

    def push(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The messages that are whole now, each with its channel. ``HostError`` for what is no frame."""
        self._bytes += data
        while len(self._bytes) >= _HEAD.size:
            mark, channel, flags, n_bytes = _HEAD.unpack_from(self._bytes)
            if mark != _MARK or flags & ~_MORE or n_bytes > PIECE_BYTES:
                raise self._garbage(bytes(self._bytes[:_SHOWN]))
            if len(self._bytes) < _HEAD.size + n_bytes:
                return
            message = self._begun.setdefault(channel, bytearray())
            message += self._bytes[_HEAD.size : _HEAD.size + n_bytes]
            del self._bytes[: _HEAD.size + n_bytes]
            if len(message) > MOST_BYTES:
                raise self._garbage(bytes(message[:_SHOWN]))
            if not flags & _MORE:
                yield channel, bytes(self._begun.pop(channel))

    def _garbage(self, data: bytes) -> HostError:
        return HostError(
            "what comes over the connection is not what the other end says",
            where=self._where,
            expected="frames of hil's unit server",
            found=repr(printable(data.decode("utf-8", "backslashreplace"))),
            next_step="something there prints into the connection: look at the shell's start-up files of that account",
        )

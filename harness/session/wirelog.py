"""``--wire-log``: every byte of a case with its direction and time, for ``hil wire-dump``.

The file is a stream of records, each ``direction:u8 length:u16 time:f64 data``, little endian, behind eight bytes of magic.
``direction`` is 0 for bytes to the board and 1 for bytes from it, ``time`` the harness's monotonic clock in seconds when
the transport took or gave them. A file that ends in mid-record was cut off there and is good up to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from harness.errors import HostError, MisuseError

FILENAME: Final = "wire.log"
MAGIC: Final = b"HILWIRE1"
_HEAD = struct.Struct("<BHd")
_LONGEST: Final = 0xFFFF


@dataclass(frozen=True)
class Piece:
    """Bytes that moved at once. ``to_board`` is their direction, ``time_s`` on the harness's monotonic clock."""

    to_board: bool
    time_s: float
    data: bytes


class WireLog:
    """Writes one; an object of it is a ``Tap`` for the session."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("wb")
            self._file.write(MAGIC)
        except OSError as error:
            raise HostError("the wire log cannot be written", where=str(path), found=error) from error

    def __call__(self, direction: str, data: bytes, time_s: float) -> None:
        """``direction`` "tx" is to the board. BenchError when the disk refuses."""
        try:
            for at in range(0, len(data), _LONGEST):
                part = data[at : at + _LONGEST]
                self._file.write(_HEAD.pack(direction != "tx", len(part), time_s) + part)
        except OSError as error:
            raise self._disk(error) from error

    def close(self) -> None:
        """Hand over what is buffered. May be called again. BenchError when the disk refuses."""
        try:
            self._file.close()
        except OSError as error:
            raise self._disk(error) from error

    def _disk(self, error: OSError) -> HostError:
        return HostError(
            "the wire log cannot be written", where=self._file.name, found=error, next_step="check the disk"
        )


def read(path: Path) -> Iterator[Piece]:
    """The pieces of a file in order. MisuseError when it is none."""
    if path.exists() and not path.is_file():  # a fifo would be waited for without end
        raise MisuseError("the wire log cannot be read", where=str(path), found="not a regular file")
    try:
        file = path.open("rb")
    except OSError as error:
        raise MisuseError("the wire log cannot be read", where=str(path), found=error) from error
    with file:
        magic = file.read(len(MAGIC))
        if magic != MAGIC:
            raise MisuseError("this is no wire log", where=str(path), expected=MAGIC, found=magic)
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            from_board, length, time_s = _HEAD.unpack(head)
            data = file.read(length)
            yield Piece(not from_board, time_s, data)
            if len(data) < length:
                return

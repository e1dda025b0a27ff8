"""Bytes between the host's end of the line and QEMU's serial port, and the way round its deafness.

QEMU's model takes one byte; it asks for the next only when QEMU's main loop comes round, and nothing tells the loop that the
firmware has read the first. Bytes for another port make it come round: they are dropped, as that port's receiver is off.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios

#: More than this is left in the system's buffer of the host's end: that is the line's flow control.
LIMIT = 16 * 1024
_WAKE = bytes(64)
_ENOUGH = 16 * 1024


class Pump:
    """``wire`` is the board's port, ``wake`` another one; None where QEMU hears by itself."""

    def __init__(self, wire: socket.socket, wake: socket.socket | None) -> None:
        self._wire, self._wake = wire, wake
        for end in (wire, wake):
            if end is not None:
                end.setblocking(False)
        self._waiting = bytearray()

    @property
    def room(self) -> bool:
        """Whether more may be put in."""
        return len(self._waiting) < LIMIT

    @property
    def busy(self) -> bool:
        """Whether bytes are still on their way to the firmware."""
        return bool(self._waiting) or _unread(self._wire) > 0

    def put(self, data: bytes) -> None:
        """From the host."""
        self._waiting += data

    def drop(self) -> None:
        """Forget what was not yet handed over."""
        self._waiting.clear()

    def turn(self) -> None:
        """Hand over what QEMU takes and wake it while it has not taken all. ``OSError`` when it is gone."""
        if self._waiting:
            try:
                done = self._wire.send(self._waiting)
            except BlockingIOError:
                done = 0
            del self._waiting[:done]
        if self._wake is not None and _unread(self._wire) and _unread(self._wake) < _ENOUGH:
            try:
                self._wake.send(_WAKE)
            except BlockingIOError:
                pass

    def take(self) -> bytes | None:
        """What the board sent; None when QEMU has hung up."""
        try:
            return self._wire.recv(1 << 16) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None


def _unread(end: socket.socket) -> int:
    """What of the bytes that were sent the other side has not read: in the kernel's own measure, 0 when all is read."""
    (count,) = struct.unpack("i", fcntl.ioctl(end.fileno(), termios.TIOCOUTQ, bytes(4)))
    return int(count)

"""The unit's serial port: a pseudo terminal whose other end any serial program opens by path.

The baud rate that the host set is visible on our side of the terminal. When it differs from the firmware's by more
than a UART tolerates, bytes arrive garbled with framing errors in both directions, always in the same way.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
import tty

from harness.virtual.host.tamper import Tamper

_TOLERANCE = 0.03
_BACKLOG = 1 << 20
_TCGETS2 = 0x802C542A  # Linux: termios2, the only call that tells non-standard rates
_FRAMING_ERROR = 0x100


def host_baud(fd: int) -> int:
    """Bits per second that the host set on the terminal ``fd``; 0 if it cannot be told."""
    if sys.platform == "linux":
        try:
            raw = fcntl.ioctl(fd, _TCGETS2, bytes(44))
            return int(struct.unpack_from("<I", raw, 40)[0])
        except OSError:
            return 0
    speed = termios.tcgetattr(fd)[5]
    return int(speed)


def garble(byte: int) -> int:
    """What a receiver at another rate makes of a byte: some other value."""
    return (byte * 167 + 91) & 0xFF


class SerialPort:
    """``path`` is what the host opens; ``read`` takes what it sent, ``send`` collects answers, ``flush`` hands over."""

    def __init__(self) -> None:
        self.master, self._slave = os.openpty()
        # Keeping our own descriptor of the host's side open lets the host close and open the port at will.
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self.to_board, self.to_host = Tamper(), Tamper()
        self._out = bytearray()
        self._waiting = bytearray()
        self._board_baud = 0
        self._rates = {0: 0}
        self.bytes_in = self.bytes_out = self.bytes_lost = 0
        self._apart: tuple[int, int] | None = None

    def close(self) -> None:
        """Close both ends: the host reads an error from now on."""
        os.close(self.master)
        os.close(self._slave)

    def _matches(self, board_baud: int) -> bool:
        host = host_baud(self.master)
        same = not host or not board_baud or abs(host - board_baud) <= _TOLERANCE * board_baud
        self._apart = None if same else (board_baud, host)
        return same

    @property
    def hints(self) -> list[str]:
        """What may explain that nothing arrives: the two sides' rates, if they did not match when a byte last went by."""
        if self._apart is None:
            return []
        board, host = self._apart
        return [f"the board's UART is at {board} baud, the host's port at {host}"]

    def read(self, board_baud: int) -> list[int] | bytes:
        """Bytes from the host; values above 255 carry a framing error."""
        try:
            data = os.read(self.master, 4096)
        except (BlockingIOError, OSError):
            return b""
        self.bytes_in += len(data)
        data = self.to_board.apply(data)
        if self._matches(board_baud):
            return data
        return [garble(byte) | _FRAMING_ERROR for byte in data]

    def send(self, byte: int, board_baud: int) -> None:
        """A byte leaves the board at ``board_baud``."""
        if board_baud != self._board_baud:
            self._seal()
            self._board_baud = board_baud
        self._out.append(byte)

    def _seal(self) -> None:
        """Judge what was collected at one rate against the host's rate."""
        if self._out:
            data = bytes(self._out)
            self._out.clear()
            if not self._matches(self._board_baud):
                data = bytes(map(garble, data))
            self._waiting += self.to_host.apply(data)

    def flush(self, *, keep_last: bool = False) -> bool:
        """Hand over what was collected. True if some of it must wait because the host does not read.

        ``keep_last`` keeps the last byte back: it has not left the chip's shift register yet.
        """
        if self._out:
            self._seal()
        ready = len(self._waiting) - keep_last
        if ready <= 0:
            return False
        try:
            done = os.write(self.master, self._waiting[:ready])
        except BlockingIOError:
            done = 0
        except OSError:
            done = ready
        self.bytes_out += done
        del self._waiting[:done]
        if len(self._waiting) > _BACKLOG:
            self.bytes_lost += len(self._waiting) - _BACKLOG
            del self._waiting[:-_BACKLOG]
        return done < ready

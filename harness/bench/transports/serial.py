"""A serial port of this machine: a board's virtual COM port, an adapter, or the pty of a virtual board."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import serial

from harness.bench.transports._fd import FdTransport, hung_up
from harness.bench.transports._threaded import ThreadedSerial
from harness.errors import BenchError, HostError, TakenError

SCHEMES = ("",)

#: Every board's safe rate; the wire climbs from there.
DEFAULT_BAUD = 115_200

_ERRORS: tuple[type[Exception], ...] = (OSError, ValueError, serial.SerialException)
if sys.platform != "win32":
    import termios

    # It is no OSError; pyserial lets it through in places.
    _ERRORS = (*_ERRORS, termios.error)


class SerialTransport(FdTransport):
    """A port, raw 8N1, held by us alone while it is open."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        super().__init__(str(port.port), port.fileno(), port.fileno())

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return int(self._port.baudrate)

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        self._check()
        try:
            # Writes go straight to the descriptor, so the system's buffer must drain at the old speed first.
            self._port.flush()
            self._port.baudrate = baud
        except _ERRORS as error:
            raise BenchError(
                "the serial port cannot be set to this speed", where=self.name, expected=f"{baud} baud", found=error
            ) from error

    def _ended(self) -> bool:
        # A terminal reads as no bytes when there are none yet, too.
        return hung_up(self._read_fd)

    def _release(self) -> None:
        try:
            # Nothing that the board no longer takes may keep the close waiting.
            self._port.reset_output_buffer()
        except _ERRORS:
            pass
        try:
            self._port.close()
        except _ERRORS:
            pass


def open_(address: str, baud: int | None, *, by_threads: bool = os.name == "nt") -> SerialTransport | ThreadedSerial:
    """Open the port exclusively. BenchError for one that is missing, busy (naming the holder) or forbidden.

    ``by_threads``: without a descriptor to wait on, as on Windows.
    """
    try:
        port = serial.Serial(address, baud or DEFAULT_BAUD, timeout=0, write_timeout=0, exclusive=True)
    except _ERRORS as error:
        raise _why_not(address, error) from error
    try:
        # FTDI adapters hold bytes back for 16 ms otherwise; others do not know the request.
        port.set_low_latency_mode(True)
    except (AttributeError, NotImplementedError, OSError, ValueError):
        pass
    return ThreadedSerial(port) if by_threads else SerialTransport(port)


def _why_not(address: str, error: Exception) -> BenchError:
    number = getattr(error, "errno", None)
    # On Windows pyserial tells the system's error only as text: access is denied where another program has the port.
    if "FileNotFoundError" in str(error):
        number = errno.ENOENT
    elif "PermissionError" in str(error):
        number = errno.EBUSY
    if number in (errno.EAGAIN, errno.EBUSY, errno.EWOULDBLOCK):
        holder = find_holder(address)
        return TakenError(
            "the serial port is busy",
            where=address,
            found=f"held by {holder}" if holder else "its holder cannot be seen from this account",
            next_step="end that program (a terminal, an IDE, another test run)"
            + (f"; look with: fuser -v {address}" if os.name == "posix" else ""),
        )
    if number == errno.EACCES:
        return HostError(
            "this account may not open the serial port",
            where=address,
            next_step="sudo usermod -aG dialout $USER and log in anew (or install a udev rule for the adapter)",
        )
    if number == errno.ENOENT:
        return BenchError("there is no such serial port", where=address, next_step="plug the board in; `hil units`")
    return BenchError("the serial port cannot be opened", where=address, found=error, next_step="`hil doctor`")


def find_holder(address: str) -> str | None:
    """Who has the port open, as ``name (pid n)``; None when /proc does not tell."""
    wanted = os.path.realpath(address)
    for process in sorted(Path("/proc").glob("[0-9]*")):
        try:
            held = any(os.path.realpath(fd) == wanted for fd in (process / "fd").iterdir())
            if held:
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue  # ended meanwhile, or another account's
    return None

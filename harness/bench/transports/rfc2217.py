"""A serial port of another machine, speed included: ``rfc2217://host:port``.

Slow per round trip with some servers; prefer ``socket://`` where the speed need not change.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

import serial

from harness.clock import Deadline, SystemClock
from harness.errors import BenchError, MisuseError

SCHEMES = ("rfc2217://",)

T = TypeVar("T")


class Rfc2217Transport:
    """Keeps the Transport contract over pyserial's client, which has a reader thread and no descriptor to wait on."""

    def __init__(self, name: str, port: serial.Serial) -> None:
        self._name = name
        self._port = port
        self._peeked = b""  # a byte that ``wait`` had to take to know that there was one
        self._ended = False
        self._closed = False

    @property
    def name(self) -> str:
        """See Transport."""
        return self._name

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return int(self._port.baudrate)

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See Transport."""
        self._check()
        if max_bytes <= 0:
            return b""
        if not self._peeked:
            self.wait(timeout_s, to_write=False)
        data, self._peeked = self._peeked, b""
        if data:
            data += self._ask(lambda: self._take(max_bytes - len(data)))
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        self._check()
        self._ask(lambda: self._port.write(data))
        return len(data)

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport. Writing never has to wait here: the client's socket blocks instead."""
        self._check()
        if self._peeked or to_write:
            return

        def peek() -> bytes:
            # The public attribute would negotiate every parameter anew over the network: 0.3 s for each read.
            vars(self._port)["_timeout"] = max(0.0, timeout_s)
            deadline = Deadline.after(SystemClock(), timeout_s)
            there = self._port.in_waiting
            data = bytes(self._port.read(1))
            # When the server has gone pyserial's reader ends one read early and is found dead only some time later.
            self._ended = self._ended or not (data or (deadline.passed and not there))
            if self._ended and not data:
                raise serial.SerialException("the server has closed the connection")
            return data

        self._peeked = self._ask(peek)

    def _take(self, n_bytes: int) -> bytes:
        """What is there. One byte at a time: of more, pyserial would not tell whether the mark of the end was among them."""
        data = b""
        while len(data) < n_bytes and self._port.in_waiting and not self._ended:
            byte = bytes(self._port.read(1))
            self._ended = not byte
            data += byte
        return data

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        self._check()

        def change() -> bytes:
            self._port.flush()
            self._port.baudrate = baud
            return b""

        self._ask(change)

    def close(self) -> None:
        """See Transport."""
        if not self._closed:
            self._closed = True
            try:
                self._port.close()
            except (OSError, serial.SerialException):
                pass

    def _check(self) -> None:
        if self._closed:
            raise MisuseError("the transport was closed", where=self._name)

    def _ask(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except (OSError, ValueError, serial.SerialException) as error:
            raise BenchError(
                "the line to the unit is gone",
                where=self._name,
                found=error,
                next_step="check the server, its cable and power, then `hil units`",
            ) from error


def open_(address: str, baud: int | None) -> Rfc2217Transport:
    """Connect and set the speed. BenchError when nobody answers or the server refuses."""
    try:
        with warnings.catch_warnings():
            # pyserial's client still starts its thread the old way.
            warnings.simplefilter("ignore", DeprecationWarning)
            port = serial.serial_for_url(address, baudrate=baud or 115_200, timeout=0)
    except (OSError, ValueError, serial.SerialException) as error:
        raise BenchError(
            "the remote serial port cannot be opened", where=address, found=error, next_step="is ser2net running there?"
        ) from error
    return Rfc2217Transport(address, port)

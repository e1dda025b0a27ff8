"""A serial port where the system gives no descriptor to wait on: two threads, one that reads and one that writes.

That is Windows, whose ports cannot be polled beside anything else. Everything goes through pyserial's documented calls, so it
runs wherever pyserial does, and its tests run here.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import serial

from harness.errors import BenchError, MisuseError

#: How long a read lasts that nothing comes for. Closing does not wait for it: it is cancelled.
_READ_S = 0.5
#: Taken at once and not on the line yet. A board's buffer is smaller, so more would only wait elsewhere.
_ROOM_BYTES = 4096
#: A piece of this size is with the driver until the last of it has left: 22 ms at 115200 baud.
_PIECE_BYTES = 256
_END_S = 2.0

ERRORS: tuple[type[Exception], ...] = (OSError, ValueError, TypeError, AttributeError, serial.SerialException)


class ThreadedSerial:
    """Keeps the Transport contract over an open ``serial.Serial``, which is its own from now on."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._name = str(port.port)
        port.timeout, port.write_timeout = _READ_S, None
        self._changed = threading.Condition()  # guards everything below
        self._received = bytearray()
        self._to_send = bytearray()
        self._sending = False
        self._gone: str | None = None
        self._closed = False
        self._threads = [
            threading.Thread(target=work, name=f"{self._name} {verb}", daemon=True)
            for verb, work in (("reads", self._read_on), ("writes", self._write_on))
        ]
        for thread in self._threads:
            thread.start()

    # -- the two threads ------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        while not self._closed:
            try:
                # One byte ends the wait; what came with it is there already.
                data = self._port.read(1)
                data += self._port.read(self._port.in_waiting) if data else b""
            except ERRORS as error:
                self._lose(error)
                return
            if data:
                with self._changed:
                    self._received += data
                    self._changed.notify_all()

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._to_send or self._closed or self._gone)
                if self._closed or self._gone:
                    return
                piece = bytes(self._to_send[:_PIECE_BYTES])
                self._sending = True
            try:
                self._port.write(piece)
            except ERRORS as error:
                self._lose(error)
                return
            with self._changed:
                del self._to_send[: len(piece)]
                self._sending = False
                self._changed.notify_all()

    def _lose(self, error: Exception) -> None:
        with self._changed:
            # A call that was cancelled because of ``close`` may end in any error.
            if not self._closed and self._gone is None:
                self._gone = str(error)
            self._sending = False
            self._changed.notify_all()

    # -- the contract ---------------------------------------------------------------------------------------------

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
        with self._changed:
            self._check_open()
            self._changed.wait_for(lambda: self._received or self._gone, max(0.0, timeout_s))
            data = bytes(self._received[:max_bytes])
            del self._received[:max_bytes]
            if not data and max_bytes:
                self._check_there()
            return data

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        with self._changed:
            self._check_open()
            self._changed.wait_for(lambda: self._room() > 0 or self._gone, max(0.0, timeout_s))
            self._check_there()
            taken = data[: max(0, self._room())]
            self._to_send += taken
            self._changed.notify_all()
            return len(taken)

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport."""
        with self._changed:
            self._check_open()
            self._changed.wait_for(
                lambda: self._received or self._gone or (to_write and self._room() > 0), max(0.0, timeout_s)
            )

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        with self._changed:
            self._check_open()
            self._changed.wait_for(lambda: not (self._to_send or self._sending) or self._gone)
            self._check_there()
        try:
            self._port.flush()
            self._port.baudrate = baud
        except ERRORS as error:
            raise BenchError(
                "the serial port cannot be set to this speed", where=self.name, expected=f"{baud} baud", found=error
            ) from error

    def close(self) -> None:
        """See Transport."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        deadline_s = time.monotonic() + _END_S
        for thread in self._threads:
            # A call may begin between a cancel and the join: cancelled again until the thread has ended.
            while thread.is_alive() and time.monotonic() < deadline_s:
                self._cancel()
                thread.join(0.02)
        try:
            self._port.close()
        except ERRORS:
            pass

    def _cancel(self) -> None:
        for call in (self._port.cancel_read, self._port.cancel_write):
            try:
                call()
            except ERRORS:
                pass

    def _room(self) -> int:
        return _ROOM_BYTES - len(self._to_send)

    def _check_open(self) -> None:
        if self._closed:
            raise MisuseError("the transport was closed", where=self._name)

    def _check_there(self) -> None:
        if self._gone is not None:
            raise BenchError(
                "the line to the unit is gone",
                where=self._name,
                found=self._gone,
                next_step="check cable and power, then `hil units`",
            )

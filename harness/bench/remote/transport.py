"""The port of a unit on another host, byte by byte. Bytes travel only while somebody asks for them, and no more than fit.

A session with the board is better carried out beside it (``harness.session.elsewhere``): there no network lies between a question
and its time-out.
"""

from __future__ import annotations

import threading
from typing import Final

from harness.bench.remote.calls import PORT
from harness.bench.remote.connection import Connection
from harness.bench.transports import Transport
from harness.errors import BenchError, MisuseError

#: Bytes that may be under way towards each end.
CREDIT: Final = 64 * 1024


class RemoteTransport:
    """Keeps the Transport contract. Does not own the connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        opened = connection.is_open
        self._name = f"{connection.host}:{opened.port}"
        self._baud = opened.baud
        self._changed = threading.Condition()
        self._arrived = bytearray()
        self._read = 0  # bytes read since the last credit was given
        self._written = 0  # bytes, ever
        self._room = CREDIT
        self._asked = self._closed = False
        self._gone: BenchError | None = None
        connection.on_port = self._take

    @property
    def name(self) -> str:
        """See Transport: with the host before it."""
        return self._name

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return self._baud

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See Transport."""
        self._begin()
        with self._changed:
            if timeout_s > 0:
                self._changed.wait_for(lambda: self._arrived or self._gone, timeout_s)
            data = bytes(self._arrived[:max_bytes])
            del self._arrived[: len(data)]
            self._read += len(data)
            credit = self._read if self._read >= CREDIT // 2 else 0
            self._read -= credit
            if not data and self._gone is not None:
                raise self._line_gone()
        if credit:
            self._say({"credit": credit})
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        self._begin()
        with self._changed:
            if timeout_s > 0:
                self._changed.wait_for(lambda: self._room > 0 or self._gone, timeout_s)
            if self._gone is not None:
                raise self._line_gone()
            taken = data[: self._room]
            self._room -= len(taken)
            self._written += len(taken)
        if taken:
            self._connection.calls.say(PORT, b"\0" + taken)
        return len(taken)

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport."""
        self._begin()
        with self._changed:
            self._changed.wait_for(
                lambda: self._arrived or self._gone or (to_write and self._room > 0), max(0.0, timeout_s)
            )

    def set_baud(self, baud: int) -> None:
        """See Transport: what was taken before has left there when this returns."""
        self._begin()
        if self._baud is None:
            raise MisuseError("the speed of this line is not set from here", where=self._name, found=baud)
        # Bytes and verbs travel on channels of their own: it is said how many bytes go before this one.
        self._connection.calls.call("port.baud", baud=baud, after=self._written)
        self._baud = baud

    def reopen(self) -> None:
        """The port again, perhaps under another name. ``BenchError`` when it stays away."""
        told, _ = self._connection.calls.call("port.reopen")
        with self._changed:
            self._gone, self._room, self._written = None, CREDIT, 0
            self._arrived.clear()
            self._asked, self._read = False, 0
        self.moved(told["port"], told["baud"])

    def moved(self, port: str, baud: int | None) -> None:
        """The port is another one now."""
        self._name, self._baud = f"{self._connection.host}:{port}", baud

    def close(self) -> None:
        """See Transport."""
        self._closed = True

    # -- inside --------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._closed:
            raise MisuseError("the transport was closed", where=self._name)
        if not self._asked:
            self._asked = True
            self._say({"credit": CREDIT})

    def _say(self, told: dict[str, int]) -> None:
        self._connection.calls.say(PORT, b"\1" + told["credit"].to_bytes(4, "big"))

    def _take(self, message: bytes) -> None:
        """From the reader's thread: bytes, room for more, or the end of the line; empty: of the connection."""
        with self._changed:
            if not message:
                self._gone = self._gone or self._connection.lost()
            elif message[0] == 0:
                self._arrived += message[1:]
            elif message[0] == 1:
                self._room += int.from_bytes(message[1:], "big")
            else:
                self._gone = BenchError(
                    "the line to the unit is gone",
                    found=message[1:].decode("utf-8", "replace"),
                    next_step="check cable and power there, then `hil units`",
                )
            self._changed.notify_all()

    def _line_gone(self) -> BenchError:
        assert self._gone is not None
        gone = self._gone
        return BenchError(gone.what, where=self._name, found=gone.found, next_step=gone.next_step)


def _keeps_the_contract(transport: RemoteTransport) -> Transport:
    return transport

"""How a probe plug-in or a test talks to a running unit: a compact binary protocol over a Unix socket.

    message  = length:u32 body                       (both ways; length counts the body)
    request  = kind:u8 payload                       kind 1: debug port operations, kind 2: control (JSON)
    reply    = status:u8 payload                     status 0 ok, 1 FAULT, 2 refused (payload: text)
    operation = code:u8 address:u32 value:u32 [data]  value is the count of words for blocks; data follows a block write

A batch of operations is carried out in order; replies of reads are concatenated. At a FAULT the rest is dropped and the
reply holds what was read before it. All integers are little endian.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

DEBUG_PORT, CONTROL = 1, 2
OK, FAULT, REFUSED = 0, 1, 2
READ_DP, WRITE_DP, READ_AP, WRITE_AP, READ_AP_BLOCK, WRITE_AP_BLOCK, SET_RESET = range(1, 8)

OPERATION = struct.Struct("<BII")
_LENGTH = struct.Struct("<I")
LARGEST = 16 * 1024 * 1024


class LinkDown(Exception):
    """The unit does not answer: its process died, or the deadline passed."""


class Connection:
    """The client's side. Every call has a deadline; after ``LinkDown`` the connection is closed for good."""

    def __init__(self, path: str, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(path)
        except OSError as error:
            self.close()
            raise LinkDown(f"the unit's process is gone ({error.strerror or error})") from error

    def close(self) -> None:
        """Close; harmless when closed already."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def call(self, kind: int, payload: bytes) -> tuple[int, bytes]:
        """Send a request and wait for its reply: (status, payload). ``LinkDown`` when none comes in time."""
        if self._socket is None:
            raise LinkDown("the connection to the unit is closed")
        deadline = time.monotonic() + self._timeout_s
        try:
            self._socket.settimeout(self._timeout_s)
            self._socket.sendall(_LENGTH.pack(len(payload) + 1) + bytes((kind,)) + payload)
            (length,) = _LENGTH.unpack(self._receive(4, deadline))
            body = self._receive(length, deadline)
        except TimeoutError as error:
            self.close()
            raise LinkDown(f"the unit did not answer within {self._timeout_s:g} s") from error
        except OSError as error:
            self.close()
            raise LinkDown(f"the unit's process is gone ({error.strerror or error})") from error
        return body[0], body[1:]

    def _receive(self, size: int, deadline: float) -> bytes:
        assert self._socket is not None
        parts = bytearray()
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            part = self._socket.recv(size - len(parts))
            if not part:
                raise ConnectionResetError("it closed the connection")
            parts += part
        return bytes(parts)

    def control(self, command: str, **arguments: Any) -> dict[str, Any]:
        """A control command (see ``control``). ``ValueError`` when the unit refuses it."""
        status, reply = self.call(CONTROL, json.dumps({"command": command, **arguments}).encode())
        if status != OK:
            raise ValueError(reply.decode())
        answer: dict[str, Any] = json.loads(reply)
        return answer


class Inbox:
    """The server's side of a stream: collects bytes, yields whole requests."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes; return the bodies that are now complete. ``ValueError`` if the peer talks nonsense."""
        self._data += data
        bodies = []
        while len(self._data) >= 4:
            (length,) = _LENGTH.unpack_from(self._data)
            if not 1 <= length <= LARGEST:
                raise ValueError(f"message of {length} bytes")
            if len(self._data) < 4 + length:
                break
            bodies.append(bytes(self._data[4 : 4 + length]))
            del self._data[: 4 + length]
        return bodies


def reply(status: int, payload: bytes) -> bytes:
    """A framed reply."""
    return _LENGTH.pack(len(payload) + 1) + bytes((status,)) + payload

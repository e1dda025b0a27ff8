"""The remote protocol of gdb, as far as a unit needs it: QEMU's stub is the debug probe here.

``Packets`` is pure: bytes in, payloads out. ``Stub`` is a dialogue over a socket in which every answer has a deadline.

    packet = '$' payload '#' checksum          checksum: sum of the bytes between, modulo 256, two hexadecimal digits
    in a payload: '}' and the next byte xor 0x20; '*' and a byte n: the byte before it again, n - 29 times
"""

from __future__ import annotations

import re
import socket
import time

from harness.errors import BenchError, HilError

INTERRUPT = b"\x03"
#: Bytes of memory in one packet: QEMU takes packets of 4 KiB, of two digits a byte.
BLOCK = 1024
_TIMEOUT_S = 10.0
_LARGEST = 1 << 20


class StubGone(HilError):
    """Nobody answers any more: after it the connection is of no use."""


def packet(payload: bytes) -> bytes:
    """A payload as it travels. It must have none of ``$ # } *``, which nothing that we send has."""
    return b"$" + payload + b"#%02x" % (sum(payload) % 256)


class Packets:
    """What came in, taken apart. Acknowledgements and whatever stands between packets are passed over."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that are complete now. ``ValueError`` for a checksum that is wrong or a packet without end."""
        self._data += data
        found: list[bytes] = []
        while True:
            start = self._data.find(b"$")
            end = self._data.find(b"#", start + 1)
            if start < 0:
                self._data.clear()
                return found
            if end < 0 or len(self._data) < end + 3:
                if len(self._data) - start > _LARGEST:
                    raise ValueError(f"a packet of more than {_LARGEST} bytes")
                return found
            body, check = bytes(self._data[start + 1 : end]), bytes(self._data[end + 1 : end + 3])
            del self._data[: end + 3]
            if not re.fullmatch(rb"[0-9a-fA-F]{2}", check) or int(check, 16) != sum(body) % 256:
                raise ValueError(f"checksum {check!r} of a packet of {len(body)} bytes")
            found.append(_plain(body))


def _plain(body: bytes) -> bytes:
    plain = bytearray()
    at = 0
    while at < len(body):
        byte = body[at]
        if byte in b"}*" and at + 1 == len(body):
            raise ValueError("a packet that ends inside an escape")
        if byte == ord("}"):
            plain.append(body[at + 1] ^ 0x20)
        elif byte == ord("*"):
            if not plain or body[at + 1] < 29:
                raise ValueError("a repetition of nothing")
            plain += plain[-1:] * (body[at + 1] - 29)
        else:
            plain.append(byte)
        at += 2 if byte in b"}*" else 1
    return bytes(plain)


class Stub:
    """The stub of a stopped QEMU (``-S``). After ``StubGone`` it is at its end.

    ``greet`` comes first. Memory and registers can only be asked while the core is stopped: the stub stops it at whatever it
    hears.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._packets = Packets()
        self._waiting: list[bytes] = []
        self.running = False

    def greet(self) -> None:
        """Wait until it answers; from then on no packet is acknowledged."""
        self._ask(b"QStartNoAckMode", acknowledge=True)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def go(self) -> None:
        """Let the core run."""
        if not self.running:
            self._send(packet(b"c"))
            self.running = True

    def stop(self) -> None:
        """Stop the core where it is."""
        if self.running:
            self._send(INTERRUPT)
            self._answer("stop")
            self.running = False

    def read(self, address: int, size: int) -> bytes:
        """Memory. ``BenchError`` where there is none."""
        parts = []
        for at in range(address, address + size, BLOCK):
            count = min(BLOCK, address + size - at)
            parts.append(_memory(self._ask(b"m%x,%x" % (at, count)), at, count))
        return b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        """Memory, read-only for the core or not. ``BenchError`` where there is none."""
        for at in range(0, len(data), BLOCK):
            part = data[at : at + BLOCK]
            answer = self._ask(b"M%x,%x:%s" % (address + at, len(part), part.hex().encode()))
            if answer != b"OK":
                raise BenchError(
                    "QEMU does not write memory", where=f"address {address + at:#010x}", found=_text(answer)
                )

    def register(self, number: int) -> int:
        """A core register by its number in gdb: 13 is sp, 14 lr, 15 pc."""
        answer = self._ask(b"p%x" % number)
        if not re.fullmatch(rb"[0-9a-f]{8}", answer):
            raise BenchError("QEMU does not tell a register", where=f"register {number}", found=_text(answer))
        return int.from_bytes(bytes.fromhex(answer.decode()), "little")

    def monitor(self, command: str) -> str:
        """A command of QEMU's own monitor; what it printed."""
        said = b""
        self._send(packet(b"qRcmd," + command.encode().hex().encode()))
        while True:
            answer = self._answer(command)
            if answer == b"OK":
                return said.decode(errors="replace")
            if not re.fullmatch(rb"O([0-9a-f]{2})*", answer):
                raise BenchError("QEMU refused a monitor command", where=command, found=_text(answer))
            said += bytes.fromhex(answer[1:].decode())

    def _ask(self, request: bytes, *, acknowledge: bool = False) -> bytes:
        self._send(packet(request))
        answer = self._answer(_text(request))
        if acknowledge:
            self._send(b"+")
        return answer

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(_TIMEOUT_S)
            self._socket.sendall(data)
        except OSError as error:
            raise StubGone("QEMU's gdb stub is gone", found=error) from error

    def _answer(self, what: str) -> bytes:
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not self._waiting:
            try:
                self._socket.settimeout(max(0.001, deadline_s - time.monotonic()))
                data = self._socket.recv(1 << 16)
                self._waiting += self._packets.feed(data)
            except (OSError, ValueError) as error:
                raise StubGone("QEMU's gdb stub does not answer", where=what, found=error or "time-out") from error
            if not data:
                raise StubGone("QEMU's gdb stub has hung up", where=what)
        return self._waiting.pop(0)


def _memory(answer: bytes, address: int, count: int) -> bytes:
    if not re.fullmatch(rb"([0-9a-f]{2}){%d}" % count, answer):
        raise BenchError("QEMU does not read memory", where=f"address {address:#010x}", found=_text(answer))
    return bytes.fromhex(answer.decode())


def _text(answer: bytes) -> str:
    return answer[:80].decode(errors="replace")

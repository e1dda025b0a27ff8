"""The supervisor's loop: the pseudo terminal, QEMU's serial port, and requests over a Unix socket."""

from __future__ import annotations

import os
import select
import socket
import time
from pathlib import Path
from typing import Any

from harness.qemu.board import Board
from harness.qemu.gdb import StubGone
from harness.qemu.launch import Launched
from harness.qemu.pump import Pump
from harness.virtual.host.desk import Desk
from harness.virtual.host.image import segments
from harness.virtual.host.serial_port import SerialPort

_IDLE_MS = 10_000
_BUSY_MS = 1  # how soon a byte that QEMU has not taken is looked at again


class Unit:
    """Serve until ``running`` is False or a descriptor in ``stop_on_eof`` ends.

    Ends with ``QemuEnded`` or ``CoreLockedUp`` when QEMU does.
    """

    def __init__(
        self, launched: Launched, flash_origin: int, description: str, listener: socket.socket, stop_on_eof: list[int]
    ) -> None:
        self._launched = launched
        self._board = Board(launched.stub, flash_origin)
        self._description = description
        self._pump = Pump(launched.wire, launched.wake)
        self.port = SerialPort()
        self.running = True
        self._poll = select.poll()
        for fd in (self.port.master, launched.wire.fileno(), *stop_on_eof):
            self._poll.register(fd, select.POLLIN)
        self._desk = Desk(
            listener,
            self._poll,
            {
                "describe": lambda: {"description": description},
                "flash": self._flash,
                "reset": self._reset,
                "core": self._core,
            },
        )

    def serve(self) -> None:
        """The loop."""
        try:
            while self.running:
                for fd, mask in self._poll.poll(self._pause_ms()):
                    self._handle(fd, mask)
                if self._board.live:
                    self._pump.turn()
        except (StubGone, BrokenPipeError, ConnectionResetError):
            self._launched.raise_ended()

    def close(self) -> None:
        """Close connections and port."""
        self._desk.close()
        self.port.close()

    def _pause_ms(self) -> int:
        backlog = self.port.flush()
        wanted = (select.POLLIN if self._pump.room else 0) | (select.POLLOUT if backlog else 0)
        self._poll.modify(self.port.master, wanted)
        return _BUSY_MS if self._board.live and self._pump.busy else _IDLE_MS

    def _handle(self, fd: int, mask: int) -> None:
        if fd == self.port.master:
            if mask & select.POLLIN:
                data = bytes(self.port.read(0))
                # A core that is held hears nothing, as a chip in reset does.
                if self._board.live:
                    self._pump.put(data)
        elif fd == self._launched.wire.fileno():
            sent = self._pump.take()
            if sent is None:
                self._launched.raise_ended()
            for byte in sent or b"":
                self.port.send(byte, 0)
        elif self._desk.serves(fd):
            self._desk.handle(fd)
        elif mask & (select.POLLHUP | select.POLLERR) or not _read_some(fd):
            self.running = False

    # -- requests -------------------------------------------------------------------------------------------------

    def _flash(self, elf: str) -> dict[str, Any]:
        started_s = time.monotonic()
        parts = segments(Path(elf))
        total = sum(len(data) for _, data in parts)
        self._hold()
        changed = self._board.first_difference(parts) is not None
        if changed:
            self._board.load(parts)
            different = self._board.first_difference(parts)
            if different is not None:
                address, expected, found = different
                return {"error": "the memory does not hold what was loaded", "where": f"address {address:#010x}",
                        "expected": expected.hex(" "), "found": found.hex(" "),
                        "next_step": "is the image larger than the memory of QEMU's machine? see board.toml"}  # fmt: skip
        return {"duration_s": time.monotonic() - started_s, "bytes_total": total,
                "bytes_programmed": total if changed else 0, "verified": True}  # fmt: skip

    def _hold(self) -> None:
        self._board.hold()
        self._pump.drop()

    def _reset(self) -> dict[str, Any]:
        self._hold()
        self._board.reset()
        return {}

    def _core(self) -> dict[str, Any]:
        state, registers = self._board.core()
        return {"state": state, **registers}


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""

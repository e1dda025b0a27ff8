"""The supervisor's loop: the pseudo terminal, QEMU's serial port, and requests over a Unix socket."""

from __future__ import annotations

import os
import select
import socket
import time
from pathlib import Path
from typing import Any

from harness.errors import BenchError
from harness.qemu.board import Board
from harness.qemu.gdb import StubGone
from harness.qemu.launch import Launched
from harness.qemu.lived import Lived
from harness.virtual.debug.lifetime import LIFE_SIGN_S, Lifetime
from harness.virtual.host.desk import Desk
from harness.virtual.host.image import segments
from harness.virtual.host.serial_port import SerialPort

_LINE_LIMIT = 16 * 1024


class Unit:
    """Serve until ``running`` is False or a descriptor in ``stop_on_eof`` ends.

    Ends with ``QemuEnded`` or ``CoreLockedUp`` when QEMU does.
    """

    def __init__(
        self,
        launched: Launched,
        flash_origin: int,
        description: str,
        lifetime: Lifetime,
        listener: socket.socket,
        stop_on_eof: list[int],
    ) -> None:
        self._launched = launched
        self._from_board, self._to_board = launched.from_board, launched.to_board
        self._board = Board(launched.stub, flash_origin)
        self._lifetime, self._lived = lifetime, Lived(launched.process.pid)
        self._input = bytearray()  # from the host, on its way to the board
        self.port = SerialPort()
        self.running = True
        self._poll = select.poll()
        for wire in (self._from_board, self._to_board):
            wire.setblocking(False)
        for fd in (self.port.master, self._from_board.fileno(), self._to_board.fileno(), *stop_on_eof):
            self._poll.register(fd, select.POLLIN)
        self._desk = Desk(
            listener,
            self._poll,
            {
                "describe": lambda: {"description": description},
                "flash": self._flash,
                "reset": self._reset,
                "core": self._core,
                "try": self._try,
            },
        )

    def serve(self) -> None:
        """The loop."""
        try:
            while self.running:
                self._look_for_what_is_wanted()
                for fd, mask in self._poll.poll(int(LIFE_SIGN_S * 1000)):
                    self._handle(fd, mask)
                self._lifetime.add(self._lived.step())
        except (StubGone, ConnectionError):
            self._launched.raise_ended()

    def close(self) -> None:
        """Close connections and port."""
        self._desk.close()
        self.port.close()
        self._lifetime.close()

    def _look_for_what_is_wanted(self) -> None:
        backlog = self.port.flush()
        # The port's input is left in the system's buffer while ours is full: that is the line's flow control.
        room = len(self._input) < _LINE_LIMIT
        self._poll.modify(self.port.master, (select.POLLIN if room else 0) | (select.POLLOUT if backlog else 0))
        self._poll.modify(self._to_board.fileno(), select.POLLIN | (select.POLLOUT if self._input else 0))

    def _handle(self, fd: int, mask: int) -> None:
        if fd == self.port.master:
            if mask & select.POLLIN:
                data = bytes(self.port.read(0))
                # A core that is held hears nothing, as a chip in reset does.
                if self._board.live:
                    self._input += data
        elif fd in (self._from_board.fileno(), self._to_board.fileno()):
            if mask & select.POLLOUT:
                del self._input[: self._to_board.send(self._input)]
            if mask & ~select.POLLOUT:
                # The feeder has nothing to say: from its socket that is a hang-up.
                sent = self._from_board.recv(1 << 16) if fd == self._from_board.fileno() else b""
                if not sent:
                    raise ConnectionResetError
                for byte in sent:
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
        self._input.clear()

    def _reset(self) -> dict[str, Any]:
        self._hold()
        self._board.reset()
        return {}

    def _try(self, image: str, at: int, result: int, size: int) -> dict[str, Any]:
        """Run a small program; what memory then holds at ``result``. ``at`` is where the core's vectors are."""
        self._hold()
        if at != self._board.vectors:
            raise BenchError(
                "QEMU starts a program at its vectors alone", expected=f"{self._board.vectors:#x}", found=f"{at:#x}"
            )
        return {"found": self._board.trial(bytes.fromhex(image), result, size).hex()}

    def _core(self) -> dict[str, Any]:
        state, registers = self._board.core()
        return {"state": state, **registers}


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""

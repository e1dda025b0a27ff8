"""The native build of the firmware in virtual time, as the peer of a ``MemoryTransport``.

The program tells on a third descriptor when it has done all that its input makes it do ('I') and when a run of the engine
begins ('R'); see firmware/boards/native/board.c and firmware/tests/timed/model.c. Between those marks no time passes: as
on a real board the server's own work is small beside the line. A run lasts ``inference_s`` of virtual time, and what
arrives meanwhile waits for its end, as in the ring that the receive interrupt fills.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from pathlib import Path

from harness.errors import BenchError

#: A program that says nothing for so long hangs.
_PATIENCE_S = 20.0
#: Written at a time: one piece in the socket, so that the program cannot idle between its halves.
_PIECE_BYTES = 2048


class SteppedFirmware:
    """Context manager and ``harness.testing.link.Peer``. BenchError when the program ends or hangs."""

    def __init__(self, elf: Path, inference_s: float) -> None:
        self._elf = elf
        self._inference_s = inference_s
        self._held = b""
        self._run_ends_s: float | None = None
        self._said: list[tuple[float, bytes]] = []
        self.runs = 0

    def __enter__(self) -> SteppedFirmware:
        self._line, line = socket.socketpair()
        self._marks, marks = socket.socketpair()
        environment = {**os.environ, "HIL_STEP_FD": str(marks.fileno())}
        with line, marks:
            self._program = subprocess.Popen(
                [str(self._elf)],
                stdin=line.fileno(),
                stdout=line.fileno(),
                env=environment,
                pass_fds=[marks.fileno()],
            )
        self._marks.settimeout(_PATIENCE_S)
        try:
            self._until_mark(0.0)  # its BOOT
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # It ends when its input does, or when nobody answers its marks.
        self._line.close()
        self._marks.close()
        try:
            self._program.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()

    # -- Peer ----------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """See Peer."""
        self._wake(now_s)
        self._held += data
        self._feed(now_s)

    def send(self, now_s: float) -> bytes:
        """See Peer."""
        self._wake(now_s)
        due = b"".join(data for at_s, data in self._said if at_s <= now_s)
        self._said = [(at_s, data) for at_s, data in self._said if at_s > now_s]
        return due

    def next_due_s(self) -> float | None:
        """See Peer."""
        return min([at_s for at_s, _ in self._said], default=self._run_ends_s)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _wake(self, now_s: float) -> None:
        while self._run_ends_s is not None and now_s >= self._run_ends_s:
            ended_s, self._run_ends_s = self._run_ends_s, None
            self._marks.sendall(b"G")
            self._until_mark(ended_s)
            self._feed(ended_s)

    def _feed(self, now_s: float) -> None:
        while self._held and self._run_ends_s is None:
            piece, self._held = self._held[:_PIECE_BYTES], self._held[_PIECE_BYTES:]
            try:
                self._line.sendall(piece)
            except OSError:
                raise self._gone() from None
            self._until_mark(now_s)

    def _until_mark(self, now_s: float) -> None:
        """The program works until it idles or a run begins; what it said by then was said now."""
        try:
            mark = self._marks.recv(1)
        except TimeoutError:
            found = f"it said nothing for {_PATIENCE_S:g} s"
            raise BenchError("the native firmware hangs", where=str(self._elf), found=found) from None
        except OSError:
            mark = b""
        if not mark:
            raise self._gone()
        said = b""
        with contextlib.suppress(BlockingIOError):
            while True:
                said += self._line.recv(65536, socket.MSG_DONTWAIT)
        if said:
            self._said.append((now_s, said))
        if mark == b"R":
            self.runs += 1
            self._run_ends_s = now_s + self._inference_s

    def _gone(self) -> BenchError:
        found = f"it ended with status {self._program.wait(_PATIENCE_S)}"
        return BenchError("the native firmware does not go on", where=str(self._elf), found=found)

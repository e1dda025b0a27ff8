"""A program that speaks the wire on its standard input and output: ``exec:command arguments``; the native firmware."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO

from harness.bench.transports._fd import FdTransport
from harness.errors import BenchError

SCHEMES = ("exec:",)

_GRACE_S = 2.0
_TAIL_BYTES = 2000


class PipeTransport(FdTransport):
    """A child process; ``close`` ends it. What it says on stderr is kept for the message of its death."""

    def __init__(self, command: Sequence[str]) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _release)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, bufsize=0
            )
        except OSError as error:
            self._log.close()
            raise BenchError("the program cannot be started", where=shlex.join(command), found=error) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        super().__init__(shlex.join(command), self._process.stdout.fileno(), self._process.stdin.fileno())

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def _detail(self) -> str:
        if not self._ended():
            return ""
        status = self._process.returncode
        self._log.seek(0)
        tail = self._log.read()[-_TAIL_BYTES:].decode(errors="replace").strip()
        return f"; it ended with status {status}" + (f": {tail}" if tail else "")

    def _ended(self) -> bool:
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _release(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        # A firmware that sees the end of its input may end by itself, and write its coverage or leak report.
        if not self._ended():
            self._process.terminate()
            if not self._ended():
                self._process.kill()
                self._process.wait()
        self._log.close()


def open_(address: str, baud: int | None) -> PipeTransport:
    """Start the program. It has no speed: ``baud`` is not used."""
    return PipeTransport(shlex.split(address.removeprefix("exec:")))

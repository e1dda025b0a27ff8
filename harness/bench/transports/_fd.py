"""What transports on file descriptors share: reading, writing and waiting without blocking."""

from __future__ import annotations

import os
import select

from harness.errors import BenchError, MisuseError


class FdTransport:
    """Reads from one non-blocking descriptor and writes to another (or the same). Keeps the Transport contract."""

    def __init__(self, name: str, read_fd: int, write_fd: int) -> None:
        self._name = name
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._closed = False
        self._gone: str | None = None
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    @property
    def name(self) -> str:
        """See Transport."""
        return self._name

    @property
    def baud(self) -> int | None:
        """See Transport."""
        return None

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See Transport."""
        self._check()
        if timeout_s > 0:
            self.wait(timeout_s, to_write=False)
        try:
            data = os.read(self._read_fd, max_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost(os.strerror(error.errno or 0)) from error
        if not data and max_bytes and self._ended():
            raise self._lost("the other end has closed it")
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        """See Transport."""
        self._check()
        if timeout_s > 0:
            _wait([], [self._write_fd], timeout_s)
        try:
            return os.write(self._write_fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost(os.strerror(error.errno or 0)) from error

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """See Transport."""
        self._check()
        _wait([self._read_fd], [self._write_fd] if to_write else [], timeout_s)

    def set_baud(self, baud: int) -> None:
        """See Transport."""
        self._check()
        raise MisuseError("the speed of this line is not set from here", where=self._name, found=baud)

    def close(self) -> None:
        """See Transport."""
        if not self._closed:
            self._closed = True
            self._release()

    def _release(self) -> None:
        """Close what was opened; called once."""
        raise NotImplementedError

    def _detail(self) -> str:
        """More about why the stream ended, if this kind of transport knows."""
        return ""

    def _ended(self) -> bool:
        """Whether a read of no bytes was the end of the stream; for a pipe or socket it always is."""
        return True

    def _check(self) -> None:
        if self._closed:
            raise MisuseError("the transport was closed", where=self._name)
        if self._gone is not None:
            raise self._lost(self._gone)

    def _lost(self, reason: str) -> BenchError:
        if self._gone is None:
            self._gone = f"{reason}{self._detail()}"
        return BenchError(
            "the line to the unit is gone",
            where=self._name,
            found=self._gone,
            next_step="check cable and power, then `hil units`",
        )


def _wait(readers: list[int], writers: list[int], timeout_s: float) -> None:
    # poll, not select: descriptors above 1023 exist in long test sessions.
    poller = select.poll()
    for fd in set(readers) | set(writers):
        poller.register(fd, (select.POLLIN if fd in readers else 0) | (select.POLLOUT if fd in writers else 0))
    poller.poll(max(0.0, timeout_s) * 1000)


def hung_up(fd: int) -> bool:
    """Whether the other end of a terminal is gone."""
    poller = select.poll()
    poller.register(fd, 0)  # errors and hang-ups are told unasked
    return bool(poller.poll(0))

"""The client's end: starts the server beside the unit, checks that both speak the same, and has the unit opened there."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

from harness.bench import people
from harness.bench.remote import words
from harness.bench.remote.calls import PORT, Caller
from harness.bench.remote.mux import Mux
from harness.bench.remote.process import ServerProcess
from harness.errors import BenchError, HostError
from harness.text import printable

_LETS_GO_S: Final = 2.0


@dataclass(frozen=True)
class Opened:
    """What the server has told of its unit."""

    uid: str
    port: str
    baud: int | None
    description: str
    stand_in: dict[str, Any] | None
    power: str  # its switch by name; "" where it has none
    own_s: float | None
    rack: dict[str, Any]  # how it stands there: see ``remote.rack``


class Stream(Protocol):
    """What leads to the server: see ``ServerProcess``."""

    read_fd: int
    write_fd: int

    def said(self) -> str:
        """Last words of whoever carries it."""
        ...

    def listen_out(self) -> None:
        """It has ended by itself: wait for the last words."""
        ...

    def kill(self) -> None:
        """End it without a word."""
        ...

    def end(self, *, at_once: bool = False) -> None:
        """Close it, and wait for the server's end."""
        ...


class Connection:
    """One unit of another host, held there until this is closed. A context manager; ``close`` may be called twice."""

    def __init__(self, host: str, uid: str, stream: Stream | None = None) -> None:
        """Start its server, None: over ssh. ``HostError`` when there is none."""
        self.host, self.uid = host, uid
        self.opened: Opened | None = None
        self.on_port: Callable[[bytes], None] = lambda data: None
        self._why: str | None = None
        self._closed = False
        self._stream: Stream = stream or ServerProcess(host, uid)
        self.mux = Mux(
            self._stream.read_fd,
            self._stream.write_fd,
            where=f"unit {uid} on {host}",
            on_message=self._take,
            on_end=self._ended,
        )
        self.calls = Caller(self.mux, host, self.lost)
        self.mux.start()

    @classmethod
    def open(
        cls,
        host: str,
        uid: str,
        *,
        board: str,
        what: str,
        wait_s: float = 0.0,
        allow_mass_erase: bool = False,
        care: bool = False,
        tell: Callable[[str], None] | None = None,
        named: bool = True,
        stream: Stream | None = None,
    ) -> Connection:
        """A connection whose unit is leased and open there. Errors as of ``open_unit`` there: ``lease.InUse`` among them.

        There this process's person asks for it, and not the account that ssh came in by: holds are people's.
        """

        def heed(note: dict[str, Any], blob: bytes) -> None:
            if tell is not None and "tell" in note:
                tell(printable(f"{note['tell']}, on {host}"))

        made = cls(host, uid, stream)
        try:
            call = made.calls.begin(
                "unit.open",
                board=board,
                what=f"{what}, {_who()}",
                wait_s=wait_s,
                allow_mass_erase=allow_mass_erase,
                care=care,
                named=named,
                user=people.me(),
            )
            told, _ = call.finish(heed)
            made.opened = Opened(**told)
            return made
        except BaseException:
            made.close()
            raise

    @property
    def is_open(self) -> Opened:
        """What is known of the unit. For connections made by ``open``."""
        assert self.opened is not None
        return self.opened

    def own_s(self) -> float | None:
        """How long the unit has lived by its own clock, as far as was heard; None where it does not tell."""
        if self.opened is None or self.opened.own_s is None:
            return None
        heard_s = self.mux.other_own_s
        return self.opened.own_s if heard_s is None else heard_s

    def crossed(self, answers: bytes) -> BenchError:
        """What is wrong when the chip ``answers`` says hello on this unit's port, as the unit's own host sees it."""
        told, _ = self.calls.call("unit.crossed", answers=answers.hex())
        error = words.made(told, self.host)
        return error if isinstance(error, BenchError) else self.lost()

    def sharers(self) -> tuple[str, ...]:
        """The other processes of that host that have the unit's port open."""
        told, _ = self.calls.call("unit.sharers")
        return tuple(told["sharers"])

    def lost(self) -> BenchError:
        """What to say when the connection has ended."""
        said = self._stream.said()
        found = self._why or "it ended without a word"
        return HostError(
            "the connection to the unit's host is lost",
            where=f"unit {self.uid} on {self.host}",
            found=f"{found}; it said: {said}" if said else found,
            next_step="check that host and the network; `--resume RUN` goes on with the run",
        )

    def close(self) -> None:
        """Give the unit back: its server has ended when this returns, or is given up on. Never raises."""
        if not self._closed:
            self._closed = True
            self.mux.flush(1.0)
            self.mux.end()
            # Whoever opens a file next may get the number of a descriptor: nothing of ours may read from it then.
            if not self.mux.join(_LETS_GO_S):
                self._stream.kill()
                self.mux.join(_LETS_GO_S)
            self._stream.end()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _take(self, channel: int, message: bytes) -> None:
        if channel == PORT:
            self.on_port(message)
            return
        try:
            self.calls.take(message)
        except ValueError as error:
            raise BenchError(
                "the unit's server says what is no message",
                where=f"unit {self.uid} on {self.host}",
                found=error,
                next_step="install the same version of hil on both hosts",
            ) from error

    def _ended(self, why: str) -> None:
        if why:
            self._stream.kill()  # nothing that waits to be sent must keep anybody waiting
        elif not self._closed:
            self._stream.listen_out()
            why = "it was ended from there"
        self._why = self._why or why
        self.calls.end()
        self.on_port(b"")


def _who() -> str:
    """For whoever finds the unit taken."""
    return f"from {socket.gethostname()}, process {os.getpid()}"


def upload(elf: Path) -> bytes:
    """The bytes of an image. ``BenchError`` when it cannot be read."""
    try:
        return elf.read_bytes()
    except OSError as error:
        raise BenchError("the image cannot be read", where=str(elf), found=error, next_step="build it again") from error

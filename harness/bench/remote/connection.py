"""The client's end: starts the server beside the unit, checks that both speak the same, and has the unit opened there."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from harness import __version__
from harness.bench.remote import LINK, MAGIC, ssh, words
from harness.bench.remote.calls import PORT, Caller
from harness.bench.remote.mux import Mux
from harness.errors import BenchError, HostError
from harness.text import printable

#: From ssh's start to the server's first word: a log-in, and a Python on a small computer. Counted in looks, as in ``mux``.
_GREETING_S: Final = 60.0
_LOOK_S: Final = 0.5
#: After our last word: the server closes the probe, which takes the core a moment.
_ENDING_S: Final = 15.0
_MOST_GREETING: Final = 4096
_KEPT_WORDS: Final = 8000


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


class Connection:
    """One unit of another host, held there until this is closed. A context manager; ``close`` may be called twice."""

    def __init__(self, host: str, uid: str) -> None:
        """Start it, and hear its greeting. ``BenchError`` says why there is none, or that its version does not fit."""
        self.host, self.uid = host, uid
        self.opened: Opened | None = None
        self.on_port: Callable[[bytes], None] = lambda data: None
        self._words = bytearray()
        self._why: str | None = None
        self._closed = False
        command = ssh.command(host, uid)
        try:
            # A session of its own keeps the terminal's Ctrl-C from it: the unit is to be left in order first.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise ssh.no_ssh(command[0], error) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._listener = threading.Thread(target=self._listen, name="unit link, words", daemon=True)
        self._listener.start()
        try:
            self._greeted(self._process.stdout.fileno())
        except BaseException:
            self._end(0.0)
            raise
        self.mux = Mux(
            self._process.stdout.fileno(),
            self._process.stdin.fileno(),
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
    ) -> Connection:
        """A connection whose unit is leased and open there. Errors as of ``open_unit`` there: ``lease.InUse`` among them."""

        def heed(note: dict[str, Any], blob: bytes) -> None:
            if tell is not None and "tell" in note:
                tell(f"{note['tell']}, on {host}")

        made = cls(host, uid)
        try:
            call = made.calls.begin(
                "unit.open",
                board=board,
                what=f"{what}, {_who()}",
                wait_s=wait_s,
                allow_mass_erase=allow_mass_erase,
                care=care,
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
        said = self._said()
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
            self._end(_ENDING_S)

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _greeted(self, fd: int) -> None:
        said = bytearray()
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        waited_s = 0.0
        while b"\n" not in said:
            if not poller.poll(_LOOK_S * 1000):
                waited_s += _LOOK_S
                if waited_s >= _GREETING_S:
                    raise HostError(
                        "the unit's host says nothing",
                        where=self.host,
                        expected=f"the greeting of its unit server within {_GREETING_S:g} s",
                        found=self._said() or "nothing",
                        next_step=f"try it by hand: ssh {self.host} {ssh.SERVER} {self.uid}",
                    )
                continue
            # A byte at a time: what follows the line is the stream's.
            byte = os.read(fd, 1)
            if not byte:
                raise self._babbled(said) if said.strip() else self._never_came()
            said += byte
            if len(said) > _MOST_GREETING:
                break
        greeting = said.decode("utf-8", "replace").split()
        if not greeting or greeting[0] != MAGIC:
            raise self._babbled(said)
        link, version = (*greeting[1:3], "?", "?")[:2]
        if link != str(LINK):
            raise HostError(
                "the hil on the unit's host is another version, and does not speak as this one does",
                where=self.host,
                expected=f"link {LINK}, as of hil {__version__} here",
                found=f"link {link}, of hil {version} there",
                next_step="install the same version of hil on both hosts",
            )

    def _babbled(self, said: bytes | bytearray) -> BenchError:
        return HostError(
            "the unit's host prints something before its unit server speaks",
            where=self.host,
            expected=f"{MAGIC!r} as the first word",
            found=repr(printable(bytes(said[:200]).decode("utf-8", "backslashreplace"))),
            next_step="see that the shell's start-up files of that account print nothing when no one is at a terminal:"
            f" ssh {self.host} true",
        )

    def _never_came(self) -> BenchError:
        try:
            status: int | None = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            status = None
        self._listener.join(1.0)
        return ssh.why(self.host, status, self._said())

    def _take(self, channel: int, message: bytes) -> None:
        if channel == PORT:
            self.on_port(message)
            return
        try:
            self.calls.take(message)
        except ValueError as error:
            raise BenchError(
                "the unit's server says what is no message", where=f"unit {self.uid} on {self.host}", found=error
            ) from error

    def _ended(self, why: str) -> None:
        if not self._closed and not why:
            # It has ended by itself: what it said of that comes a moment later.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            self._listener.join(1.0)
            why = "it was ended from there"
        self._why = self._why or why
        self.calls.end()
        self.on_port(b"")

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while data := self._process.stderr.read(4096):
                self._words += data
                del self._words[:-_KEPT_WORDS]

    def _said(self) -> str:
        return " | ".join(printable(self._words.decode("utf-8", "replace")).strip().splitlines()[-3:])

    def _end(self, patience_s: float) -> None:
        streams = (self._process.stdin, self._process.stdout, self._process.stderr)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(1.0)
        for stream in streams:
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _who() -> str:
    """For whoever finds the unit taken."""
    return f"from {socket.gethostname()}, process {os.getpid()}"


def upload(elf: Path) -> bytes:
    """The bytes of an image. ``BenchError`` when it cannot be read."""
    try:
        return elf.read_bytes()
    except OSError as error:
        raise BenchError("the image cannot be read", where=str(elf), found=error, next_step="build it again") from error

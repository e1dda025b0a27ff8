"""The process through which the client reaches the unit's server: ssh, and what it says."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
from typing import Final

from harness import __version__
from harness.bench.remote import LINK, MAGIC, ssh
from harness.errors import HostError
from harness.text import printable

#: From ssh's start to the server's first word: a log-in, and a Python on a small computer. Counted in looks, as in ``mux``.
_GREETING_S: Final = 60.0
_LOOK_S: Final = 0.5
#: After our last word: the server closes the probe, which takes the core a moment.
_ENDING_S: Final = 15.0
_LAST_WORDS_S: Final = 1.0
_MOST_GREETING: Final = 4096
_KEPT_WORDS: Final = 8000


class ServerProcess:
    """``ssh HOST hil unit-server UID``, once its server has greeted. ``read_fd`` and ``write_fd`` are the stream."""

    def __init__(self, host: str, uid: str) -> None:
        """``HostError`` says why there is no greeting, or that the version there does not fit."""
        self.host = host
        self._words = bytearray()
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
        self.read_fd, self.write_fd = self._process.stdout.fileno(), self._process.stdin.fileno()
        self._listener = threading.Thread(target=self._listen, name="unit link, words", daemon=True)
        self._listener.start()
        try:
            self._greeted(uid)
        except BaseException:
            self.end(at_once=True)
            raise

    def said(self) -> str:
        """Its last words on standard error, in a line."""
        return " | ".join(printable(self._words.decode("utf-8", "replace")).strip().splitlines()[-3:])

    def listen_out(self) -> None:
        """It has ended by itself: what it said of that comes a moment later."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_S)
        self._listener.join(_LAST_WORDS_S)

    def kill(self) -> None:
        """End it without a word to the other end: that one is not heard any more."""
        self._process.kill()

    def end(self, *, at_once: bool = False) -> None:
        """Close the stream and wait until the server has ended. ``at_once``: do not. Never raises; may be called again."""
        if at_once:
            self._process.kill()
        streams = (self._process.stdin, self._process.stdout, self._process.stderr)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_LAST_WORDS_S)
        for stream in streams:
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _greeted(self, uid: str) -> None:
        said = bytearray()
        poller = select.poll()
        poller.register(self.read_fd, select.POLLIN)
        waited_s = 0.0
        while b"\n" not in said and len(said) < _MOST_GREETING:
            if not poller.poll(_LOOK_S * 1000):
                waited_s += _LOOK_S
                if waited_s >= _GREETING_S:
                    raise HostError(
                        "the unit's host says nothing",
                        where=self.host,
                        expected=f"the greeting of its unit server within {_GREETING_S:g} s",
                        found=self.said() or "nothing",
                        next_step=f"try it by hand: ssh {self.host} {ssh.SERVER} {uid}",
                    )
                continue
            # A byte at a time: what follows the line is the stream's.
            byte = os.read(self.read_fd, 1)
            if not byte:
                raise self._never_came(said)
            said += byte
        greeting = printable(said.decode("utf-8", "replace")).split()
        if not greeting or greeting[0] != MAGIC:
            raise self._never_came(said)
        link, version = (*greeting[1:3], "?", "?")[:2]
        if link != str(LINK):
            raise HostError(
                "the hil on the unit's host is another version, and does not speak as this one does",
                where=self.host,
                expected=f"link {LINK}, as of hil {__version__} here",
                found=f"link {link}, of hil {version} there",
                next_step="install the same version of hil on both hosts",
            )

    def _babbled(self, said: bytes | bytearray) -> HostError:
        return HostError(
            "the unit's host prints something before its unit server speaks",
            where=self.host,
            expected=f"{MAGIC!r} as the first word",
            found=repr(printable(bytes(said[:200]).decode("utf-8", "backslashreplace"))),
            next_step="see that the shell's start-up files of that account print nothing when no one is at a terminal:"
            f" ssh {self.host} true",
        )

    def _never_came(self, said: bytearray) -> HostError:
        """There is no greeting. What was printed says why the server did not start; where it did, it is what stood in the way."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_S)
        status = self._process.poll()
        if said.strip() and not status:
            return self._babbled(said)
        self.listen_out()
        lines = [printable(said.decode("utf-8", "replace")).strip(), self.said()]
        return ssh.why(self.host, status, "\n".join(line for line in lines if line))

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while data := self._process.stderr.read(4096):
                self._words += data
                del self._words[:-_KEPT_WORDS]

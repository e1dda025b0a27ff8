"""Renode's monitor on the pipes of its process: no network at all. A dialogue with a prompt, errors in plain text.

It only brings the emulation up (``machine``): a command costs milliseconds whatever it does. What runs it then is ``bench``.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable

from harness.errors import BenchError, HilError

Watch = Callable[[], None]

LOOK_EVERY_S = 0.2
#: At the start of a line and nothing behind it: the prompt is the monitor's name or that of the machine.
_PROMPT = re.compile(rb"(?:^|[\r\n])\(([^()\r\n]+)\) $")
_ERROR = re.compile(
    r"No such command or device|There was an error executing command|could not be|Could not|Parameters did not match"
    r"|Error (?:E\d+|while)|does not provide a field|Bad parameters|There were compilation errors",
)
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class CommandRefused(BenchError):
    """Renode answered, and the answer is an error. It can still be used."""


class NoAnswer(HilError):
    """Renode did not answer in time, or its process is gone. It is of no use any more."""


class CoreAborted(HilError):
    """The emulated core jumped to where no code is. Renode cannot go on: its process must be killed."""


class Console:
    """The dialogue over two descriptors. ``greet`` must be called first and waits for the first prompt.

    ``watch`` is called while waiting, and may raise to end the wait.
    """

    def __init__(self, to_renode: int, from_renode: int) -> None:
        self._in, self._out = to_renode, from_renode
        os.set_blocking(from_renode, False)
        self._said = b""

    def greet(self, timeout_s: float, watch: Watch) -> None:
        """Wait until Renode is ready. ``NoAnswer`` when it does not come up."""
        self._until_prompt(timeout_s, watch, "its first prompt")

    def execute(self, command: str, timeout_s: float, watch: Watch) -> str:
        """Run one line and return its text, stripped. ``CommandRefused``, ``NoAnswer``, or what ``watch`` raises."""
        self.say(command)
        text = answer_of(command, self._until_prompt(timeout_s, watch, command))
        if _ERROR.search(text):
            raise CommandRefused("Renode refused a command", where=command, found=text)
        return text

    def say(self, command: str) -> None:
        """Send a line without waiting for its end: some have none. ``NoAnswer``."""
        self._said = b""
        try:
            os.write(self._in, command.encode() + b"\n")
        except OSError as error:
            raise NoAnswer("Renode does not answer", where=command, found=error) from error

    def complaint(self, command: str) -> str:
        """What a command that has no end said at its unwanted end; "" while it runs."""
        try:
            self._said += os.read(self._out, 1 << 16)
        except OSError:
            pass
        plain = _ESCAPES.sub(b"", self._said)
        return answer_of(command, plain) or "it ended without a word" if _PROMPT.search(plain) else ""

    def _until_prompt(self, timeout_s: float, watch: Watch, what: str) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        while True:
            if select.select([self._out], [], [], LOOK_EVERY_S)[0]:
                try:
                    part = os.read(self._out, 1 << 16)
                except BlockingIOError:
                    continue
                if not part:
                    watch()
                    raise NoAnswer(
                        "Renode has closed its console", where=what, found=self._said[-500:].decode(errors="replace")
                    )
                self._said += part
                plain = _ESCAPES.sub(b"", self._said)
                if _PROMPT.search(plain):
                    return plain
            else:
                watch()
            if time.monotonic() > deadline_s:
                raise NoAnswer("Renode does not answer", where=what, expected=f"an answer within {timeout_s:g} s")


def answer_of(command: str, dialogue: bytes) -> str:
    """The text between the echo of ``command``, where there is one, and the prompt that ends ``dialogue``.

    Lines end in any mixture of carriage returns and line feeds.
    """
    lines = [line.strip() for line in re.split(r"[\r\n]+", dialogue.decode(errors="replace"))][:-1]
    if lines and lines[0].endswith(command):
        lines = lines[1:]
    return "\n".join(line for line in lines if line)

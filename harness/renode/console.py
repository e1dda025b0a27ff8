"""Renode's monitor on the pipes of its process: no network at all. A dialogue with a prompt, errors in plain text."""

from __future__ import annotations

import os
import re
import select
import time

from harness.renode.monitor import CommandRefused, NoAnswer, Watch

_LOOK_EVERY_S = 0.2
#: At the start of a line and nothing behind it: the prompt is the monitor's name or that of the machine.
_PROMPT = re.compile(rb"(?:^|[\r\n])\(([^()\r\n]+)\) $")
_ERROR = re.compile(
    r"No such command or device|There was an error executing command|could not be|Could not|Parameters did not match"
    r"|Error (?:E\d+|while)|does not provide a field|Bad parameters",
)
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class ConsoleMonitor:
    """The dialogue over two descriptors. ``greet`` must be called first and waits for the first prompt."""

    def __init__(self, to_renode: int, from_renode: int) -> None:
        self._in, self._out = to_renode, from_renode
        os.set_blocking(from_renode, False)
        self._said = b""

    @property
    def how(self) -> str:
        """See Monitor."""
        return "over pipes, without any listener"

    def greet(self, timeout_s: float, watch: Watch) -> None:
        """Wait until Renode is ready. ``NoAnswer`` when it does not come up."""
        self._until_prompt(timeout_s, watch, "its first prompt")

    def execute(self, command: str, timeout_s: float, watch: Watch) -> str:
        """See Monitor."""
        self._said = b""
        self._send(command)
        text = answer_of(command, self._until_prompt(timeout_s, watch, command))
        if _ERROR.search(text):
            raise CommandRefused("Renode refused a command", where=command, found=text)
        return text

    def quit(self) -> None:
        """See Monitor."""
        try:
            self._send("quit")
        except NoAnswer:
            pass

    def _send(self, command: str) -> None:
        try:
            os.write(self._in, command.encode() + b"\n")
        except OSError as error:
            raise NoAnswer("Renode does not answer", where=command, found=error) from error

    def _until_prompt(self, timeout_s: float, watch: Watch, what: str) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        while True:
            if select.select([self._out], [], [], _LOOK_EVERY_S)[0]:
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

"""A worker in a process of its own, spoken with in lines of JSON: what hangs or crashes there does not take the run with it."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any


class Beside:
    """The process, and what it says. ``answers`` has each line of JSON, and None once it says nothing more.

    It is to end when its standard input does: so it cannot outlive us, even when we are killed. It is in a session of its own: a
    terminal's Ctrl-C, or a signal to our whole group, would end it before it could leave in order what it has.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start it. ``OSError`` when that fails."""
        self.answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._errors: list[str] = []
        self.popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=env,
        )
        self._readers = [
            threading.Thread(target=reader, daemon=True) for reader in (self._read_answers, self._read_errors)
        ]
        for reader in self._readers:
            reader.start()

    @property
    def tail(self) -> str:
        """The last that it said beside its answers."""
        return " | ".join(self._errors[-5:]) or "nothing on its standard error"

    def ask(self, request: Mapping[str, object]) -> None:
        """``OSError`` or ``ValueError`` when it is gone."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(request) + "\n")
        self.popen.stdin.flush()

    def end(self, wait_s: float) -> None:
        """Let it end, by force after that time. May be called again."""
        assert self.popen.stdin is not None
        try:
            self.popen.stdin.close()
        except OSError:
            pass
        try:
            self.popen.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for reader in self._readers:
            reader.join(1.0)
        for stream in (self.popen.stdout, self.popen.stderr):
            if stream is not None:
                stream.close()

    def heard(self, told: dict[str, Any]) -> None:
        """Called by a thread with each line that it says."""
        self.answers.put(told)

    def _read_answers(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                told = None
            if isinstance(told, dict):
                self.heard(told)
            else:
                self._note(f"not an answer: {line.strip()}")
        self.answers.put(None)

    def _read_errors(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            self._note(line.rstrip())

    def _note(self, line: str) -> None:
        self._errors.append(line)
        del self._errors[:-50]

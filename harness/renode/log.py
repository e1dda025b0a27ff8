"""Reading Renode's log: what says that the core is gone, and what says that the firmware touched nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_ABORT = re.compile(r"CPU abort")
_STRAY = re.compile(
    r"(?:\[cpu: (?P<pc>0x[0-9A-Fa-f]+)\] )?(?P<how>Read\w+|Write\w+) (?:from|to) non existing peripheral at (?P<at>0x[0-9A-Fa-f]+)"
)
_ELSE = re.compile(r"does not lay in memory|\[ERROR\]")


@dataclass(frozen=True)
class Stray:
    """An access to an address where there is nothing. ``pc`` is None where the log does not say."""

    address: int
    how: str
    pc: int | None

    def describe(self) -> str:
        """For people."""
        return f"{self.how} at {self.address:#010x}" + (f", pc {self.pc:#010x}" if self.pc is not None else "")


@dataclass(frozen=True)
class Findings:
    """What a log tells, repeated lines once. ``aborts``: the core is gone. ``others``: errors of Renode's own."""

    aborts: tuple[str, ...] = ()
    strays: tuple[Stray, ...] = ()
    others: tuple[str, ...] = ()


def scan(lines: Iterable[str]) -> Findings:
    """Sort a log's lines."""
    aborts: dict[str, None] = {}
    strays: dict[Stray, None] = {}
    others: dict[str, None] = {}
    for line in lines:
        if _ABORT.search(line):
            aborts[message(line)] = None
        elif found := _STRAY.search(line):
            pc = found["pc"]
            strays[Stray(int(found["at"], 16), found["how"], int(pc, 16) if pc else None)] = None
        elif _ELSE.search(line):
            others[message(line)] = None
    return Findings(tuple(aborts), tuple(strays), tuple(others))


def message(line: str) -> str:
    """A line without its time stamp and with its level: ``[ERROR] cpu: ...``."""
    at = line.find("[")
    return line[at:].strip() if at >= 0 else line.strip()


class LogTail:
    """The lines of a growing file, each once. A file that is not there yet is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._rest = b""

    def new_lines(self) -> list[str]:
        """The whole lines that came since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

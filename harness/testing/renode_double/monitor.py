"""The monitor's commands, as many as are on record."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from harness.testing.renode_double.board import Board
from harness.testing.renode_double.external import External, Pay, open_pipes
from harness.testing.renode_double.platform import Wrong, included, parse
from harness.testing.renode_double.quirks import Quirks

# Seconds of processor time, as measured.
_COMMAND_S = 0.004  # whatever it does
_COMPILATION_S = 1.0


class Refused(Exception):
    """The command is wrong; the text is what Renode would say."""


class Monitor:
    """One emulation with at most one machine. ``log(level, text)`` writes Renode's log."""

    def __init__(
        self, quirks: Quirks, log: Callable[[str, str], None], pay: Pay = lambda _seconds, _what: None
    ) -> None:
        self._quirks, self._log, self._pay = quirks, log, pay
        self.machine_name = ""
        self._board: Board | None = None
        self._types: dict[str, tuple[str, ...]] = {}
        self._commands: tuple[tuple[str, Callable[..., str]], ...] = (
            (r"version", lambda: quirks.banner),
            (r"logLevel 2", lambda: ""),
            (r'mach create "(\w+)"', self._create),
            (r"include @(\S+)", self._include),
            (r"machine LoadPlatformDescription @(\S+)", self._platform),
            (r"sysbus\.cpu PerformanceInMips (\d+)", self._performance),
            (r"sysbus\.cpu PC", lambda: f"0x{self.board.machine.core.pc:X}"),
            (r"emulation SetGlobalAdvanceImmediately true", lambda: ""),
            (r'emulation SetGlobalQuantum "([\d.]+)"', lambda _seconds: ""),
            (r'emulation HilServe "(\w+)" "(\w+)" "([^"]+)" "([^"]+)"', self._serve),
        )

    @property
    def board(self) -> Board:
        """The machine's platform."""
        if self._board is None:
            raise Refused("No such command or device: sysbus")
        return self._board

    def execute(self, line: str) -> str:
        """Run the commands of a line; what they say. ``Refused`` ends the line."""
        commands = [part.strip() for part in re.findall(r'(?:[^;"]|"[^"]*")+', line)]
        said = [self._one(command) for command in commands if command]
        return "\n".join(text for text in said if text)

    def _one(self, command: str) -> str:
        self._pay(_COMMAND_S, command)
        if self._quirks.short_names and re.match(r"(cpu|usart\d|scb\d)\b", command):
            command = f"sysbus.{command}"
        for pattern, action in self._commands:
            found = re.fullmatch(pattern, command)
            if found:
                return action(*found.groups())
        raise Refused(f"No such command or device: {command.split()[0]}")

    def _create(self, name: str) -> str:
        self.machine_name = name
        return ""

    def _include(self, path: str) -> str:
        self._pay(_COMPILATION_S, path)
        try:
            self._types |= included(Path(path).read_text(), self._quirks)
        except Wrong as error:
            raise Refused(str(error)) from error
        return ""

    def _platform(self, path: str) -> str:
        if not self.machine_name:
            raise Refused("There is no machine: mach create first")
        try:
            entries = parse(Path(path).read_text(), self._types)
        except Wrong as error:
            raise Refused(str(error)) from error
        if missing := {"cpu", "nvic", "flash", "sram"} - {entry.name for entry in entries}:
            raise Refused(f"the platform lacks a part: {sorted(missing)}")
        self._board = Board(entries, self._quirks, self._log)
        return ""

    def _performance(self, mips: str) -> str:
        self.board.set_speed(int(mips))
        return ""

    def _serve(self, machine: str, uart: str, requests: str, answers: str) -> str:
        if "Hil.HilBench" not in self._types:
            raise Refused("emulation does not provide a field, method or property HilServe.")
        if machine != self.machine_name or uart not in self.board.uarts:
            raise Refused(f"There was an error executing command 'HilServe': no {machine} or no {uart}")
        self.board.plug_in(uart)
        with_in, with_out = open_pipes(requests, answers)
        External(self.board, self._pay).serve(with_in, with_out)
        return ""

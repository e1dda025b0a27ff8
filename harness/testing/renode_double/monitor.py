"""The monitor's commands, as many as are on record."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

from harness.testing.renode_double.board import Board
from harness.testing.renode_double.platform import Wrong, included, parse
from harness.testing.renode_double.quirks import Quirks
from harness.virtual.core.bus import BusError


class Refused(Exception):
    """The command is wrong; the text is what Renode would say."""


class Monitor:
    """One emulation with at most one machine. ``log(level, text)`` writes Renode's log."""

    def __init__(self, quirks: Quirks, log: Callable[[str, str], None], *, joins: bool = True) -> None:
        self._quirks, self._log, self._joins = quirks, log, joins
        self.machine_name = ""
        self._board: Board | None = None
        self._macro = ""
        self._included: set[str] = set()
        self._uart_file: IO[bytes] | None = None
        self._commands: tuple[tuple[str, Callable[..., str]], ...] = (
            (r"version", lambda: quirks.banner),
            (r'mach create "(\w+)"', self._create),
            (r"include @(\S+)", self._include),
            (r"machine LoadPlatformDescription @(\S+)", self._platform),
            (r"machine Reset", self._reset),
            (r"sysbus LoadELF @(\S+)", self._load),
            (r"sysbus ReadDoubleWord (\w+)", lambda at: f"0x{self.board.word(int(at, 0)):08X}"),
            (r"sysbus WriteDoubleWord (\w+) (\w+)", self._write_word),
            (r"sysbus\.cpu VectorTableOffset (\w+)", self._vectors),
            (r"sysbus\.cpu PerformanceInMips (\d+)", self._performance),
            (r"sysbus\.cpu (PC|LR|SP)", self._register),
            (r"sysbus\.cpu IsHalted", lambda: str(self.board.halted)),
            (r"sysbus\.cpu ExecutedInstructions", lambda: f"0x{self.board.executed:016X}"),
            (r"sysbus\.cpu EmulationState", self._state),
            (r"sysbus\.(\w+) CreateFileBackend @(\S+) true", self._file_backend),
            (r"sysbus\.(\w+) WriteChar (\w+)", self._write),
            (r"emulation SetGlobalAdvanceImmediately true", lambda: ""),
            (r'emulation RunFor "([\d.]+)"', self._run_for),
            (r'macro reset "(.*)"', self._set_macro),
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
        if len(commands) > 1 and not self._joins:
            commands = commands[:1]
        said = [self._one(command) for command in commands if command]
        return "\n".join(text for text in said if text)

    def _one(self, command: str) -> str:
        if self._quirks.short_names and re.match(r"(cpu|usart\d|scb\d)\b", command):
            command = f"sysbus.{command}"
        for pattern, action in self._commands:
            found = re.fullmatch(pattern, command)
            if found:
                return action(*found.groups())
        raise Refused(f"No such command or device: {command.split()[0]}")

    def _write_word(self, at: str, word: str) -> str:
        self.board.set_word(int(at, 0), int(word, 0))
        return ""

    def _create(self, name: str) -> str:
        self.machine_name = name
        return ""

    def _include(self, path: str) -> str:
        try:
            self._included.add(included(Path(path).read_text(), self._quirks))
        except Wrong as error:
            raise Refused(str(error)) from error
        return ""

    def _platform(self, path: str) -> str:
        if not self.machine_name:
            raise Refused("There is no machine: mach create first")
        try:
            entries = parse(Path(path).read_text(), self._included)
        except Wrong as error:
            raise Refused(str(error)) from error
        if missing := {"cpu", "nvic", "flash", "sram"} - {entry.name for entry in entries}:
            raise Refused(f"the platform lacks a part: {sorted(missing)}")
        self._board = Board(entries, self._quirks, self._log)
        self._board.on_reset = self._after_reset
        return ""

    def _load(self, path: str) -> str:
        try:
            self.board.load(Path(path))
        except BusError as error:
            raise Refused(f"Tried to access bytes at non-existing peripheral in range 0x{error.address:X}") from error
        return ""

    def _vectors(self, at: str) -> str:
        self.board.vectors = int(at, 0)
        return ""

    def _performance(self, mips: str) -> str:
        self.board.set_speed(int(mips))
        return ""

    def _reset(self) -> str:
        self.board.reset()
        return ""

    def _after_reset(self) -> None:
        if self._macro:
            self.execute(self._macro)
        else:
            self._log("INFO", "dut: No action for reset - macro dut.reset is not registered.")

    def _set_macro(self, text: str) -> str:
        self._macro = text
        return ""

    def _register(self, name: str) -> str:
        core = self.board.machine.core
        return f"0x{core.pc if name == 'PC' else 0:X}"

    def _state(self) -> str:
        if not self._quirks.emulation_state:
            raise Refused("sysbus.cpu does not provide a field, method or property EmulationState.")
        return "Running"

    def _file_backend(self, uart: str, path: str) -> str:
        if uart not in self.board.uarts:
            raise Refused(f"No such command or device: sysbus.{uart}")
        self._uart_file = file = Path(path).open("wb", buffering=0)  # noqa: SIM115 - as long as the emulation

        def keep(byte: int) -> None:
            file.write(bytes([byte]))

        self.board.uarts[uart].transmit = keep
        return ""

    def _write(self, uart: str, byte: str) -> str:
        if uart not in self.board.uarts:
            raise Refused(f"No such command or device: sysbus.{uart}")
        self.board.uarts[uart].receive(int(byte, 0))
        return ""

    def _run_for(self, duration_s: str) -> str:
        self.board.run_for(float(duration_s))
        return ""

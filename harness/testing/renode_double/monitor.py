"""The monitor's commands, as many as are on record."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from harness.testing.renode_double.board import Board
from harness.testing.renode_double.quirks import Quirks

_MODELS = {
    "Memory.MappedMemory", "Memory.ArrayMemory", "IRQControllers.NVIC", "CPU.CortexM", "Miscellaneous.DWT",
    "Miscellaneous.BitBanding", "UART.STM32_UART", "Python.PythonPeripheral", "GPIOPort.STM32_GPIOPort",
}  # fmt: skip
_ENTRY = re.compile(r"^(\w+): ([\w.]+) @ (.*?)\n((?:    .*\n?|\n(?=    ))*)", re.MULTILINE)
_SCRIPT = re.compile(r"script: '''\n(.*?)'''", re.DOTALL)


class Refused(Exception):
    """The command is wrong; the text is what Renode would say."""


class Monitor:
    """One emulation with at most one machine. ``log(level, text)`` writes Renode's log."""

    def __init__(self, quirks: Quirks, log: Callable[[str, str], None], *, joins: bool = True) -> None:
        self._quirks, self._log, self._joins = quirks, log, joins
        self.machine_name = ""
        self.board = Board(log)
        self.board.on_reset = self._after_reset
        self._macro = ""
        self._peripherals: set[str] = set()
        self._uart_file: IO[bytes] | None = None
        self.mips = 100
        self._commands: tuple[tuple[str, Callable[..., str]], ...] = (
            (r"version", lambda: quirks.banner),
            (r'mach create "(\w+)"', self._create),
            (r"machine LoadPlatformDescription @(\S+)", self._platform),
            (r"machine Reset", self._reset),
            (r"sysbus LoadELF @(\S+)", self._load),
            (r"sysbus ReadDoubleWord (\w+)", lambda at: f"0x{self.board.word(int(at, 0)):08X}"),
            (r"sysbus\.cpu VectorTableOffset (\w+)", self._vectors),
            (r"sysbus\.cpu PerformanceInMips (\d+)", self._performance),
            (r"sysbus\.cpu (PC|LR|SP)", self._register),
            (r"sysbus\.cpu IsHalted", lambda: "False"),
            (r"sysbus\.cpu ExecutedInstructions", lambda: f"0x{self.board.executed:016X}"),
            (r"sysbus\.cpu EmulationState", self._state),
            (r"sysbus\.(\w+) CreateFileBackend @(\S+) true", self._file_backend),
            (r"sysbus\.(\w+) WriteChar (\w+)", self._write),
            (r"emulation SetGlobalAdvanceImmediately true", lambda: ""),
            (r'emulation RunFor "([\d.]+)"', self._run_for),
            (r'macro reset "(.*)"', self._set_macro),
        )

    def execute(self, line: str) -> str:
        """Run the commands of a line; what they say. ``Refused`` ends the line."""
        commands = [part.strip() for part in re.findall(r'(?:[^;"]|"[^"]*")+', line)]
        if len(commands) > 1 and not self._joins:
            commands = commands[:1]
        said = [self._one(command) for command in commands if command]
        return "\n".join(text for text in said if text)

    def _one(self, command: str) -> str:
        if self._quirks.short_names and re.match(r"(cpu|usart\d)\b", command):
            command = f"sysbus.{command}"
        for pattern, action in self._commands:
            found = re.fullmatch(pattern, command)
            if found:
                return action(*found.groups())
        raise Refused(f"No such command or device: {command.split()[0]}")

    def _create(self, name: str) -> str:
        self.machine_name = name
        return ""

    def _platform(self, path: str) -> str:
        text = Path(path).read_text()
        for name, model, _place, body in _ENTRY.findall(text):
            if model not in _MODELS:
                raise Refused(f"Error E04: Could not resolve type: '{model}'.")
            if model == "CPU.CortexM" and 'cpuType: "cortex-m4"' not in body:
                raise Refused("the double has a Cortex-M4 only")
            self._peripherals.add(name)
        for script in _SCRIPT.findall(text):
            self._init_script(script)
        if not {"cpu", "nvic", "flash", "sram"} <= self._peripherals:
            raise Refused(f"the platform lacks a part: {sorted(self._peripherals)}")
        return ""

    def _init_script(self, script: str) -> None:
        exec(compile(script, "script", "exec"), {"request": request(self._quirks.capital_requests, is_init=True)})

    def _load(self, path: str) -> str:
        self.board.load(Path(path))
        return ""

    def _vectors(self, at: str) -> str:
        self.board.vectors = int(at, 0)
        return ""

    def _performance(self, mips: str) -> str:
        self.mips = int(mips)
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
        if uart not in self._peripherals:
            raise Refused(f"No such command or device: sysbus.{uart}")
        self._uart_file = file = Path(path).open("wb", buffering=0)  # noqa: SIM115 - as long as the emulation

        def keep(byte: int) -> None:
            file.write(bytes([byte]))

        self.board.on_byte = keep
        return ""

    def _write(self, uart: str, byte: str) -> str:
        if uart != "usart2":
            raise Refused("only usart2 leads anywhere")
        self.board.receive(int(byte, 0))
        return ""

    def _run_for(self, duration_s: str) -> str:
        if self.board.vectors is None:
            self._log("ERROR", "cpu: PC does not lay in memory or PC and SP are equal to zero. CPU was halted.")
            return ""
        self.board.run_for(float(duration_s))
        return ""


def request(capital: bool, *, is_init: bool = False, is_write: bool = False, **fields: int) -> Any:
    """What a PythonPeripheral's script sees of an access, in the spelling of a version."""
    parts = {"isInit": is_init, "isRead": not (is_init or is_write), "isWrite": is_write,
             "offset": 0, "value": 0, "length": 4} | fields  # fmt: skip
    return SimpleNamespace(**{name[0].upper() + name[1:] if capital else name: value for name, value in parts.items()})

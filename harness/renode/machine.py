"""Verbs on one emulated board in Renode: load, read back, run, reset, bytes in and out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import BenchError
from harness.renode.launch import Launched
from harness.renode.log import Findings, scan
from harness.renode.monitor import CommandRefused, NoAnswer
from harness.renode.platform import Facts, render, sources

CALL_TIMEOUT_S = 30.0  # a slice takes milliseconds; the first load of a platform two seconds
_JOINED = 64  # commands in one line


class Machine:
    """One board. ``BenchError`` when Renode refuses something, ``NoAnswer``/``CoreAborted`` when it is at its end."""

    def __init__(self, launched: Launched, facts: Facts) -> None:
        assert launched.monitor is not None
        self._launched, self._monitor, self.facts = launched, launched.monitor, facts
        self.version = version_of(self.do("version"))
        self._out = launched.folder / "uart.bin"
        self._read_to = 0
        self._table = ""  # the command that points the core at its vectors
        for name, text in sources(facts, self.version).items():
            (launched.folder / name).write_text(text, encoding="utf-8")
            self.do(f"include @{launched.folder / name}")
        platform = launched.folder / "board.repl"
        platform.write_text(render(facts))
        self.do('mach create "dut"')
        self.do(f"machine LoadPlatformDescription @{platform}")
        self.do(f"sysbus.cpu PerformanceInMips {facts.mips}")
        self.do("emulation SetGlobalAdvanceImmediately true")  # no sleeping to match the wall clock: we pace it
        self.do(f"{facts.uart_path} CreateFileBackend @{self._out} true")
        # Several commands in a line save a round trip each. Tried, not assumed: then one at a time.
        self._joins = self._takes_several()

    @property
    def description(self) -> str:
        """For the record."""
        return f"Renode {'.'.join(map(str, self.version))}, {self._monitor.how}"

    def do(self, command: str) -> str:
        """Any monitor command."""
        try:
            return self._monitor.execute(command, CALL_TIMEOUT_S, self._launched.watch)
        except NoAnswer:
            self._launched.watch_dropped()
            raise

    def do_all(self, commands: Sequence[str]) -> list[str]:
        """Commands in order, as few lines as can be; the text of each line."""
        size = _JOINED if self._joins else 1
        return [self.do("; ".join(commands[at : at + size])) for at in range(0, len(commands), size)]

    def load(self, elf: Path, vectors: int) -> None:
        """Put an ELF's segments into memory; the core will start at the vector table at ``vectors``."""
        # Renode's paths end at a blank, and it guesses the vector table wrongly when RAM lies below flash.
        copy = self._launched.folder / "firmware.elf"
        copy.write_bytes(elf.read_bytes())
        self.do(f"sysbus LoadELF @{copy}")
        self._table = f"sysbus.cpu VectorTableOffset {vectors:#x}"
        self.do(self._table)
        # A reset, the firmware's own included, forgets the table: this macro runs after each.
        self.do(f'macro reset "{self._table}"')

    def read(self, address: int, size: int) -> bytes:
        """Memory, from a word boundary."""
        commands = [f"sysbus ReadDoubleWord {address + at:#x}" for at in range(0, size, 4)]
        words = [word for text in self.do_all(commands) for word in _parse_numbers(text)]
        if len(words) != len(commands):
            raise BenchError(
                "Renode's answers cannot be read", where=f"ReadDoubleWord at {address:#010x}",
                expected=f"{len(commands)} numbers", found=f"{len(words)} of them",
            )  # fmt: skip
        return b"".join(word.to_bytes(4, "little") for word in words)[:size]

    def give_id(self, uid: str) -> None:
        """Make the chip's own id one that no unit with another ``uid`` has."""
        facts = self.facts
        chip_id = hashlib.sha256(uid.encode()).digest()[: facts.chip_id_bytes]
        for at in range(0, len(chip_id), 4):
            word = int.from_bytes(chip_id[at : at + 4], "little")
            self.do(f"sysbus WriteDoubleWord {facts.chip_id_address + at:#x} {word:#x}")

    def reset(self) -> None:
        """Reset core and peripherals; memory keeps its content. Does nothing before the first ``run``: all is fresh then."""
        if self._table:
            self.do("machine Reset")
            # The macro has done it, where it runs; where flash is not mapped at 0 nothing would start without it.
            self.do(self._table)

    def run(self, duration_s: float, received: bytes = b"") -> None:
        """Let ``duration_s`` of virtual time pass after the bytes ``received`` reached the serial port."""
        advance = f'emulation RunFor "{duration_s:.6f}"'
        self.do_all([*(f"{self.facts.uart_path} WriteChar {byte:#x}" for byte in received), advance])

    def sent(self) -> bytes:
        """What the serial port has sent since the last call."""
        try:
            with self._out.open("rb") as file:
                file.seek(self._read_to)
                data = file.read()
        except FileNotFoundError:
            return b""
        self._read_to += len(data)
        return data

    def number(self, command: str) -> int | None:
        """What a command answers as a number, hexadecimal or not; None where this version has no such property."""
        try:
            numbers = self._numbers(command)
        except CommandRefused:
            return None
        return numbers[0] if numbers else None

    def text(self, command: str) -> str:
        """What a command answers; "" where this version does not know it."""
        try:
            return self.do(command)
        except CommandRefused:
            return ""

    def findings(self) -> Findings:
        """What the log tells so far."""
        return scan(self._launched.log_lines)

    def _takes_several(self) -> bool:
        at = self.facts.flash_origin
        try:
            return len(self._numbers(f"sysbus ReadDoubleWord {at:#x}; sysbus ReadDoubleWord {at + 4:#x}")) == 2
        except CommandRefused:
            return False

    def _numbers(self, command: str) -> list[int]:
        return _parse_numbers(self.do(command))


def version_of(text: str) -> tuple[int, int, int]:
    """The three numbers in what ``version`` answers. ``BenchError`` when there are none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise BenchError("Renode does not say its version", found=text[:200])
    return int(found[1]), int(found[2]), int(found[3])


def _parse_numbers(text: str) -> list[int]:
    """The numbers that stand alone on a line: hexadecimal by default, decimal where a user's configuration says so."""
    return [int(word, 0) for word in re.findall(r"^\s*(0x[0-9A-Fa-f]+|\d+)\s*$", text, re.MULTILINE)]

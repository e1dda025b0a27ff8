"""Addresses of a fault report to names: ``function+0x12 (file:line)``."""

from __future__ import annotations

import io
from bisect import bisect_right
from functools import cached_property
from pathlib import Path

from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection


class Symbols:
    """The functions and source lines of one ELF. One without symbols or lines knows less, no error.

    The file is read at once: what is built over it later has other addresses. Its tables are made when the first address
    is asked for, since most runs end without one.
    """

    def __init__(self, elf: Path) -> None:
        try:
            self._content = elf.read_bytes()
        except OSError:
            self._content = b""

    @cached_property
    def entry(self) -> int | None:
        """Where the image begins to run, None where it does not say."""
        try:
            return (int(ELFFile(io.BytesIO(self._content)).header["e_entry"]) & ~1) or None
        except Exception:  # noqa: BLE001 - as below
            return None

    @cached_property
    def _functions(self) -> list[tuple[int, int, str]]:
        try:
            return _functions(ELFFile(io.BytesIO(self._content)))
        except Exception:  # noqa: BLE001 - a reader of damaged tables fails in any way; names are for people only
            return []

    @cached_property
    def _lines(self) -> list[tuple[int, int, str]]:
        try:
            image = ELFFile(io.BytesIO(self._content))
            return _lines(image.get_dwarf_info()) if image.has_dwarf_info() else []
        except Exception:  # noqa: BLE001 - as above
            return []

    @cached_property
    def _function_starts(self) -> list[int]:
        return [start for start, _, _ in self._functions]

    @cached_property
    def _line_starts(self) -> list[int]:
        return [start for start, _, _ in self._lines]

    def describe(self, address: int) -> str:
        """What lies at ``address`` (bit 0, which says Thumb, is ignored); the bare address where nothing is known."""
        address &= ~1
        name = self._function(address)
        if name is None:
            return f"0x{address:08x}"
        line = self._line(address)
        return f"{name} ({line})" if line else name

    def describe_caller(self, return_address: int) -> str:
        """As ``describe``, for a return address (LR, an entry of a backtrace): the call's line, not the next."""
        return self.describe((return_address & ~1) - 2)

    def address_of(self, function: str) -> int | None:
        """Where that function begins, None if the ELF has none of the name."""
        return next((start for start, _, name in self._functions if name == function), None)

    def _function(self, address: int) -> str | None:
        at = bisect_right(self._function_starts, address) - 1
        if at < 0:
            return None
        start, n_bytes, name = self._functions[at]
        return f"{name}+0x{address - start:x}" if address < start + max(n_bytes, 2) else None

    def _line(self, address: int) -> str | None:
        at = bisect_right(self._line_starts, address) - 1
        if at < 0:
            return None
        _, end, text = self._lines[at]
        return text if address < end else None


def _functions(image: ELFFile) -> list[tuple[int, int, str]]:
    found = set()
    for table in image.iter_sections():
        if isinstance(table, SymbolTableSection):
            for symbol in table.iter_symbols():
                if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF":
                    found.add((int(symbol["st_value"]) & ~1, int(symbol["st_size"]), str(symbol.name)))
    return sorted(found)


def _lines(dwarf: DWARFInfo) -> list[tuple[int, int, str]]:
    """(first address, end, "file:line"), by address; without code that the linker threw away (it is at 0)."""
    found = []
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        files, version = program["file_entry"], program["version"]
        previous = None
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if previous is not None and previous.address and previous.address < state.address:
                # Files count from 1 up to DWARF 4 and from 0 since.
                index = previous.file - (1 if version < 5 else 0)
                name = files[index].name.decode("utf-8", "replace") if 0 <= index < len(files) else "?"
                found.append((previous.address, state.address, f"{name}:{previous.line}"))
            previous = None if state.end_sequence else state
    return sorted(found)

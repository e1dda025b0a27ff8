"""A Cortex-M4F without a program of its own: an image's functions are called, its memory is read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from unicorn import arm_const as reg

from harness.errors import HarnessBug
from harness.virtual.core.cpu import BREAKPOINT, EXEC, READ, WRITE, Core, Registers

FLASH_BASE, _FLASH_BYTES = 0x0800_0000, 2 << 20
_RAM_BASE, _RAM_BYTES = 0x2000_0000, 640 << 10
_STACK_BASE, _STACK_BYTES = 0x3000_0000, 64 << 10
SINK_BASE, _SINK_BYTES = 0x6000_0000, 4 << 20  # for results that the image has no room for
RETURN_TO = FLASH_BASE + _FLASH_BYTES - 4  # behind every image: a breakpoint
_LIMIT = 2_000_000_000
_STACK_FILL = 0xA5


@dataclass(frozen=True)
class Cost:
    """A call: its instructions (its return included) and the deepest stack in bytes."""

    instructions: int
    stack_bytes: int


class _Symbol(NamedTuple):
    address: int
    n_bytes: int


class Processor:
    """A core with an image in its memory. One at a time per thread; memory is freed with the object."""

    def __init__(self, elf: Path) -> None:
        self._flash, self._ram, self._stack = mmap(-1, _FLASH_BYTES), mmap(-1, _RAM_BYTES), mmap(-1, _STACK_BYTES)
        self._sink = mmap(-1, _SINK_BYTES)
        self._symbols = _loaded(elf, ((FLASH_BASE, self._flash), (_RAM_BASE, self._ram)))
        self._core = Core()
        self._core.hook_traps(lambda: False)
        self._core.map_buffer(FLASH_BASE, self._flash, READ | EXEC)
        for base, memory in ((_RAM_BASE, self._ram), (_STACK_BASE, self._stack), (SINK_BASE, self._sink)):
            self._core.map_buffer(base, memory, READ | WRITE)
        self._core.set_breakpoints(frozenset({RETURN_TO}))
        self._registers = Registers(self._core, [reg.UC_ARM_REG_R0, reg.UC_ARM_REG_SP, reg.UC_ARM_REG_LR])

    def call(self, function: str, argument: int = 0) -> Cost:
        """Call a function of the image, which must return 0. ``HarnessBug`` when it does not, or never returns."""
        core, registers = self._core, self._registers
        self._stack[:] = bytes([_STACK_FILL]) * _STACK_BYTES
        registers.values[:] = [argument, _STACK_BASE + _STACK_BYTES, RETURN_TO | 1]
        registers.store()
        core.set_pc(self._symbols[function].address)
        why = core.run(_LIMIT)
        status = registers.load()[0]
        if why != BREAKPOINT or status:
            raise HarnessBug(
                "the bare image did not return 0",
                where=f"{function}, PC {core.pc:#010x}",
                found=f"{why} after {core.ran} instructions, r0 {status:#x}, access {core.bad_access}",
            )
        untouched = _STACK_BYTES - len(self._stack[:].lstrip(bytes([_STACK_FILL])))
        return Cost(int(core.ran), _STACK_BYTES - untouched)

    def on_block(self, seen: Callable[[int, int], None]) -> None:
        """Report the address and size in bytes of each block of instructions from now on."""
        self._core.hook_blocks(seen)

    def memory(self, symbol: str, n_bytes: int, offset: int = 0) -> npt.NDArray[np.uint8]:
        """The bytes of a variable of the image, as they change."""
        return np.frombuffer(self._ram, np.uint8, n_bytes, self._symbols[symbol].address - _RAM_BASE + offset)

    def size(self, symbol: str) -> int:
        """Bytes of a variable of the image; 0 where it has none of that name."""
        return self._symbols[symbol].n_bytes if symbol in self._symbols else 0

    @property
    def sink(self) -> npt.NDArray[np.uint8]:
        """The memory at ``SINK_BASE``."""
        return np.frombuffer(self._sink, np.uint8)

    @property
    def flash(self) -> bytes:
        """A copy of the flash, from ``FLASH_BASE`` on."""
        return self._flash[:]


def _loaded(elf: Path, memories: tuple[tuple[int, mmap], ...]) -> dict[str, _Symbol]:
    """Copies what the image brings into memory; its symbols by name."""
    symbols: dict[str, _Symbol] = {}
    with elf.open("rb") as file:
        image = ELFFile(file)
        for section in image.iter_sections():
            if isinstance(section, SymbolTableSection):
                for symbol in section.iter_symbols():
                    symbols[symbol.name] = _Symbol(int(symbol["st_value"]) & ~1, int(symbol["st_size"]))
            if section["sh_type"] != "SHT_PROGBITS" or not section["sh_flags"] & 2:
                continue
            for base, memory in memories:
                if base <= section["sh_addr"] < base + len(memory):
                    start = section["sh_addr"] - base
                    memory[start : start + section["sh_size"]] = section.data()
    return symbols

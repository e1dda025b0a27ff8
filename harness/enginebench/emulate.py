"""Runs a bare image on an emulated Cortex-M4F, counting instructions exactly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

import numpy as np
import numpy.typing as npt
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from unicorn import arm_const as reg

from harness.enginebench.cycles import Estimator
from harness.enginebench.image import BareImage
from harness.errors import HarnessBug
from harness.models.ir import IrTensor
from harness.virtual.core.cpu import BREAKPOINT, EXEC, READ, WRITE, Core, Registers

_FLASH_BASE, _FLASH_BYTES = 0x0800_0000, 2 << 20
_RAM_BASE, _RAM_BYTES = 0x2000_0000, 640 << 10
_STACK_BASE, _STACK_BYTES = 0x3000_0000, 64 << 10
_SINK_BASE, _SINK_BYTES = 0x6000_0000, 4 << 20  # for the layers' results
_RETURN_TO = _FLASH_BASE + _FLASH_BYTES - 4  # behind every image: a breakpoint
_LIMIT = 2_000_000_000
_STACK_FILL = 0xA5

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Cost:
    """One inference: instructions of ``hil_engine.run`` (its return included) and the deepest stack in bytes."""

    instructions: int
    stack_bytes: int


class Board:
    """A core with the image loaded and the engine started. One at a time per thread; memory is freed with the object."""

    def __init__(self, image: BareImage) -> None:
        self._layout = image.generated.layout
        self._flash, self._ram, self._stack = mmap(-1, _FLASH_BYTES), mmap(-1, _RAM_BYTES), mmap(-1, _STACK_BYTES)
        self._symbols = _loaded(image.elf, ((_FLASH_BASE, self._flash), (_RAM_BASE, self._ram)))
        self._core = Core()
        self._core.hook_traps(lambda: False)
        self._core.map_buffer(_FLASH_BASE, self._flash, READ | EXEC)
        self._core.map_buffer(_RAM_BASE, self._ram, READ | WRITE)
        self._core.map_buffer(_STACK_BASE, self._stack, READ | WRITE)
        self._sink = mmap(-1, _SINK_BYTES)
        self._core.map_buffer(_SINK_BASE, self._sink, READ | WRITE)
        self._core.set_breakpoints(frozenset({_RETURN_TO}))
        self._registers = Registers(self._core, [reg.UC_ARM_REG_R0, reg.UC_ARM_REG_SP, reg.UC_ARM_REG_LR])
        self._call("hil_bare_init")

    def run(self, sample: Array) -> Cost:
        """One inference of a single-input model. ``sample`` holds the input tensor's values, in any shape."""
        self._put(sample)
        self._stack[:] = bytes([_STACK_FILL]) * _STACK_BYTES
        instructions = self._call("hil_bare_run")
        untouched = len(self._stack[:]) - len(self._stack[:].lstrip(bytes([_STACK_FILL])))
        return Cost(instructions, _STACK_BYTES - untouched)

    def estimate(self, sample: Array) -> int:
        """Estimated cycles of one inference (``cycles``): a model of the core applied to what was executed, no measurement."""
        steps: Counter[tuple[int, int, int]] = Counter()
        before = _RETURN_TO
        estimator = Estimator(self._flash[:], _FLASH_BASE)

        def on_block(address: int, size: int) -> None:
            nonlocal before
            steps[before, address, size] += 1
            before = address

        self._core.hook_blocks(on_block)
        exact = self.run(sample).instructions
        cycles, instructions = estimator.total(steps)
        if exact not in instructions:
            raise HarnessBug("blocks were missed", expected=f"{exact} instructions", found=f"{instructions}")
        return cycles

    def run_layers(self, sample: Array) -> dict[int, Array]:
        """One inference; each layer's values [elements] by its tensor's index, as ``Twin.run_layers`` has them."""
        self._put(sample)
        self._call("hil_bare_run_layers", _SINK_BASE)
        layers, start = {}, 0
        for kernel in self._layout.kernels:
            tensor = self._layout.result(kernel)
            layers[tensor.index] = np.frombuffer(self._sink, np.uint8, tensor.n_bytes, start).copy().view(tensor.dtype)
            start += tensor.n_bytes
        return layers

    def value(self, tensor: IrTensor) -> Array:
        """A copy of a tensor's present values [elements]; those that the arena gave to others since are gone."""
        return self._memory(tensor).copy().view(tensor.dtype)

    def output(self) -> Array:
        """The first output's values."""
        return self.value(self._layout.outputs[0])

    def _put(self, sample: Array) -> None:
        (tensor,) = self._layout.inputs
        self._memory(tensor)[:] = np.ascontiguousarray(sample, tensor.dtype).reshape(-1).view(np.uint8)

    def _memory(self, tensor: IrTensor) -> npt.NDArray[np.uint8]:
        start = self._symbols["hil_bare_arena"] - _RAM_BASE + self._layout.offset(tensor)
        return np.frombuffer(self._ram, np.uint8, tensor.n_bytes, start)

    def _call(self, function: str, argument: int = 0) -> int:
        core, registers = self._core, self._registers
        registers.values[:] = [argument, _STACK_BASE + _STACK_BYTES, _RETURN_TO | 1]
        registers.store()
        core.set_pc(self._symbols[function])
        why = core.run(_LIMIT)
        status = registers.load()[0]
        if why != BREAKPOINT or status:
            raise HarnessBug(
                "the bare engine did not return 0",
                where=f"{function}, PC {core.pc:#010x}",
                found=f"{why} after {core.ran} instructions, r0 {status:#x}, access {core.bad_access}",
            )
        return int(core.ran)


def _loaded(elf: Path, memories: tuple[tuple[int, mmap], ...]) -> dict[str, int]:
    """Copies what the image brings into memory; the addresses of its symbols."""
    symbols: dict[str, int] = {}
    with elf.open("rb") as file:
        image = ELFFile(file)
        for section in image.iter_sections():
            if isinstance(section, SymbolTableSection):
                symbols |= {symbol.name: int(symbol["st_value"]) & ~1 for symbol in section.iter_symbols()}
            if section["sh_type"] != "SHT_PROGBITS" or not section["sh_flags"] & 2:
                continue
            for base, memory in memories:
                if base <= section["sh_addr"] < base + len(memory):
                    start = section["sh_addr"] - base
                    memory[start : start + section["sh_size"]] = section.data()
    return symbols

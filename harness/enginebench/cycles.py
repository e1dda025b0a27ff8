"""An **estimate** of a Cortex-M4's cycles, from the instructions that an emulator executed. Nothing of it was measured on a chip.

Costs are those of the processor's Technical Reference Manual (ARM 100166, 3.3 and 7.2), without wait states of the flash:

- 1 cycle: arithmetic, multiplication (all forms, SMLAD and SMULL too), single stores, VADD, VMUL, VMOV, comparisons, IT
- loads of one register: 2, and 1 each behind another such load; VLDR and VSTR 2; LDRD and STRD 3
- LDM, STM, PUSH, POP, VLDM, VSTM of n registers: n + 1
- a taken branch: 2 on top (the manual says 1 to 3); TBB and TBH 2 more for their table
- SDIV and UDIV 12 (2 to 12); VMLA, VFMA and the like 3; VDIV and VSQRT 14

Not in it: flash wait states and what an accelerator makes of them, bus contention, the pipeline's stalls on addresses and float
results that are needed at once. A chip needs more: 1.0 to 1.3 times as much where it could be compared with published cycles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs

_TAKEN = 2
_MANY = ("ldm", "stm", "push", "pop", "vldm", "vstm", "vpush", "vpop")
_FIXED = {
    "ldrd": 3,
    "strd": 3,
    "vldr": 2,
    "vstr": 2,
    "sdiv": 12,
    "udiv": 12,
    "tbb": 3,
    "tbh": 3,
    "vdiv": 14,
    "vsqrt": 14,
    **dict.fromkeys(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"), 3),
}  # by how the mnemonic begins; whatever is not here takes one


@dataclass(frozen=True)
class Block:
    """Straight-line code: where it ends, how many instructions, how many of those in IT blocks (the emulator counts them where
    their condition holds; the core takes its cycle all the same), and cycles, without that of a branch taken."""

    end: int
    instructions: int
    conditional: int
    cycles: int


class Estimator:
    """Cycles of an image's code. ``code`` lies at ``base``; blocks are looked at once."""

    def __init__(self, code: bytes, base: int) -> None:
        self._code, self._base = code, base
        self._reader = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS)
        self._known: dict[tuple[int, int], Block] = {}

    def block(self, start: int, size: int) -> Block:
        """The ``size`` bytes from ``start`` on."""
        key = start, size
        if key not in self._known:
            at = start - self._base
            lines = [(m, text) for _, _, m, text in self._reader.disasm_lite(self._code[at : at + size], start)]
            conditional = sum(len(mnemonic) - 1 for mnemonic, _ in lines if mnemonic.startswith("it"))
            self._known[key] = Block(start + size, len(lines), conditional, cycles_of(lines))
        return self._known[key]

    def total(self, steps: Mapping[tuple[int, int, int], int]) -> tuple[int, range]:
        """(cycles, instructions that an emulator may have counted) of a run. ``steps`` counts (start of the block before, start,
        size) of the blocks entered."""
        sizes = {start: size for _, start, size in steps}
        cycles = instructions = conditional = 0
        for (before, start, size), times in steps.items():
            block = self.block(start, size)
            branched = before in sizes and self.block(before, sizes[before]).end != start
            cycles += times * (block.cycles + (_TAKEN if branched else 0))
            instructions += times * block.instructions
            conditional += times * block.conditional
        return cycles, range(instructions - conditional, instructions + 1)


def cycles_of(lines: Iterable[tuple[str, str]]) -> int:
    """Of instructions (mnemonic, operands) one behind the other, none of them a branch taken."""
    total, in_a_run = 0, False
    for mnemonic, operands in lines:
        load = mnemonic.startswith("ldr") and not mnemonic.startswith("ldrd")
        if load:
            total += 1 if in_a_run else 2
        elif mnemonic.startswith(_MANY):
            total += 1 + len(operands.partition("{")[2].split(","))
        else:
            total += next((cycles for begin, cycles in _FIXED.items() if mnemonic.startswith(begin)), 1)
        in_a_run = load
    return total

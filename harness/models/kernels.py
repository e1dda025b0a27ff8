"""The kernel sets: ``plain`` C, which is the truth, and ``fast`` for cores with the DSP extension.

A file in ``firmware/engine/fast`` takes the place of the file of the same name in ``firmware/engine``: same functions, same
contracts, same bits out. Both sets are portable C; the fast one uses the DSP instructions where the core has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

KernelSet = Literal["plain", "fast"]
KERNEL_SETS: tuple[KernelSet, ...] = ("plain", "fast")
_DSP_CORES = {"cortex-m4", "cortex-m4f", "cortex-m7"}


def default_set(core: str) -> KernelSet:
    """The set for a board's ``core``: fast where the core has the DSP extension and unaligned access."""
    return "fast" if core in _DSP_CORES else "plain"


def kernel_sources(engine_dir: Path, kernels: KernelSet) -> list[Path]:
    """The C files of a set, in an order that does not depend on the machine."""
    chosen = {path.name: path for path in engine_dir.glob("*.c")}
    if kernels == "fast":
        chosen |= {path.name: path for path in (engine_dir / "fast").glob("*.c")}
    return [chosen[name] for name in sorted(chosen)]


def kernel_includes(engine_dir: Path) -> list[Path]:
    """Where the headers of both sets are."""
    return [engine_dir, engine_dir / "fast"]

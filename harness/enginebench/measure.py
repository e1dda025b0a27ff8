"""One row of the table: a model, a kernel set and a compiler, compiled and run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.disk.scratch import scratch
from harness.enginebench.emulate import Board
from harness.enginebench.figures import FIGURES, Figures
from harness.enginebench.image import CompilerName, compiled
from harness.enginebench.memory import ram_bytes
from harness.enginebench.peers import Peer
from harness.models.ir import Array, IrTensor
from harness.models.kernels import KernelSet

_SEED = 1


@dataclass(frozen=True)
class Row:
    """What one inference costs. ``kernels``: our set, or whose functions take its place. ``estimated_cycles``: by a model of the
    core (``cycles``), measured nowhere. ``flash_bytes``: engine code, tables and weights; ``ram_bytes``: arena (input, output and
    scratch memory in it) and tables; ``reused_ram_bytes``: the same if the input's memory may be used again (``memory``);
    ``stack_bytes`` beside both. The firmware around the engine is in none of them."""

    model: str
    dtype: str
    kernels: str
    compiler: str
    instructions: int
    estimated_cycles: int
    flash_bytes: int
    weights_bytes: int
    ram_bytes: int
    reused_ram_bytes: int
    stack_bytes: int
    macs: int

    @property
    def code_bytes(self) -> int:
        """Flash without the weights."""
        return self.flash_bytes - self.weights_bytes

    @property
    def figures(self) -> Figures:
        """What others need for this network; nothing where nothing is known."""
        return FIGURES.get(self.model, Figures())

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(model: str, path: Path, *, kernels: KernelSet, compiler: CompilerName, peer: Peer | None = None) -> Row:
    """Compile and run one inference of random input (the count varies with it by parts in ten thousand).

    Errors as ``compiled``.
    """
    with scratch("hil-bench-") as folder:
        image = compiled(path, folder, kernels=kernels, compiler=compiler, peer=peer)
        layout = image.generated.layout
        (tensor,) = layout.inputs
        board, sample = Board(image), random_sample(tensor)
        cost, cycles = board.run(sample), board.estimate(sample)
        kept, reused = (
            ram_bytes(path, image, board, sample, peer, keep_inputs=keep_inputs) for keep_inputs in (True, False)
        )
    return Row(
        model=model,
        dtype=tensor.dtype,
        kernels=peer.name if peer else kernels,
        compiler=f"{compiler} {_version(image.compiler)}",
        instructions=cost.instructions,
        estimated_cycles=cycles,
        flash_bytes=image.flash_bytes,
        weights_bytes=image.weights_bytes,
        ram_bytes=kept,
        reused_ram_bytes=reused,
        stack_bytes=cost.stack_bytes,
        macs=sum(kernel.macs for kernel in layout.kernels),
    )


def _version(text: str) -> str:
    """12.2.1 of "arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205"."""
    numbers = re.findall(r"(?<![\w:.])\d+(?:\.\d+)+", text)
    return numbers[-1] if numbers else text


def random_sample(tensor: IrTensor, seed: int = _SEED) -> Array:
    """[elements] values: all of int8, or 0..1 in float32."""
    random = np.random.default_rng(seed)
    if tensor.dtype == "int8":
        return random.integers(-128, 128, tensor.elements).astype(np.int8)
    return random.random(tensor.elements, dtype=np.float32)


def measured(
    models: Sequence[tuple[str, Path]],
    kernel_sets: Sequence[KernelSet],
    compilers: Sequence[CompilerName],
    peer: Peer | None = None,
) -> Iterator[Row]:
    """Rows as they are ready: by model, compiler, kernel set; the peer's last, around our fast kernels."""
    for name, path in models:
        for compiler in compilers:
            for kernels in kernel_sets:
                yield measure(name, path, kernels=kernels, compiler=compiler)
            if peer is not None:
                yield measure(name, path, kernels="fast", compiler=compiler, peer=peer)

"""Places tensors in one arena so that none overlaps another that is alive at the same time. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from harness.models.codegen.passes import Program

ALIGNMENT = 8  # of each block; the arena itself is aligned to 16 by whoever owns it
_ARENA_GRANULE = 16


@dataclass(frozen=True)
class Block:
    """``n_bytes`` that must survive from step ``first`` to step ``last``, both included."""

    key: int
    n_bytes: int
    first: int
    last: int

    def alive_with(self, other: Block) -> bool:
        """Whether both hold data at some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class ArenaPlan:
    """Where each block lies and how large the arena must be."""

    offsets: dict[int, int]
    n_bytes: int
    core_bytes: int  # without the inputs, which lie last


def scratch_key(step: int) -> int:
    """The key of the scratch memory of the layer at that step; tensors' keys are their indices, from 0 on."""
    return -1 - step


def lifetimes(program: Program, scratch_bytes: Mapping[int, int]) -> tuple[Block, ...]:
    """One block per tensor in memory and one per scratch (given by step). Step i is the i-th layer.

    Inputs live throughout: they keep their content during a run, so that the firmware can prove what the engine read,
    and after it, so that per-layer mode can compute the same sample again. Outputs live from their layer to the end.
    States live throughout too: what a run leaves there, the next one finds.
    """
    graph, storage = program.graph, program.storage
    end = len(graph.layers)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index in graph.inputs:
        first[storage[index]], last[storage[index]] = -1, end
    for step, layer in enumerate(graph.layers):
        for index in layer.inputs:
            if index >= 0 and graph.tensor(index).data is None:
                held = storage[index]
                last[held] = max(step, last.get(held, step))
        for index in layer.outputs:
            first.setdefault(index, step)
            last.setdefault(index, step)
    for index in graph.outputs:
        last[storage[index]] = end
    for index in program.states:
        first[index], last[index] = -1, end
    tensors = (Block(index, graph.tensor(index).n_bytes, first[index], last[index]) for index in sorted(first))
    scratch = (Block(scratch_key(step), n_bytes, step, step) for step, n_bytes in sorted(scratch_bytes.items()))
    return (*tensors, *scratch)


def place(blocks: Iterable[Block], inputs: Container[int] = ()) -> ArenaPlan:
    """Greedy: largest first, each into the lowest gap that is free for its whole life. Deterministic.

    Blocks whose key is in ``inputs`` come after all others. Since they live throughout, that costs nothing, and a caller
    who has the inputs in memory of its own (the firmware's slots) can leave the arena's end away.

    A network's RAM is then, beside the slots, two neighbouring tensors at their largest. What could still be gained there
    (writing a convolution's output over its input behind the last row that is still needed) is not done: it would save
    18 KB of MobileNet's 54, but each kernel's order of reading and writing would become part of its contract, for
    kernels that a user may replace with others (CMSIS-NN).
    """
    blocks = list(blocks)
    core = _placed([b for b in blocks if b.key not in inputs])
    core_bytes = _up(_end(core), _ARENA_GRANULE)
    end = core_bytes
    for block in sorted((b for b in blocks if b.key in inputs), key=lambda b: b.key):
        core.append((end, block))
        end = _up(end + block.n_bytes, ALIGNMENT)
    return ArenaPlan({block.key: offset for offset, block in core}, _up(end, _ARENA_GRANULE), core_bytes)


def _placed(blocks: Iterable[Block]) -> list[tuple[int, Block]]:
    placed: list[tuple[int, Block]] = []
    for block in sorted(blocks, key=lambda b: (-b.n_bytes, b.first, b.key)):
        offset = 0
        for other_offset, other in sorted(
            (p for p in placed if p[1].alive_with(block)), key=lambda p: (p[0], p[1].key)
        ):
            if offset + block.n_bytes <= other_offset:
                break
            offset = max(offset, _up(other_offset + other.n_bytes, ALIGNMENT))
        placed.append((offset, block))
    return placed


def _end(placed: Iterable[tuple[int, Block]]) -> int:
    return max((offset + block.n_bytes for offset, block in placed), default=0)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple

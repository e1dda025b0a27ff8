"""Places tensors in one arena so that none overlaps another that is alive at the same time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.models.codegen.passes import Program

ALIGNMENT = 8  # of each block; the arena itself is aligned to 16 by whoever owns it
_ARENA_GRANULE = 16
_ROUNDS = 4  # orders of placing that are tried
_SINGLE_TRIES = 16  # pairs that are joined or parted on their own


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


@dataclass(frozen=True)
class Over:
    """A block that may be written over ``operand``, which dies at its step, if it begins exactly ``distance`` bytes below it."""

    operand: int
    distance: int


def scratch_key(step: int) -> int:
    """The key of the scratch memory of the layer at that step; tensors' keys are their indices, from 0 on."""
    return -1 - step


def lifetimes(program: Program, scratch_bytes: Mapping[int, int], *, keep_inputs: bool = True) -> tuple[Block, ...]:
    """One block per tensor in memory and one per scratch (given by step). Step i is the i-th layer.

    Inputs live throughout if they are kept: they keep their content during a run, so that the firmware can prove what the
    engine read, and after it, so that per-layer mode can compute the same sample again. Else they live to their last reader.
    Outputs live from their layer to the end. States live throughout too: what a run leaves there, the next one finds.
    """
    graph, storage = program.graph, program.storage
    end = len(graph.layers)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index in graph.inputs:
        first[storage[index]], last[storage[index]] = -1, end if keep_inputs else -1
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


def place(
    blocks: Iterable[Block], inputs: Container[int] = (), over: Mapping[int, Over] = MappingProxyType({})
) -> ArenaPlan:
    """Greedy: largest first, each into the lowest gap that is free for its whole life. Deterministic.

    Blocks whose key is in ``inputs`` come after all others. Since they live throughout, that costs nothing, and a caller
    who has the inputs in memory of its own (the firmware's slots) can leave the arena's end away.

    ``over``: by the key of a block, whose memory it may take. The two then move as one. All such pairs are joined, or none, and
    from the better of the two single pairs are joined or parted while that helps.
    """
    blocks = list(blocks)
    core = _best([b for b in blocks if b.key not in inputs], over)
    core_bytes = _up(_end(core), _ARENA_GRANULE)
    end = core_bytes
    for block in sorted((b for b in blocks if b.key in inputs), key=lambda b: b.key):
        core.append((end, block))
        end = _up(end + block.n_bytes, ALIGNMENT)
    return ArenaPlan({block.key: offset for offset, block in core}, _up(end, _ARENA_GRANULE), core_bytes)


_Placed = list[tuple[int, Block]]


def _best(blocks: list[Block], over: Mapping[int, Over]) -> _Placed:
    least, size = _least(blocks, over), {block.key: block.n_bytes for block in blocks}
    largest = sorted(over, key=lambda key: (-size[key], key))[:_SINGLE_TRIES]
    best, joined = _tried(_groups(blocks, {}), least), frozenset[int]()
    for keys in (frozenset(over), *(frozenset((key,)) for key in largest)):
        if _end(best) <= least:
            break
        trial_keys = joined ^ keys
        trial = _tried(_groups(blocks, {key: over[key] for key in sorted(trial_keys)}), least)
        if _end(trial) < _end(best):
            best, joined = trial, trial_keys
    return best


def _least(blocks: list[Block], over: Mapping[int, Over]) -> int:
    """What no plan can do without: the sum of what is alive, at the step where it is greatest."""
    by_key = {block.key: block for block in blocks}
    shared: Counter[int] = Counter()
    for key, pair in over.items():
        output, operand = by_key[key], by_key[pair.operand]
        both = max(output.n_bytes, operand.n_bytes + pair.distance)
        # A pair that takes more together than apart is left apart.
        shared[output.first] += max(0, operand.n_bytes + output.n_bytes - both)
    steps = {block.first for block in blocks}
    return max(
        (sum(b.n_bytes for b in blocks if b.first <= step <= b.last) - shared[step] for step in steps), default=0
    )


def _tried(groups: list[_Placed], least: int) -> _Placed:
    """The best of some orders: what ended highest is placed first the next time."""
    best: _Placed | None = None
    for solid in (False, True) if any(len(group) > 1 for group in groups) else (False,):
        early: set[int] = set()
        for _ in range(_ROUNDS):
            trial = _placed(groups, early, solid=solid)
            end = _end(trial)
            if best is None or end < _end(best):
                best = trial
            if end <= least:
                return best
            early |= {block.key for offset, block in trial if offset + block.n_bytes == end}
    assert best is not None
    return best


def _groups(blocks: list[Block], over: Mapping[int, Over]) -> list[_Placed]:
    """Blocks that move as one, each with its place in its group; the lowest is at 0."""
    groups: dict[int, _Placed] = {block.key: [(0, block)] for block in blocks}
    for key, pair in over.items():
        mine, others = groups[key], groups[pair.operand]
        if mine is others:
            continue
        ((at, _),) = [m for m in mine if m[1].key == key]
        ((there, _),) = [m for m in others if m[1].key == pair.operand]
        move = there - pair.distance - at
        others.extend((offset + move, block) for offset, block in mine)
        for _, block in mine:
            groups[block.key] = others
    distinct = {id(group): group for group in groups.values()}
    return [[(offset - min(o for o, _ in group), block) for offset, block in group] for group in distinct.values()]


def _placed(groups: list[_Placed], early: Container[int], *, solid: bool) -> _Placed:
    """``solid``: a group keeps all its memory for all its life. That wastes some, and keeps places even, of which more fit."""

    def rank(group: _Placed) -> tuple[bool, int, int, int]:
        late = not any(block.key in early for _, block in group)
        return late, -_end(group), min(b.first for _, b in group), min(b.key for _, b in group)

    placed: _Placed = []
    filled: _Placed = []  # the same as seen by those that come after
    for group in sorted(groups, key=rank):
        shape = [(0, _hull(group))] if solid else group
        taken = sorted(
            (start - at - block.n_bytes, start - at + other.n_bytes)
            for at, block in shape
            for start, other in filled
            if other.alive_with(block)
        )
        offset = 0
        for above, below in taken:  # the group may lie at `above` or lower, at `below` or higher
            if offset <= above:
                break
            offset = max(offset, _up(below, ALIGNMENT))
        placed += [(offset + at, block) for at, block in group]
        filled += [(offset + at, block) for at, block in shape]
    return placed


def _hull(group: _Placed) -> Block:
    members = [block for _, block in group]
    return Block(members[0].key, _end(group), min(b.first for b in members), max(b.last for b in members))


def _end(placed: Iterable[tuple[int, Block]]) -> int:
    return max((offset + block.n_bytes for offset, block in placed), default=0)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple

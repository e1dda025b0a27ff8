"""Whether a unit's RAM holds what is written to it: patterns through the probe, its core halted.

Four passes over the whole of it, each written to its end before the first word of it is read back:

- the word's own address: two addresses that lead to one cell show themselves;
- 0x55555555 and 0xAAAAAAAA: each bit as 0 and as 1, its neighbours the other way round;
- a single 1 that walks on from word to word: bits that are tied together.

What only goes wrong warm, or hours later (a cell that forgets), is not seen so. The content is lost: reset the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from harness.bench.probes import MEMORY_BYTES, MemoryProbe
from harness.clock import Clock

Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class RamReport:
    """``tested`` of ``total`` bytes: fewer where the time was too short for all. ``first``: what differs, "" where nothing does.

    ``wrong`` words of ``words`` read back did not hold what was written.
    """

    tested: int
    total: int
    words: int
    wrong: int
    first: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every word held."""
        return self.wrong == 0


def _own_address(addresses: Words) -> Words:
    return addresses


def _alternating(word: int) -> Callable[[Words], Words]:
    return lambda addresses: np.full_like(addresses, word)


def _walking(addresses: Words) -> Words:
    return np.asarray(np.left_shift(np.uint32(1), (addresses // 4) % np.uint32(32)), dtype=np.uint32)


PATTERNS: Final[tuple[tuple[str, Callable[[Words], Words]], ...]] = (
    ("its address", _own_address),
    ("0x55555555", _alternating(0x55555555)),
    ("0xaaaaaaaa", _alternating(0xAAAAAAAA)),
    ("a walking 1", _walking),
)


def check_ram(probe: MemoryProbe, origin: int, n_bytes: int, *, clock: Clock, budget_s: float) -> RamReport:
    """Test ``n_bytes`` from ``origin`` on, both multiples of 4. The core stays halted; ``BenchError`` of the probe comes out.

    The first block is timed; where all of them would take longer than ``budget_s``, blocks evenly spread over the whole are
    tested, its first and its last among them.
    """
    began_s = clock.monotonic_s()
    probe.halt()
    blocks = [(at, min(MEMORY_BYTES, origin + n_bytes - at)) for at in range(origin, origin + n_bytes, MEMORY_BYTES)]
    before_s = clock.monotonic_s()
    probe.write_memory(blocks[0][0], PATTERNS[0][1](_addresses(*blocks[0])).tobytes())
    probe.read_memory(*blocks[0])
    each_s = clock.monotonic_s() - before_s
    blocks = spread(blocks, int(budget_s / (each_s * len(PATTERNS))) if each_s > 0 else len(blocks))
    words, wrong, first = 0, 0, ""
    for name, pattern in PATTERNS:
        for block in blocks:
            probe.write_memory(block[0], pattern(_addresses(*block)).astype("<u4").tobytes())
        for block in blocks:
            addresses = _addresses(*block)
            expected = pattern(addresses)
            found = np.frombuffer(probe.read_memory(*block), "<u4")
            bad = np.flatnonzero(found != expected)
            words, wrong = words + len(addresses), wrong + len(bad)
            if len(bad) and not first:
                at = bad[0]
                first = f"{addresses[at]:#010x} holds {found[at]:#010x} after {expected[at]:#010x} ({name}) was written"
    tested = sum(size for _, size in blocks)
    return RamReport(tested, n_bytes, words, wrong, first, clock.monotonic_s() - began_s)


def spread(blocks: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most ``most`` of them, but the first and the last, and evenly between."""
    if most >= len(blocks):
        return list(blocks)
    chosen = np.unique(np.linspace(0, len(blocks) - 1, max(2, most)).round().astype(int))
    return [blocks[at] for at in chosen]


def _addresses(origin: int, n_bytes: int) -> Words:
    return np.arange(origin, origin + n_bytes, 4, dtype=np.uint32)

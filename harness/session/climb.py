"""The speed of the line: from the safe one to the fastest that board, adapter and cable hold, and back.

Every board starts at its safe baud. A higher one is asked for, both sides change, and test frames of the hardest
patterns go both ways at once; all must come back unchanged and without a bad frame. A speed that does not hold costs
half a second: so long the board waits for a good frame before it goes back ("Speed" in SPEC.md).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from harness.errors import BenchError, PlanError

#: Alternating bits, the longest run of each level that 8N1 allows, and all values: what a line with too little bandwidth,
#: a wrong sampling point or a lost byte shows itself by. Eight frames a round, sent without waiting for one another.
PROBE_BYTES: Final = 256
_DRAWN = random.Random(0x4849)
PROBES: Final = tuple(
    pattern * (PROBE_BYTES // len(pattern))
    for pattern in (
        b"\x55",
        b"\xaa",
        b"\x00",
        b"\xff",
        b"\x0f\xf0",
        b"\x01\xfe",
        b"\x80\x7f",
        _DRAWN.randbytes(PROBE_BYTES),
    )
)


class Line(Protocol):
    """What climbing needs of a session. Speeds in bits per second."""

    @property
    def safe_baud(self) -> int | None:
        """The speed that board and host start with; None for a line without one."""
        ...

    def adapter_takes(self, baud: int) -> bool:
        """Whether this end can be set to that speed. It is left as it was."""
        ...

    def change_baud(self, baud: int) -> bool:
        """Ask the board to change, and change with it; False when it will not. BoardSilentError when it is silent."""
        ...

    def lost_probes(self, probes: Sequence[bytes]) -> int:
        """How many of these did not come back unchanged, plus the damaged frames that this end saw meanwhile."""
        ...

    def back_to_safe(self) -> None:
        """Meet the board at the safe speed again. BoardSilentError when it does not come."""
        ...


@dataclass(frozen=True)
class Climbed:
    """Where the climb ended. ``refused`` maps each speed that does not hold to the reason, in words."""

    baud: int | None
    refused: dict[int, str]
    steps: int  # changes to a higher speed that held
    note: str = ""


def climb(
    line: Line,
    offered: Sequence[int],
    *,
    fixed: int | None = None,
    known: int | None = None,
    avoid: Sequence[int] = (),
) -> Climbed:
    """Find the fastest speed of those that the board offers, or go to the one that is fixed.

    ``known`` is what held last time: it is tried first, and kept if it holds. ``avoid`` are speeds known not to. A line
    without a speed (TCP, a pipe) is left alone, with a note. PlanError when ``fixed`` is not offered, BenchError when it does not
    hold; BoardSilentError when the board is lost on the way. On return both sides are at ``baud``.
    """
    safe = line.safe_baud
    if safe is None:
        return Climbed(None, {}, 0, "this line has no speed that could be set" if fixed is not None else "")
    if fixed is not None:
        return _fixed(line, safe, offered, fixed)
    higher = [baud for baud in sorted(set(offered)) if baud > safe]
    refused: dict[int, str] = {}
    steps, best = 0, safe
    if known in higher and known is not None:
        failure = _try(line, known)
        if failure is not None and failure.at_safe:
            # It held before. A host that was kept from running since it asked finds its board gone back as well.
            failure = _try(line, known)
        if failure is None:
            steps, best = 1, known
        else:
            refused[known] = failure.why
    for baud in higher:
        if baud <= best or baud in avoid or baud in refused:
            continue
        failure = _try(line, baud)
        if failure is None:
            steps, best = steps + 1, baud
            continue
        refused[baud] = failure.why
        if failure.at_safe and best != safe:
            again = _try(line, best)
            if again is not None:
                refused[best] = again.why
                best = safe
        break
    return Climbed(best, refused, steps)


def _fixed(line: Line, safe: int, offered: Sequence[int], fixed: int) -> Climbed:
    if fixed == safe:
        return Climbed(safe, {}, 0)
    if fixed not in offered:
        raise PlanError(
            "the board does not offer the baud that the plan asks for",
            expected=f"one of: {', '.join(map(str, sorted({safe, *offered})))}",
            found=fixed,
            next_step="change stream.baud in the plan, or leave it out",
        )
    failure = _try(line, fixed)
    if failure is not None and failure.at_safe:
        failure = _try(line, fixed)  # once more, as for a speed that held before
    if failure is not None:
        # Another unit's line may: that is no mistake of the plan, nor does it say anything of the product.
        raise BenchError(
            "the line does not hold the baud that the plan asks for",
            expected=f"{fixed} baud without an error",
            found=failure.why,
            next_step="leave stream.baud out, or use another cable or adapter",
        )
    return Climbed(fixed, {}, 1)


@dataclass(frozen=True)
class _Failure:
    """Why a speed does not hold, and whether both sides are now at the safe one (else where they were)."""

    why: str
    at_safe: bool


def _try(line: Line, baud: int) -> _Failure | None:
    """None when both sides are at that speed and it holds."""
    if not line.adapter_takes(baud):
        return _Failure("the adapter cannot be set to it", at_safe=False)
    if not line.change_baud(baud):
        return _Failure("the board refuses it", at_safe=False)
    lost = line.lost_probes(PROBES)
    if lost == 1:
        # One more chance: a single spark must not decide about a year of runs.
        lost = line.lost_probes(PROBES)
    if not lost:
        return None
    line.back_to_safe()
    # A damaged answer may be counted twice: as bad, and as missing.
    return _Failure(f"of {len(PROBES)} test frames {min(lost, len(PROBES))} were lost or damaged", at_safe=True)

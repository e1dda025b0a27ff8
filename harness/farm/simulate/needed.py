"""How many units a deadline takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.farm.simulate.engine import play
from harness.farm.simulate.model import Arrivals, Habits, Played, Rack, Work

_MOST = 4096


@dataclass(frozen=True)
class Needed:
    """The smallest rack found: units of each kind; None where no number helps. ``share``: of the played stretches in time."""

    units: dict[str, int] | None
    share: float


def stretches(
    rack: Rack, works: Sequence[Work], arrivals: Arrivals, habits: Habits, *, times: int, seed: int
) -> list[Played]:
    """So many independent stretches."""
    return [play(rack, works, arrivals, habits, seed + number) for number in range(times)]


def needed(
    rack: Rack,
    works: Sequence[Work],
    arrivals: Arrivals,
    habits: Habits,
    *,
    deadline_s: float,
    confidence: float = 0.95,
    times: int = 40,
    seed: int = 1,
) -> Needed:
    """Units of each kind so that ``confidence`` of the stretches end in time, kind by kind: kinds do not wait for each other.

    A stretch is in time when every kind is, so each of them has to be oftener than that.

    Shared processors and the coordinator are as in ``rack``; each kind is asked with the others' work away, and the whole is
    played once more at the end, whose share is told.
    """
    found: dict[str, int] = {}
    kinds = sorted({work.board for work in works})
    each = confidence ** (1 / max(1, len(kinds)))
    for board in kinds:
        own = [work for work in works if work.board == board]
        come = replace(
            arrivals, per_hour=arrivals.per_hour * len(own) / len(works)
        )  # its share of what is drawn from all
        number = _smallest(replace(rack, units={}), board, own, come, habits, deadline_s, each, times, seed)
        if number is None:
            return Needed(None, 0.0)
        found[board] = number
    whole = stretches(replace(rack, units=found), works, arrivals, habits, times=times, seed=seed)
    return Needed(found, _in_time(whole, deadline_s))


def _smallest(
    rack: Rack,
    board: str,
    works: Sequence[Work],
    arrivals: Arrivals,
    habits: Habits,
    deadline_s: float,
    confidence: float,
    times: int,
    seed: int,
) -> int | None:
    def enough(number: int) -> bool:
        played = stretches(replace(rack, units={board: number}), works, arrivals, habits, times=times, seed=seed)
        return _in_time(played, deadline_s) >= confidence

    # Each case has at most two tries, each on a unit of its own: what more units do not help, many more will not.
    most = _MOST if arrivals.per_hour else min(_MOST, 4 * arrivals.rounds * len(works))
    high = 1
    while not enough(high):
        high *= 2
        if high > most:
            return None
    low = high // 2  # not enough, or 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _in_time(played: Sequence[Played], deadline_s: float) -> float:
    return sum(one.in_time(deadline_s) for one in played) / len(played)

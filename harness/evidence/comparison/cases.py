"""Which case of the baseline is compared with which of the candidate. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.evidence.comparison.compared import Alone
from harness.records import Record
from harness.verdict.swap import Side

_OLDER = "an older run of the same case and unit"
_Key = Callable[[Record], Hashable]

#: In this order: the same case; the same but for the model's name; the same but for the board.
_ALIKE: tuple[_Key, ...] = (
    lambda record: (record.plan, record.board, record.model, record.unit.uid if record.unit else ""),
    lambda record: (record.plan, record.board, record.model),
    lambda record: (record.plan, record.board),
    lambda record: (record.plan, record.model),
)


@dataclass(frozen=True)
class Pairs:
    """The pairs, in the order of the candidate's case ids, and what found no partner."""

    pairs: tuple[tuple[Side, Side], ...]
    alone: tuple[Alone, ...]


def paired(baseline: Sequence[Side], candidate: Sequence[Side]) -> Pairs:
    """One run of each side belongs to the other whatever it is: the user named both.

    Of several, those of one plan, board and model do, of one unit first; then those that differ in the model's name alone, then
    in the board alone, if there is no other on either side that they might belong to. Of several runs of one case on one unit
    the newest stands for it.
    """
    if len(baseline) == len(candidate) == 1:
        return Pairs(((baseline[0], candidate[0]),), ())
    (ours, before_older), (theirs, after_older) = _newest(baseline), _newest(candidate)
    found: list[tuple[Side, Side]] = []
    for key in _ALIKE:
        for one in list(ours):
            mates = [other for other in theirs if key(other.record) == key(one.record)]
            rivals = [other for other in ours if key(other.record) == key(one.record)]
            if len(mates) == 1 and len(rivals) == 1:
                found.append((one, mates[0]))
                ours.remove(one)
                theirs.remove(mates[0])
    found.sort(key=lambda pair: pair[1].record.case_id)
    single = [_alone(side, "baseline", _why(side, theirs)) for side in ours]
    single += [_alone(side, "candidate", _why(side, ours)) for side in theirs]
    older = [_alone(side, "baseline", _OLDER) for side in before_older]
    older += [_alone(side, "candidate", _OLDER) for side in after_older]
    return Pairs(tuple(found), tuple(sorted((*single, *older), key=lambda one: (one.case_id, one.side, one.run_id))))


def _alone(side: Side, which: Literal["baseline", "candidate"], why: str) -> Alone:
    return Alone(case_id=side.record.case_id, side=which, run_id=side.record.run_id, why=why)


def _newest(sides: Sequence[Side]) -> tuple[list[Side], list[Side]]:
    """The newest run of each case on each unit, and the others."""
    kept: dict[Hashable, Side] = {}
    older: list[Side] = []
    for side in sorted(sides, key=lambda side: side.record.started, reverse=True):
        key = _ALIKE[0](side.record)
        if key in kept:
            older.append(side)
        else:
            kept[key] = side
    return sorted(kept.values(), key=lambda side: side.record.case_id), older


def _why(side: Side, others: Sequence[Side]) -> str:
    like = [other.record.case_id for other in others if other.record.plan == side.record.plan]
    return f"it may belong to any of {', '.join(like)}" if len(like) > 1 else ""

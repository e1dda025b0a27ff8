"""Which case of the baseline is compared with which of the candidate. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.evidence.comparison.compared import Alone
from harness.records import Record
from harness.verdict.swap import Side

_OLDER = "an older run of the same case on the same unit"
_Key = Callable[[Record], Hashable]

#: In this order: the same case on the same unit; on another; the same but for the model's name; the same but for the board.
_ALIKE: tuple[_Key, ...] = (
    lambda record: (record.plan, record.board, record.model, record.unit.uid if record.unit else ""),
    lambda record: (record.plan, record.board, record.model),
    lambda record: (record.plan, record.board),
    lambda record: (record.plan, record.model),
)


@dataclass(frozen=True)
class Pair:
    """Two runs that are compared. ``repeats``: earlier boots of the same firmware on the same unit, of either side."""

    baseline: Side
    candidate: Side
    repeats: tuple[tuple[Side, ...], tuple[Side, ...]] = ((), ())


@dataclass(frozen=True)
class Pairs:
    """The pairs, in the order of the candidate's case ids, and what found no partner."""

    pairs: tuple[Pair, ...]
    alone: tuple[Alone, ...]


def paired(baseline: Sequence[Side], candidate: Sequence[Side]) -> Pairs:
    """One run of each side belongs to the other whatever it is: the user named both.

    Of several, those of one plan, board and model do, of one unit first; then those that differ in the model's name alone, then
    in the board alone, if there is no other on either side that they might belong to. Of several runs of one case on one unit
    the newest stands for it; older ones of its firmware are its repeats.
    """
    if len(baseline) == len(candidate) == 1:
        return Pairs((Pair(baseline[0], candidate[0]),), ())
    before, after = _Runs(baseline), _Runs(candidate)
    ours, theirs = list(before.newest), list(after.newest)
    found: list[Pair] = []
    for key in _ALIKE:
        for one in list(ours):
            mates = [other for other in theirs if key(other.record) == key(one.record)]
            rivals = [other for other in ours if key(other.record) == key(one.record)]
            if len(mates) == 1 and len(rivals) == 1:
                found.append(Pair(one, mates[0], (before.repeats(one), after.repeats(mates[0]))))
                ours.remove(one)
                theirs.remove(mates[0])
    alone = [_alone(side, "baseline", _rivals(side, theirs)) for side in ours]
    alone += [_alone(side, "candidate", _rivals(side, ours)) for side in theirs]
    alone += [_alone(side, "baseline", _OLDER) for side in before.older([pair.baseline for pair in found])]
    alone += [_alone(side, "candidate", _OLDER) for side in after.older([pair.candidate for pair in found])]
    return Pairs(
        tuple(sorted(found, key=lambda pair: pair.candidate.record.case_id)),
        tuple(sorted(alone, key=lambda one: (one.case_id, one.side, one.run_id))),
    )


class _Runs:
    """Those of one side. ``newest``: of each case on each unit, by case id."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self._groups: dict[Hashable, list[Side]] = {}
        for side in sorted(sides, key=lambda side: side.record.started, reverse=True):
            self._groups.setdefault(_ALIKE[0](side.record), []).append(side)
        self.newest = sorted((group[0] for group in self._groups.values()), key=lambda side: side.record.case_id)

    def repeats(self, newest: Side) -> tuple[Side, ...]:
        """Older runs of the same firmware, newest first."""
        return tuple(side for side in self._older(newest) if _elf(side) == _elf(newest) != "")

    def older(self, compared: Sequence[Side]) -> list[Side]:
        """Older runs that are no repeats of a run that is compared."""
        repeats = {run.record.run_id for side in compared for run in self.repeats(side)}
        return [run for one in self.newest for run in self._older(one) if run.record.run_id not in repeats]

    def _older(self, newest: Side) -> list[Side]:
        return self._groups[_ALIKE[0](newest.record)][1:]


def _elf(side: Side) -> str:
    return side.record.firmware.elf_sha256 if side.record.firmware else ""


def _alone(side: Side, which: Literal["baseline", "candidate"], why: str) -> Alone:
    return Alone(case_id=side.record.case_id, side=which, run_id=side.record.run_id, why=why)


def _rivals(side: Side, others: Sequence[Side]) -> str:
    like = [other.record.case_id for other in others if other.record.plan == side.record.plan]
    return f"it may belong to any of {', '.join(like)}" if len(like) > 1 else ""

"""Whether the units compute the same: all answers to one sample, bit for bit, and who is the odd one out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from harness.wire.events import ResultReceived

#: What must be equal: the status of the engine, what it read, and what it gave.
Answer = tuple[int, int, bytes]


@dataclass(frozen=True)
class Disagreement:
    """A sample to which units gave different answers. ``odd`` are those that cannot be trusted, ``others`` the ones that agree.

    With no majority everybody is odd. ``with_itself``: those that gave two answers.
    """

    index: int
    odd: tuple[str, ...]
    others: tuple[str, ...]
    with_itself: tuple[str, ...] = ()

    def describe(self, sample: str) -> str:
        """A reason for the record; ``sample`` is the sample's id."""
        if self.with_itself:
            who = " and ".join(self.with_itself)
            return f"unit {who} computed sample {sample} twice, with two results: its samples cannot be trusted"
        if self.others:
            whose = "its" if len(self.odd) == 1 else "their"
            return (
                f"unit {' and '.join(self.odd)} computed sample {sample} otherwise than {' and '.join(self.others)}, which"
                f" agree bit for bit: {whose} samples cannot be trusted"
            )
        return (
            f"units {' and '.join(self.odd)} each computed sample {sample} otherwise, and no majority says who is right: the"
            " samples of none can be trusted"
        )


def answer_of(result: ResultReceived) -> Answer:
    """What of a result must be the same on every unit."""
    return result.status, result.input_crc, result.outputs


class Witnesses:
    """Who said what. Units are known by their ids."""

    def __init__(self) -> None:
        self._said: dict[int, list[tuple[str, Answer]]] = defaultdict(list)
        self._apart: dict[int, None] = {}

    def add(self, index: int, unit: str, result: ResultReceived) -> bool:
        """One more answer. Whether it is another than one of before."""
        answer = answer_of(result)
        said = self._said[index]
        apart = any(other != answer for _, other in said)
        if (unit, answer) not in said:
            said.append((unit, answer))
        if apart:
            self._apart[index] = None
        return apart

    @property
    def apart(self) -> tuple[int, ...]:
        """The samples with different answers, in the order in which that was seen."""
        return tuple(self._apart)

    def heard(self, index: int) -> set[str]:
        """Who has answered that sample."""
        return {unit for unit, _ in self._said.get(index, ())}

    def compared(self, unit: str) -> int:
        """Samples that this unit and another one have answered."""
        heard = ({other for other, _ in said} for said in self._said.values())
        return sum(len(units) > 1 and unit in units for units in heard)

    def settled(self, units: Collection[str]) -> Disagreement | None:
        """What is known of the first sample with different answers that all of ``units`` have answered; None when there is none."""
        for index in self._apart:
            if self.heard(index) >= set(units):
                return self.judge(index)
        return None

    def all_judged(self) -> list[Disagreement]:
        """Who is odd, of all samples with different answers. What a majority has found of a unit explains its other ones too."""
        found = [self.judge(index) for index in self._apart]
        sure = [one for one in found if one.others]
        known = {unit for one in sure for unit in one.odd}
        return [*sure, *(one for one in found if not one.others and known.isdisjoint(one.odd))]

    def judge(self, index: int) -> Disagreement:
        """Who is odd there, by what was said until now."""
        groups: dict[Answer, list[str]] = defaultdict(list)
        for unit, answer in self._said[index]:
            groups[answer].append(unit)
        units = list(dict.fromkeys(unit for unit, _ in self._said[index]))
        twice = tuple(unit for unit in units if sum(unit in group for group in groups.values()) > 1)
        if twice:
            return Disagreement(index, twice, tuple(unit for unit in units if unit not in twice), twice)
        most = max(groups.values(), key=len)
        if 2 * len(most) > len(units):
            return Disagreement(index, tuple(unit for unit in units if unit not in most), tuple(most))
        return Disagreement(index, tuple(units), ())

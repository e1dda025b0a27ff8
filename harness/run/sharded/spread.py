"""Which sample goes to which unit. Pure: no unit, no thread, no clock; whoever shares a ``Spread`` locks it.

Units take pieces from one queue as they have room, so that a slow one holds nobody up. A piece is a sample, or a sequence of
samples that go on from one another: it stays on one unit. Some pieces, the common ones, go to every unit: what they make of
them must be the same. They lie all over the set, and a unit gets each when the queue has come as far: whatever befalls a unit
in the middle of a run shows in the ones behind. What a unit that is gone had not answered goes back to the front of the queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: So many samples go to all units, at least and at most; in between one in a hundred. A fault that changes one answer in
#: five is seen with 97 % by 16, one in twenty with 96 % by 64; and more than one in a hundred would cost eight units a tenth.
LEAST_COMMON, MOST_COMMON, ONE_IN = 16, 64, 100
#: Of a long sequence the first so many samples are common: a prefix begins anew as the whole does.
_LONGEST_PREFIX = 16
#: At the end of the queue a unit has so many under way at least: one is computed while the next one travels.
_LEAST_UNDER_WAY = 2
#: A sample that so many units have given up is lost: it is no one unit's trouble.
_GIVEN_UP = 2


@dataclass(frozen=True)
class Piece:
    """Samples that one unit computes in their order, the first one anew. ``common``: every unit does."""

    samples: range
    common: bool = False


def pieces(n: int, follows: Sequence[bool] | None) -> list[range]:
    """All samples, in pieces that do not go on from one another."""
    starts = [index for index in range(n) if follows is None or not follows[index] or index == 0]
    return [range(start, end) for start, end in pairwise([*starts, n])]


def how_many_common(n: int) -> int:
    """So many samples of ``n`` go to all units."""
    return min(n, max(LEAST_COMMON, min(MOST_COMMON, n // ONE_IN)))


def common_of(whole: Sequence[range], n: int) -> list[range]:
    """The pieces that every unit computes, evenly over the set: whole ones, or the beginnings of long ones."""
    wanted = how_many_common(n)
    longest = max((min(len(piece), _LONGEST_PREFIX) for piece in whole), default=1)
    count = min(len(whole), -(-wanted // longest))
    chosen = [whole[at * len(whole) // count] for at in range(count)] if count else []
    return [piece[:_LONGEST_PREFIX] for piece in chosen]


@dataclass
class _Unit:
    under_way: list[int] = field(default_factory=list)  # samples that it has and has not answered
    due: deque[Piece] = field(default_factory=deque)  # for it, not begun: common pieces, and what another one has lost
    alone_left: int = 0


class Spread:
    """The queue of one case's samples. ``answered`` have an answer from an earlier part of the run.

    ``quiet``: so many samples go alone in all, shared by ``n_units``. Units are known by any name, from ``join`` to ``leave``.
    """

    def __init__(
        self,
        n: int,
        n_units: int,
        follows: Sequence[bool] | None = None,
        answered: Collection[int] = (),
        quiet: int = 0,
    ) -> None:
        self.n = n
        self.over: set[int] = set(answered)  # answered, or lost: scored or counted as lost once and for all
        whole = pieces(n, follows)
        self._common = [Piece(samples, common=True) for samples in common_of(whole, n)]
        self._everywhere = {piece.samples for piece in self._common}
        self._whole = {index: piece for piece in whole for index in piece}
        self._queue = deque(
            Piece(piece) for piece in whole if piece not in self._everywhere and not self.over.issuperset(piece)
        )
        self._at = 0  # the queue has come as far
        self._n_units = max(1, n_units)
        self._alone_each = -(-quiet // self._n_units)
        self._units: dict[str, _Unit] = {}
        self._begun: set[int] = set(answered)
        self._given_up: dict[int, set[str]] = {}  # which units have lost a sample that is not over

    @property
    def common(self) -> list[range]:
        """What goes to every unit."""
        return [piece.samples for piece in self._common]

    def join(self, unit: str) -> None:
        """It takes pieces from now on, the common ones from the first on."""
        self._units[unit] = _Unit(due=deque(self._common), alone_left=self._alone_each)

    def leave(self, unit: str) -> list[int]:
        """It takes no more. The samples that it had and did not answer are others' now; those are told."""
        gone = self._units.pop(unit, None)
        if gone is None:
            return []
        taken_over = [index for piece in gone.due if not piece.common for index in piece.samples]
        open_ = [index for index in dict.fromkeys([*gone.under_way, *taken_over]) if index not in self.over]
        self._back(open_)
        return open_

    def take(self, unit: str) -> Piece | None:
        """Its next piece; None when there is none for it now: others may leave some yet."""
        mine = self._units[unit]
        if mine.due and (not self._queue or mine.due[0].samples.start <= max(self._at, self._queue[0].samples.start)):
            piece = mine.due.popleft()
        else:
            # Towards the end everybody has the same share of what is left, so that all end together.
            left = len(self._queue)
            if not left or len(mine.under_way) >= max(_LEAST_UNDER_WAY, -(-left // len(self._units))):
                return None
            piece = self._queue.popleft()
            self._at = max(self._at, piece.samples.start)
        mine.under_way += piece.samples
        return piece

    def alone(self, unit: str, index: int) -> bool:
        """Whether that sample, which the unit sends now, goes alone: each unit's first ones do, and are timed."""
        mine = self._units[unit]
        fresh = index not in self._begun  # else another one's answer may be the one that counts
        self._begun.add(index)
        if mine.alone_left <= 0:
            return False
        mine.alone_left -= fresh
        return True

    def answer(self, unit: str, index: int) -> bool:
        """The unit has answered. Whether it is this answer that is scored: the first one is."""
        self._done(unit, index)
        first = index not in self.over
        self.over.add(index)
        return first

    def lose(self, unit: str, index: int) -> bool:
        """The unit has given the sample up, as its wire does after some resets. Whether it is lost.

        One unit alone may be why: another one is to compute it, where there is one. What a second one gives up too is lost.
        """
        self._done(unit, index)
        if index in self.over:
            return False
        lost = self._given_up.setdefault(index, set())
        lost.add(unit)
        others = [other for name, other in self._units.items() if name not in lost]
        if len(lost) >= _GIVEN_UP or not others:
            self.over.add(index)
            return True
        if not any(index in self._will_answer(other) for other in others):
            least = min(others, key=lambda other: len(self._will_answer(other)))
            least.due.appendleft(Piece(self._whole[index]))
        return False

    def ask_all(self, index: int) -> bool:
        """Let every unit compute that sample, with those that it goes on from. False when all do anyway."""
        samples = range(self._whole[index].start, index + 1)
        if any(piece.samples.start == samples.start and len(piece.samples) >= len(samples) for piece in self._common):
            return False
        piece = Piece(samples, common=True)
        self._common.append(piece)
        for unit in self._units.values():
            unit.due.appendleft(piece)
        return True

    def give_up(self) -> list[int]:
        """Nobody will answer what is open: those samples. They are lost."""
        open_ = [index for index in range(self.n) if index not in self.over]
        self.over.update(open_)
        self._queue.clear()
        return open_

    def has_work(self, unit: str) -> bool:
        """Whether it could take something."""
        return bool(self._units[unit].due or self._queue)

    @property
    def at_rest(self) -> bool:
        """Whether nothing waits and nothing is under way: no unit that has joined will get any more."""
        return not self._queue and not any(unit.under_way or unit.due for unit in self._units.values())

    @property
    def complete(self) -> bool:
        """Whether every sample is answered or lost."""
        return len(self.over) >= self.n

    def _done(self, unit: str, index: int) -> None:
        mine = self._units.get(unit)
        if mine is not None and index in mine.under_way:
            mine.under_way.remove(index)

    def _back(self, open_: Collection[int]) -> None:
        """To the front of the queue, in whole pieces: a sequence is computed from its beginning."""
        waiting = {piece.samples for piece in self._queue}
        for whole in sorted({self._whole[index] for index in open_}, key=lambda piece: piece.start, reverse=True):
            if whole in self._everywhere:
                continue  # all the others do it, and so does whoever joins
            elsewhere = {index for unit in self._units.values() for index in self._will_answer(unit)}
            if whole not in waiting and not elsewhere.issuperset(set(whole) - self.over):
                self._queue.appendleft(Piece(whole))

    @staticmethod
    def _will_answer(unit: _Unit) -> list[int]:
        return [*unit.under_way, *(index for piece in unit.due for index in piece.samples)]

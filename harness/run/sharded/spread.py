"""Which sample goes to which unit. Pure: no unit, no thread, no clock; whoever shares a ``Spread`` locks it.

Units take pieces from one queue as they have room, so that a slow one holds nobody up. A piece is a sample, or a sequence of
samples that go on from one another: it stays on one unit. Some pieces, the common ones, go to a second unit too (to more where
there are few; some of them to every one): what they make of them must be the same. They lie all over the set, and the second
computes its part as soon as the first one has begun: whatever befalls a unit in the middle of a run shows in the ones behind. Who
is the second is chosen so that every unit is compared as often, with one after the other of the rest. What a unit that is gone had
not answered goes back to the front of the queue.

Why not all of them to every unit: what finds an odd one is how many of *its* answers are compared, not with how many others. Eight
units that are each compared 64 times compute 256 samples twice, and not 64 samples eight times.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: So many answers of each unit are compared, at least and at most; in between one in a hundred samples of the set. A fault that
#: changes one answer in five is seen with 97 % by 16, one in twenty with 96 % by 64.
LEAST_COMMON, MOST_COMMON, ONE_IN = 16, 64, 100
#: So many of the common pieces go to every unit, the first one of the set among them: one that is wholly wrong shows at once.
OF_ALL = 4
#: Of a long sequence the first so many samples are common: a prefix begins anew as the whole does.
_LONGEST_PREFIX = 16
#: At the end of the queue a unit has so many under way at least: one is computed while the next one travels.
_LEAST_UNDER_WAY = 2


@dataclass(frozen=True)
class Piece:
    """Samples that one unit computes in their order, the first one anew. ``common``: others do too, to be held against it."""

    samples: range
    common: bool = False


def pieces(n: int, follows: Sequence[bool] | None) -> list[range]:
    """All samples, in pieces that do not go on from one another."""
    starts = [index for index in range(n) if follows is None or not follows[index] or index == 0]
    return [range(start, end) for start, end in pairwise([*starts, n])]


def how_many_compared(n: int) -> int:
    """So many answers of each unit are compared with another one's, of ``n`` samples."""
    return min(n, max(LEAST_COMMON, min(MOST_COMMON, n // ONE_IN)))


def how_many_common(n: int, n_units: int = 2) -> int:
    """So many samples of ``n`` have to be common for that, each of two units, where there are as many."""
    return min(n, -(-how_many_compared(n) * max(2, n_units) // 2))


def common_of(whole: Sequence[range], n: int, n_units: int = 2) -> list[range]:
    """What is computed more than once, evenly over the set: whole pieces, or the beginnings of long ones."""
    wanted = how_many_common(n, n_units)
    longest = max((min(len(piece), _LONGEST_PREFIX) for piece in whole), default=1)
    count = min(len(whole), -(-wanted // longest))
    return [piece[:_LONGEST_PREFIX] for piece in _evenly(whole, count)]


def _evenly(pieces: Sequence[range], count: int) -> list[range]:
    count = min(count, len(pieces))
    return [pieces[at * len(pieces) // count] for at in range(count)]


@dataclass
class _Unit:
    under_way: list[int] = field(default_factory=list)  # samples that it has and has not answered
    due: deque[Piece] = field(default_factory=deque)  # what another one has begun and it has not
    alone_left: int = 0
    compared: int = 0  # samples that it has, or had, and another one too
    met: Counter[str] = field(default_factory=Counter)  # how often with whom


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
        self._n_units = max(1, n_units)
        whole = pieces(n, follows)
        self.common = common_of(whole, n, self._n_units)
        self._head = {head.start: head for head in self.common}
        self._whole = {index: piece for piece in whole for index in piece}
        # Of what an earlier part has answered the common samples are computed anew, and held against what it said.
        self._queue = deque(
            Piece(self._head[piece.start] if self.over.issuperset(piece) else piece, common=piece.start in self._head)
            for piece in whole
            if piece.start in self._head or not self.over.issuperset(piece)
        )
        self._compared = how_many_compared(n)
        n_common = sum(map(len, self.common))
        #: So many units compute a common piece.
        self._each = max(2, min(self._n_units, -(-self._compared * self._n_units // max(1, n_common))))
        self._of_all = set(_evenly(self.common, OF_ALL))
        self._with: dict[range, set[str]] = {}  # of the common pieces that were begun: who has it, or has answered it
        self._unseen: list[range] = []  # of these: one unit alone has it, since there was no other
        self._asked: list[Piece] = []  # of every unit
        self._alone_each = -(-quiet // self._n_units)
        self._units: dict[str, _Unit] = {}
        self._begun: set[int] = set(answered)

    def join(self, unit: str) -> None:
        """It takes pieces from now on, first of what others have begun: as many to be held against theirs as they have."""
        new = self._units[unit] = _Unit(due=deque(self._asked), alone_left=self._alone_each)
        mine = [head for head in self._with if head in self._of_all]
        for begun in (self._unseen, list(self._with)):
            rest = [head for head in begun if head not in mine]
            left = max(0, self._pace() - sum(map(len, mine)))
            mine += _evenly(rest, -(-left // max(map(len, rest), default=1)))
        for head in sorted(mine, key=lambda head: head.start):
            self._give(unit, new, head)
        self._unseen = [head for head in self._unseen if unit not in self._with[head]]

    def leave(self, unit: str) -> list[int]:
        """It takes no more. The samples that it had and did not answer are others' now; those are told."""
        gone = self._units.pop(unit, None)
        if gone is None:
            return []
        open_ = [index for index in dict.fromkeys(gone.under_way) if index not in self.over]
        self._back(open_)
        waiting = {piece.samples.start for piece in self._queue}
        mine = {*gone.under_way, *(piece.samples.start for piece in gone.due)}
        for head, units in self._with.items():
            if unit in units and not mine.isdisjoint(head):
                units.discard(unit)
                for alone in units & self._units.keys() if len(units) == 1 else ():
                    self._units[alone].compared -= len(head)
                if head.start not in waiting:
                    self._share(head)
        return open_

    def take(self, unit: str) -> Piece | None:
        """Its next piece; None when there is none for it now: others may leave some yet."""
        mine = self._units[unit]
        if mine.due:
            piece = mine.due.popleft()
        else:
            # Towards the end everybody has the same share of what is left, so that all end together.
            left = len(self._queue)
            if not left or len(mine.under_way) >= max(_LEAST_UNDER_WAY, -(-left // len(self._units))):
                return None
            piece = self._queue.popleft()
            if piece.common:
                head = self._head[piece.samples.start]
                self._have(unit, self._with.setdefault(head, set()), head)
                self._share(head)
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
        """The unit has given the sample up, as its wire does after some resets. Whether it is lost: nobody had answered it."""
        return self.answer(unit, index)

    def ask_all(self, index: int) -> bool:
        """Let every unit compute that sample, with those that it goes on from. False when all do anyway."""
        samples = range(self._whole[index].start, index + 1)
        asked = [(piece.samples, set(self._units)) for piece in self._asked]
        for piece, units in [*asked, *self._with.items()]:
            if piece.start == samples.start and len(piece) >= len(samples) and units >= set(self._units):
                return False
        self._asked.append(Piece(samples, common=True))
        for unit in self._units.values():
            unit.due.appendleft(self._asked[-1])
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
            elsewhere = {index for unit in self._units.values() for index in self._will_answer(unit)}
            if whole not in waiting and not elsewhere.issuperset(set(whole) - self.over):
                self._queue.appendleft(Piece(whole, common=whole.start in self._head))

    def _pace(self) -> int:
        """So many answers of each unit should be compared when the queue has come as far."""
        return self._compared * sum(map(len, self._with)) // max(1, sum(map(len, self.common)))

    def _share(self, head: range) -> None:
        """Give a common piece that one unit has to others: to enough, and to all that were compared less than they should."""
        units, pace = self._with[head], self._pace()
        enough = len(self._units) if head in self._of_all else self._each
        others = {name: unit for name, unit in self._units.items() if name not in units}
        for name, unit in sorted(others.items(), key=lambda one: (one[1].compared, sum(one[1].met[x] for x in units))):
            if len(units) >= enough and unit.compared >= pace:
                break
            self._give(name, unit, head)
        if len(units) < 2 and head not in self._unseen:
            self._unseen.append(head)

    def _give(self, name: str, unit: _Unit, head: range) -> None:
        self._have(name, self._with[head], head)
        unit.due.append(Piece(head, common=True))

    def _have(self, name: str, units: set[str], head: range) -> None:
        """Count that it has a common piece, which ``units`` have too."""
        others = (units - {name}) & self._units.keys()
        for other in others:
            self._units[name].met[other] += 1
            self._units[other].met[name] += 1
            self._units[other].compared += len(head) if len(units) == 1 else 0
        if name not in units and units:
            self._units[name].compared += len(head)
        units.add(name)

    @staticmethod
    def _will_answer(unit: _Unit) -> list[int]:
        return [*unit.under_way, *(index for piece in unit.due for index in piece.samples)]

"""Which sample goes to which unit: whatever units do, and however many are lost, every sample is scored once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.run.sharded.spread import LEAST_COMMON, MOST_COMMON, Spread, common_of, how_many_common, pieces


def follows_of(lengths):
    """Sequences of these lengths one after another."""
    return [at > 0 for length in lengths for at in range(length)]


SEQUENCES = st.lists(st.integers(1, 30), min_size=1, max_size=25)


class Rig:
    """Units that take, compute in order and answer, as a test says: ``step`` of one unit does one of these."""

    def __init__(self, spread, names):
        self.spread, self.names = spread, list(names)
        self.scored = {}  # sample -> unit
        self.computed = {name: [] for name in names}
        self.pieces = {name: [] for name in names}
        self.todo = {name: [] for name in names}
        for name in names:
            spread.join(name)

    def step(self, name):
        """Whether it could do something."""
        if not self.todo[name]:
            piece = self.spread.take(name)
            if piece is None:
                return False
            self.pieces[name].append(piece)
            self.todo[name] = list(piece.samples)
        index = self.todo[name].pop(0)
        self.computed[name].append(index)
        if self.spread.answer(name, index):
            assert index not in self.scored
            self.scored[index] = name
        return True

    def lose(self, name):
        self.names.remove(name)
        self.spread.leave(name)

    def wander(self, data, most):
        """So many steps of any of them, now and then a loss."""
        for _ in range(data.draw(st.integers(0, most))):
            name = data.draw(st.sampled_from(self.names))
            if len(self.names) > 1 and data.draw(st.integers(0, 9)) == 0:
                self.lose(name)
            else:
                self.step(name)

    def drain(self):
        busy = True
        while busy:
            busy = sum(self.step(name) for name in self.names) > 0


@given(n=st.integers(1, 400), k=st.integers(1, 8), data=st.data())
def test_every_sample_is_scored_once_whoever_is_slow_and_whoever_is_lost(n, k, data):
    rig = Rig(Spread(n, k), [f"u{i}" for i in range(k)])
    rig.wander(data, 60)
    rig.drain()
    assert sorted(rig.scored) == list(range(n))
    assert rig.spread.complete
    assert rig.spread.at_rest


@given(lengths=SEQUENCES, k=st.integers(1, 5), data=st.data())
def test_a_sequence_is_computed_from_its_beginning_in_order_on_every_unit_that_has_it(lengths, k, data):
    follows = follows_of(lengths)
    rig = Rig(Spread(len(follows), k, follows), [f"u{i}" for i in range(k)])
    rig.wander(data, 80)
    rig.drain()
    assert sorted(rig.scored) == list(range(len(follows)))
    for given_to in rig.pieces.values():
        for piece in given_to:
            assert not follows[piece.samples.start]
            assert all(follows[index] for index in piece.samples[1:])


@given(lengths=SEQUENCES, k=st.integers(2, 5))
def test_a_sequence_stays_on_one_unit_where_none_is_lost(lengths, k):
    follows = follows_of(lengths)
    rig = Rig(Spread(len(follows), k, follows), [f"u{i}" for i in range(k)])
    rig.drain()
    common = {index for piece in rig.spread.common for index in piece}
    for whole in pieces(len(follows), follows):
        owners = {rig.scored[index] for index in whole if index not in common}
        assert len(owners) <= 1


@given(n=st.integers(1, 3000), k=st.integers(2, 8))
def test_the_common_samples_are_computed_by_every_unit(n, k):
    rig = Rig(Spread(n, k), [f"u{i}" for i in range(k)])
    common = {index for piece in rig.spread.common for index in piece}
    assert len(common) == how_many_common(n)
    rig.drain()
    assert all(common <= set(done) for done in rig.computed.values())
    assert sum(map(len, rig.computed.values())) == n + (k - 1) * len(common), "and no other sample more than once"


@given(lengths=SEQUENCES)
def test_common_pieces_begin_where_sequences_do_and_are_enough(lengths):
    follows = follows_of(lengths)
    whole = pieces(len(follows), follows)
    common = common_of(whole, len(follows))
    assert len(set(common)) == len(common)
    starts = {piece.start for piece in whole}
    assert all(piece.start in starts for piece in common)
    # What the longest of them hold is what is counted on: with short ones among them it may be fewer.
    assert sum(map(len, common)) >= min(len(whole), 1)
    assert all(len(piece) <= 16 for piece in common)


@pytest.mark.parametrize(("n", "common"), [(1, 1), (10, 10), (450, LEAST_COMMON), (2500, 25), (10_000, MOST_COMMON)])
def test_so_many_samples_are_common(n, common):
    assert how_many_common(n) == common


def test_common_samples_lie_all_over_the_set_and_come_when_the_queue_has_come_as_far():
    spread = Spread(1000, 2)
    spread.join("a")
    order = []
    while (piece := spread.take("a")) is not None:
        order += piece.samples
        for index in piece.samples:
            spread.answer("a", index)
    assert order == sorted(order), "alone, a unit computes the set in its order"
    starts = [piece.start for piece in spread.common]
    assert max(b - a for a, b in pairwise(starts)) <= 1000 // LEAST_COMMON + 1


def test_a_unit_that_joins_late_gets_the_common_samples_alone_when_all_else_is_done():
    rig = Rig(Spread(100, 2), ["a"])
    rig.drain()
    rig.spread.join("b")
    late = []
    while (piece := rig.spread.take("b")) is not None:
        late += piece.samples
        assert not rig.spread.answer("b", piece.samples.start), "it was scored before"
    assert late == [piece.start for piece in rig.spread.common]


def test_towards_the_end_units_have_equal_shares_of_what_is_left():
    spread = Spread(60, 2)
    for name in "ab":
        spread.join(name)
    taken = dict.fromkeys("ab", 0)
    while spread.take("a") is not None:  # a greedy one that answers nothing
        taken["a"] += 1
    assert spread.has_work("b")
    left = 60 - len(spread.common) - (taken["a"] - sum(piece.start == 0 for piece in spread.common))
    assert left > 0, "one that takes all that it can leaves some to the other"


@given(n=st.integers(20, 200), k=st.integers(1, 6), quiet=st.integers(0, 60))
def test_samples_that_go_alone_are_shared_and_are_at_least_as_many_as_are_wanted(n, k, quiet):
    spread = Spread(n, k, quiet=quiet)
    names = [f"u{i}" for i in range(k)]
    for name in names:
        spread.join(name)
    alone = dict.fromkeys(names, 0)
    scored_alone = 0
    busy = True
    while busy:
        busy = False
        for name in names:
            piece = spread.take(name)
            if piece is None:
                continue
            busy = True
            for index in piece.samples:
                went = spread.alone(name, index)
                alone[name] += went
                scored_alone += spread.answer(name, index) and went
    if n >= how_many_common(n) + 2 * quiet + 4 * k:  # else some have nothing left to time
        assert quiet <= scored_alone
    assert all(each <= -(-quiet // k) + how_many_common(n) for each in alone.values())


@given(n=st.integers(1, 200), k=st.integers(1, 4), data=st.data())
def test_what_an_earlier_part_has_answered_is_not_computed_again_but_for_the_common_samples(n, k, data):
    before = data.draw(st.sets(st.integers(0, n - 1)))
    rig = Rig(Spread(n, k, answered=before), [f"u{i}" for i in range(k)])
    rig.drain()
    assert sorted(rig.scored) == [index for index in range(n) if index not in before]
    common = {index for piece in rig.spread.common for index in piece}
    assert all(set(done) & before <= common for done in rig.computed.values())


@given(lengths=SEQUENCES, data=st.data())
def test_a_sample_that_all_are_asked_of_goes_to_all_with_what_it_goes_on_from(lengths, data):
    follows = follows_of(lengths)
    rig = Rig(Spread(len(follows), 3, follows), ["a", "b", "c"])
    for _ in range(data.draw(st.integers(0, 40))):
        rig.step(data.draw(st.sampled_from(rig.names)))
    asked = data.draw(st.integers(0, len(follows) - 1))
    rig.spread.ask_all(asked)
    rig.drain()
    assert all(asked in done for done in rig.computed.values())
    assert sorted(rig.scored) == list(range(len(follows)))


def test_what_nobody_answers_is_given_up_and_told_once():
    spread = Spread(10, 1)
    spread.join("a")
    piece = spread.take("a")
    spread.answer("a", piece.samples.start)
    spread.leave("a")
    assert spread.give_up() == list(range(1, 10))
    assert spread.complete
    assert spread.give_up() == []


def test_a_unit_that_is_gone_gives_back_what_it_had_and_had_not_answered():
    spread = Spread(200, 2)
    for name in "ab":
        spread.join(name)
    had = [spread.take("a") for _ in range(5)]
    spread.answer("a", had[0].samples.start)
    back = spread.leave("a")
    assert back == [piece.samples.start for piece in had[1:]]
    assert spread.leave("a") == [], "it may be said twice"
    taken = [spread.take("b").samples.start for _ in range(6)]
    assert set(back) <= set(taken), "they are the next ones"


def test_a_sample_that_one_unit_gives_up_is_anothers_and_lost_when_a_second_one_gives_it_up():
    rig = Rig(Spread(60, 2), ["sick", "well"])
    piece = next(piece for piece in iter(lambda: rig.spread.take("sick"), None) if not piece.common)
    (index,) = piece.samples
    assert rig.spread.lose("sick", index) is False
    rig.lose("sick")
    rig.drain()
    assert rig.scored[index] == "well"
    assert sorted(rig.scored) == list(range(60))

    spread = Spread(1, 3)
    for name in ("a", "b", "c"):
        spread.join(name)
        spread.take(name)
    assert [spread.lose(name, 0) for name in ("a", "b", "c")] == [False, True, False]
    assert spread.at_rest


def test_a_sample_that_the_only_unit_gives_up_is_lost_and_so_is_one_that_nobody_else_is_left_for():
    alone = Spread(1, 1)
    alone.join("u")
    alone.take("u")
    assert alone.lose("u", 0) is True
    rig = Rig(Spread(40, 2), ["sick", "dying"])
    piece = next(piece for piece in iter(lambda: rig.spread.take("sick"), None) if not piece.common)
    (index,) = piece.samples
    assert rig.spread.lose("sick", index) is False
    rig.lose("dying")  # before it has begun what it was to take over
    assert (
        index in next(piece for piece in iter(lambda: rig.spread.take("sick"), None) if index in piece.samples).samples
    )
    assert rig.spread.lose("sick", index) is True


@settings(max_examples=25)
@given(lengths=SEQUENCES, k=st.integers(2, 5), data=st.data())
def test_every_sample_is_scored_or_lost_once_where_units_give_samples_up(lengths, k, data):
    follows = follows_of(lengths)
    n = len(follows)
    spread = Spread(n, k, follows)
    rig = Rig(spread, [f"u{i}" for i in range(k)])
    lost = set()
    for _ in range(data.draw(st.integers(0, 60))):
        name = data.draw(st.sampled_from(rig.names))
        if rig.todo[name] and data.draw(st.booleans()):
            for index in rig.todo[name]:  # it, and all that go on from it
                if spread.lose(name, index):
                    assert index not in rig.scored
                    assert index not in lost
                    lost.add(index)
            rig.todo[name] = []
        else:
            rig.step(name)
    rig.drain()
    assert set(rig.scored) | lost == set(range(n))
    assert lost.isdisjoint(rig.scored)
    assert spread.complete
    assert spread.at_rest

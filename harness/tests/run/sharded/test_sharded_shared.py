"""Answers as units give them, without any unit: a wrong one is found by what it says, and only then."""

from __future__ import annotations

import zlib

import pytest

from harness.run.sharded.shared import MOST_DOUBTED, Answered, Drawn, Shared
from harness.run.sharded.spread import Spread
from harness.run.sharded.stopping import Stopped
from harness.wire.events import ResultReceived

PAYLOADS = [bytes([index % 251, index // 251]) for index in range(600)]


def right(index):
    return bytes([index % 7])


def result(index, outputs):
    crc = zlib.crc32(PAYLOADS[index])
    return ResultReceived(index, 0, 100, crc, crc, outputs)


def shared_by(units, n=600, follows=None):
    shared = Shared(
        Spread(n, len(units), follows), PAYLOADS[:n], follows, lambda i, r: r.outputs != right(i), len(units)
    )
    for unit in units:
        shared.join(unit)
    return shared


def play(shared, units, says):
    """Units answer in turn, ``says(unit, index)``, until they stop or nothing is left; the samples that each one sent."""
    streams = {unit: Drawn(unit, shared) for unit in units}
    at = dict.fromkeys(units, 0)
    try:
        busy = True
        while busy:
            busy = False
            for unit, drawn in streams.items():
                if drawn.has(at[unit]):
                    busy = True
                    index = drawn.sent[at[unit]][0]
                    shared.answered(drawn, at[unit], result(index, says(unit, index)))
                    at[unit] += 1
    except Stopped:
        pass
    return {unit: [index for index, _ in drawn.sent] for unit, drawn in streams.items()}


def test_units_that_agree_come_to_the_end_and_each_answer_is_told_once():
    shared = shared_by("abc")
    sent = play(shared, "abc", lambda unit, index: right(index))
    told = []
    while not shared.told.empty():
        told.append(shared.told.get())
    assert sorted(one.index for one in told if isinstance(one, Answered)) == list(range(600))
    assert shared.spread.at_rest
    assert not shared.stop.is_set()
    assert all(not shared.wait_for_work(unit) for unit in "abc")
    assert sum(map(len, sent.values())) == 600 + 2 * 16


def test_a_unit_that_is_wrong_once_is_found_by_that_answer_although_the_sample_is_no_common_one():
    shared = shared_by("abc")
    common = {index for piece in shared.spread.common for index in piece}
    wrong = []

    def says(unit, index):
        if unit == "b" and index > 300 and index not in common and (not wrong or index in wrong):
            wrong[:] = [index]
            return b"\xff"
        return right(index)

    play(shared, "abc", says)
    (found,) = shared.disagreements()
    assert (found.odd, set(found.others)) == (("b",), {"a", "c"})
    assert shared.stop.is_set()


def test_a_product_that_is_wrong_everywhere_is_no_units_fault_and_costs_a_few_samples():
    shared = shared_by("abc")
    sent = play(shared, "abc", lambda unit, index: b"\xff")
    assert shared.disagreements() == []
    assert not shared.stop.is_set()
    assert sum(map(len, sent.values())) <= 600 + 2 * 16 + 3 * MOST_DOUBTED, "who gave it computes it once more"


def test_nobody_is_named_before_a_unit_that_is_still_coming_has_had_its_say():
    shared = Shared(Spread(600, 3), PAYLOADS, None, lambda i, r: False, 3)
    for unit in "ab":
        shared.join(unit)
    common = shared.spread.common[0].start
    drawn = {unit: Drawn(unit, shared) for unit in "abc"}
    for unit, says in (("a", b"\1"), ("b", b"\2")):
        assert drawn[unit].has(0)
        shared.answered(drawn[unit], 0, result(common, says))
    assert not shared.stop.is_set()
    shared.join("c")
    assert drawn["c"].has(0)
    shared.answered(drawn["c"], 0, result(common, b"\2"))
    assert shared.stop.is_set()
    (found,) = shared.disagreements()
    assert found.odd == ("a",)


def test_one_that_never_comes_is_not_waited_for():
    shared = Shared(Spread(600, 3), PAYLOADS, None, lambda i, r: False, 3)
    for unit in "ab":
        shared.join(unit)
    common = shared.spread.common[0].start
    for unit, says in (("a", b"\1"), ("b", b"\2")):
        drawn = Drawn(unit, shared)
        assert drawn.has(0)
        shared.answered(drawn, 0, result(common, says))
    shared.never_joined()
    assert shared.stop.is_set()
    assert set(shared.disagreements()[0].odd) == {"a", "b"}


def test_a_unit_that_leaves_gives_its_samples_to_the_others_who_were_waiting():
    shared = shared_by("ab", n=60)
    held = Drawn("a", shared)
    for at in range(3):
        assert held.has(at)
    play(shared, "b", lambda unit, index: right(index))
    assert shared.leave("a") > 0
    assert shared.wait_for_work("b")
    play(shared, "b", lambda unit, index: right(index))
    assert sorted(shared.results) == list(range(60))


def test_a_sequence_begins_anew_wherever_it_is_begun():
    follows = [at > 0 for _ in range(12) for at in range(20)]
    shared = shared_by("ab", n=240, follows=follows)
    drawn = Drawn("a", shared)
    at = 0
    while drawn.has(at):
        index = drawn.sent[at][0]
        assert drawn.follows[at] == follows[index]
        shared.answered(drawn, at, result(index, right(index)))
        at += 1
    assert shared.spread.complete


def test_after_the_end_nothing_more_is_drawn_or_answered():
    shared = shared_by("ab")
    drawn = Drawn("a", shared)
    assert drawn.has(0)
    shared.end()
    for late in (lambda: drawn.has(1), drawn.check, lambda: shared.answered(drawn, 0, result(0, b"\0"))):
        with pytest.raises(Stopped):
            late()
    with pytest.raises(Stopped):
        shared.wait_for_work("b")

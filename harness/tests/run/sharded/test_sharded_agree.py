"""Whether units compute the same, bit for bit, and who is the odd one out."""

from __future__ import annotations

from harness.run.sharded.agree import Witnesses
from harness.wire.events import ResultReceived


def said(outputs=b"\1", status=0, crc=7):
    return ResultReceived(key=0, status=status, cycles=1, input_crc=crc, sent_crc=7, outputs=outputs)


def test_equal_answers_agree_whatever_their_cycles():
    witnesses = Witnesses()
    assert not witnesses.add(3, "a", said())
    assert not witnesses.add(3, "b", ResultReceived(9, 0, 999, 7, 7, b"\1"))
    assert witnesses.apart == ()
    assert (witnesses.compared("a"), witnesses.compared("b"), witnesses.compared("c")) == (1, 1, 0)


def test_the_odd_one_of_three_is_named_by_the_majority():
    witnesses = Witnesses()
    for unit, outputs in (("a", b"\1"), ("b", b"\2"), ("c", b"\1")):
        witnesses.add(3, unit, said(outputs))
    assert witnesses.apart == (3,)
    found = witnesses.settled({"a", "b", "c"})
    assert (found.odd, found.others) == (("b",), ("a", "c"))
    assert "unit b computed sample s3 otherwise than a and c" in found.describe("s3")


def test_of_two_both_are_named():
    witnesses = Witnesses()
    witnesses.add(0, "a", said())
    assert witnesses.add(0, "b", said(b"\2"))
    found = witnesses.judge(0)
    assert (found.odd, found.others) == (("a", "b"), ())
    assert "no majority" in found.describe("s0")


def test_two_against_two_are_all_named():
    witnesses = Witnesses()
    for unit, outputs in (("a", b"\1"), ("b", b"\2"), ("c", b"\1"), ("d", b"\2")):
        witnesses.add(0, unit, said(outputs))
    assert set(witnesses.judge(0).odd) == {"a", "b", "c", "d"}


def test_it_is_open_until_all_that_live_have_answered():
    witnesses = Witnesses()
    witnesses.add(0, "a", said())
    witnesses.add(0, "b", said(b"\2"))
    assert witnesses.settled({"a", "b", "c"}) is None
    witnesses.add(0, "c", said(b"\2"))
    assert witnesses.settled({"a", "b", "c"}).odd == ("a",)


def test_a_unit_that_gives_two_answers_is_odd_whatever_the_others_say():
    witnesses = Witnesses()
    witnesses.add(0, "a", said())
    assert witnesses.add(0, "a", said(b"\2"))
    found = witnesses.judge(0)
    assert found.with_itself == ("a",)
    assert "twice" in found.describe("s0")


def test_another_status_and_another_input_than_was_read_by_the_others_disagree_too():
    for other in (said(status=1), said(crc=8)):
        witnesses = Witnesses()
        witnesses.add(0, "a", said())
        assert witnesses.add(0, "b", other)


def test_what_a_majority_has_found_of_a_unit_explains_its_other_answers():
    witnesses = Witnesses()
    witnesses.add(0, "a", said())
    witnesses.add(0, "b", said(b"\2"))  # nobody else was asked before the end
    for unit, outputs in (("a", b"\1"), ("b", b"\2"), ("c", b"\1")):
        witnesses.add(1, unit, said(outputs))
    assert [one.odd for one in witnesses.all_judged()] == [("b",)]


def test_without_a_majority_anywhere_all_are_named():
    witnesses = Witnesses()
    for index, other in ((0, "b"), (1, "c")):
        witnesses.add(index, "a", said())
        witnesses.add(index, other, said(b"\2"))
    assert {unit for one in witnesses.all_judged() for unit in one.odd} == {"a", "b", "c"}

"""Which case of one run is held against which of another."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from evidence_runs import make_run
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.comparison.cases import paired
from harness.records import UnitFacts
from harness.verdict.swap import Side

RUN = make_run()


def side(plan="p", board="b", model="m", unit="u", *, age_h=0, elf="e"):
    firmware = RUN.record.firmware.model_copy(update={"elf_sha256": elf})
    fields = {
        "run_id": f"{plan}{board}{model}{unit}{age_h}{elf}", "case_id": f"{plan}/{board}/{model}", "plan": plan, "board": board,
        "model": model, "unit": UnitFacts(uid=unit), "firmware": firmware, "started": RUN.record.started - timedelta(hours=age_h),
    }  # fmt: skip
    return Side("x", RUN.record.model_copy(update=fields), RUN.samples)


def matched(found):
    return {(pair.baseline.record.run_id, pair.candidate.record.run_id) for pair in found.pairs}


def test_two_single_runs_are_compared_whatever_they_are():
    found = paired([side("p", "b", "m")], [side("q", "c", "n")])
    assert (len(found.pairs), found.alone) == (1, ())


def test_of_several_the_same_case_is_compared_on_the_same_unit_first():
    ours = [side(unit="u1"), side(unit="u2"), side(plan="q")]
    theirs = [side(unit="u2", elf="f"), side(unit="u1", elf="f"), side(plan="q", elf="f")]
    assert matched(paired(ours, theirs)) == {("pbmu10e", "pbmu10f"), ("pbmu20e", "pbmu20f"), ("qbmu0e", "qbmu0f")}


def test_a_model_of_another_name_is_found_and_two_of_them_are_not_guessed_at():
    assert matched(paired([side(model="old"), side("q")], [side(model="new"), side("q")])) == {
        ("pboldu0e", "pbnewu0e"),
        ("qbmu0e", "qbmu0e"),
    }
    found = paired([side(model="old"), side("q")], [side(model="new"), side(model="newer"), side("q")])
    assert matched(found) == {("qbmu0e", "qbmu0e")}
    assert [(one.side, one.case_id) for one in found.alone] == [
        ("candidate", "p/b/new"),
        ("candidate", "p/b/newer"),
        ("baseline", "p/b/old"),
    ]
    assert "p/b/new, p/b/newer" in found.alone[-1].why


def test_a_case_that_one_side_alone_has_is_told():
    found = paired([side(), side(board="c")], [side()])
    assert [(one.side, one.case_id, one.why) for one in found.alone] == [("baseline", "p/c/m", "")]


def test_older_boots_of_one_firmware_are_repeats_and_other_firmware_is_told():
    ours = [side(age_h=2), side(age_h=1), side(age_h=0), side(age_h=3, elf="older")]
    found = paired(ours, [side(elf="new")])
    (pair,) = found.pairs
    assert pair.baseline.record.run_id == "pbmu0e", "the newest"
    assert [repeat.record.run_id for repeat in pair.repeats[0]] == ["pbmu1e", "pbmu2e"]
    assert [one.run_id for one in found.alone] == ["pbmu3older"]


WORDS = st.sampled_from("ab")
RUNS = st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS, st.integers(0, 2)), min_size=1, max_size=8, unique=True)


@given(ours=RUNS, theirs=RUNS)
def test_every_run_is_compared_or_a_repeat_or_told_and_only_once(ours, theirs):
    sides = [[side(*names, age_h=age) for *names, age in runs] for runs in (ours, theirs)]
    found = paired(*sides)
    for which, name in enumerate(("baseline", "candidate")):
        seen = [getattr(pair, name).record.run_id for pair in found.pairs]
        seen += [repeat.record.run_id for pair in found.pairs for repeat in pair.repeats[which]]
        lost = {one.run_id for one in found.alone if one.side == name}
        told = Counter([*seen, *lost])
        assert set(told.values()) <= {1}
        assert set(seen) <= {s.record.run_id for s in sides[which]}
        assert {s.record.run_id for s in sides[which]} == set(told)

from dataclasses import replace

import numpy as np
import pytest
from swap_sides import about, data, only, side, table

from harness.errors import MisuseError
from harness.verdict.swap import compare_sides
from harness.verdict.swap.pairing import pair


def shuffled(one):
    return only(one, np.random.default_rng(1).permutation(len(one.samples.ids)))


def test_samples_are_paired_by_id_whatever_their_order():
    old, new = table(30, 4, 3, 3)
    found = compare_sides(old, shuffled(new)).decisions
    assert (found.both_right, found.lost, found.gained, found.both_wrong) == (30, 4, 3, 3)


def test_a_run_cut_short_is_compared_on_its_own_samples_and_the_others_are_counted():
    old, new = table(30, 4, 3, 3)
    found = compare_sides(old, data(only(new, slice(10)), sha256="first ten", n=10))
    assert (found.pairing.n, found.pairing.n_only_baseline, found.pairing.n_only_candidate) == (10, 30, 0)


def test_other_data_is_refused_with_both_hashes():
    old, new = table(30, 4, 3, 3)
    other = data(replace(new, samples=replace(new.samples, digests=new.samples.digests + 1000)), sha256="other")
    with pytest.raises(MisuseError, match="not of the same data") as refused:
        compare_sides(old, other)
    assert "sha256 data" in str(refused.value)
    assert "sha256 other" in str(refused.value)
    assert "40 of 40 samples with the same id are other samples" in str(refused.value)


def test_other_labels_are_refused_with_the_hashes_of_both():
    old, new = table(30, 4, 3, 3)
    labels = new.samples.labels.copy()
    labels[5] = 2
    other = data(replace(new, samples=replace(new.samples, labels=labels)), sha256="relabelled")
    with pytest.raises(MisuseError, match="1 of 40 samples have another label") as refused:
        compare_sides(old, other)
    assert str(refused.value).count("labels sha256") == 2


def test_two_parts_of_one_set_that_only_overlap_are_refused():
    old, new = table(30, 4, 3, 3)
    with pytest.raises(MisuseError, match="30 samples in common, 5 of the baseline alone and 5 of the candidate alone"):
        pair(data(only(old, slice(0, 35)), sha256="a"), data(only(new, slice(5, 40)), sha256="b"))


def test_who_asks_for_what_is_common_gets_it_and_the_rest_counted():
    old, new = table(30, 4, 3, 3)
    digests, labels = new.samples.digests.copy(), new.samples.labels.copy()
    digests[7], labels[8] = 999, 2
    one = data(only(old, slice(0, 35)), sha256="a")
    other = data(
        only(replace(new, samples=replace(new.samples, digests=digests, labels=labels)), slice(5, 40)), sha256="b"
    )
    facts = pair(one, other, common=True).facts
    assert (facts.n, facts.n_only_baseline, facts.n_only_candidate) == (28, 5, 5)
    assert (facts.n_other_content, facts.n_other_label) == (1, 1)


def test_without_digests_the_hash_of_the_whole_data_must_do():
    old, new = table(30, 4, 3, 3)
    bare = replace(old, samples=replace(old.samples, digests=None))
    assert pair(bare, new).facts.by == "id"
    with pytest.raises(MisuseError, match="cannot be told without their digests"):
        pair(bare, data(new, sha256="other"))


def test_a_run_without_any_sound_answer_leaves_nothing_to_compare():
    old, new = table(3, 0, 0, 0)
    silent = replace(old, samples=replace(old.samples, answered=np.zeros(3, dtype=np.bool_)))
    with pytest.raises(MisuseError, match="no sample to compare"):
        pair(silent, new)


def test_an_id_that_stands_twice_is_refused():
    old, new = table(3, 0, 0, 0)
    twice = replace(new, samples=replace(new.samples, ids=np.array(["s0", "s0", "s1"])))
    with pytest.raises(MisuseError, match="more than one sample"):
        pair(old, twice)


def test_runs_of_two_tasks_are_refused():
    old, new = table(3, 0, 0, 0)
    with pytest.raises(MisuseError, match="not of the same task"):
        compare_sides(old, about(new, task="regression"))


def test_a_record_without_decisions_is_refused():
    old, new = table(3, 0, 0, 0)
    with pytest.raises(MisuseError, match="no decisions"):
        compare_sides(old, replace(new, samples=replace(new.samples, decisions=None)))


def test_a_self_comparison_finds_no_difference_anywhere():
    one = side("one", [0, 1, 2, 0] * 100, [0, 1, 2, 1] * 100)
    found = compare_sides(one, one)
    assert (found.decisions.difference, found.churn.count, found.flips) == (0, 0, ())
    assert found.outputs.identical == 400
    assert [f.kind for f in found.findings] == ["nothing_changed"]

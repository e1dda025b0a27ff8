"""Samples that share a speaker: intervals are over the speakers, and one speaker alone decides nothing."""

import numpy as np
import pytest
from swap_sides import side

from harness.records import Verdict
from harness.verdict.clustered import clustered_difference, clustered_share
from harness.verdict.swap import Limit, Margins, compare_sides

LABELS = [0, 0, 0, 1] * 100
LIMITS = (Limit("negative_flips", "", 0.1), Limit("churn", "", 0.1), Limit("recall.yes", "drop", 0.1))


def swapped(groups):
    """Speaker g7 lost half of what was right; everybody else nothing."""
    after = np.array(LABELS)
    after[350:375] = 2
    arrays = {"groups": np.array(groups)}
    return side("old", LABELS, LABELS, **arrays), side("new", after, LABELS, **arrays)


def test_every_interval_is_over_the_groups():
    names = np.repeat([f"g{i}" for i in range(8)], 50)
    old, new = swapped(names)
    found = compare_sides(old, new)
    before, after = np.ones(400, dtype=bool), new.samples.decisions == new.samples.labels
    assert (found.decisions.interval, found.decisions.n_groups) == ("clustered", 8)
    assert (found.decisions.low, found.decisions.high) == clustered_difference(before, after, names)
    assert (found.negative_flips.low, found.negative_flips.high) == clustered_share(before & ~after, names)
    assert [one.n_groups for one in (*found.classes, found.churn)] == [8, 8, 8]
    assert found.decisions.low < found.decisions.plain_low
    assert found.decisions.n_effective < 100


def test_a_drop_that_one_speaker_alone_shows_is_not_certain_of_others():
    alone = compare_sides(*swapped(np.repeat([f"g{i}" for i in range(8)], 50)), margins=Margins(accuracy=0.03))
    spread = compare_sides(*swapped([f"g{i}" for i in range(400)]), margins=Margins(accuracy=0.03))
    assert (alone.decisions.difference, spread.decisions.difference) == (-0.0625, -0.0625)
    assert (alone.verdict, spread.verdict) == (Verdict.INCONCLUSIVE, Verdict.FAIL)


def test_groups_of_one_sample_each_are_no_groups():
    found = compare_sides(*swapped([f"g{i}" for i in range(400)]))
    assert (found.decisions.interval, found.decisions.n_groups, found.churn.n_groups) == ("tango", 0, 0)


def test_one_group_alone_decides_nothing():
    old = side("old", [0] * 900, [0] * 900, groups=np.array(["anna"] * 900))
    found = compare_sides(old, old, margins=Margins(more=LIMITS))
    assert [c.passed for c in found.checks] == [None] * 4
    assert found.verdict is Verdict.INCONCLUSIVE
    assert all("one group" in c.reason for c in found.checks)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_is_judged_by_the_interval_over_groups(limit):
    old, new = swapped(np.repeat([f"g{i}" for i in range(8)], 50))
    check = compare_sides(old, new, margins=Margins(more=(limit,))).checks[1]
    assert (check.passed, "groups: 8" in check.reason) == (None, True)

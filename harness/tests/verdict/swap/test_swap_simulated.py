"""Thousands of swaps with a known change: the verdicts are wrong as seldom as they say, and see as much as they say."""

import math
import os

import pytest
from simulated_swaps import LEVEL, MARGIN, clusters, markdown, sights, table

from harness.guide import pages

FULL = os.environ.get("HIL_FULL") == "1"
NOMINAL = (1 - LEVEL) / 2


def chance_of(share, runs):
    """What chance adds to a share of so many runs: 3 standard errors."""
    return 3 * math.sqrt(share * (1 - share) / runs)


def test_a_verdict_is_wrong_as_seldom_as_it_says_and_as_often_right_as_computed():
    rows = list(table() if FULL else table((200, 1000), 2000))
    assert len(rows) == (45 if FULL else 30)
    for row in rows:
        most = NOMINAL + chance_of(NOMINAL, row.runs)
        if row.change <= -MARGIN:
            assert row.passes <= most, row
        if row.change >= -MARGIN:
            assert row.fails <= most, row
        if row.change == 0:
            assert row.shown <= most, row
        for seen, expected in ((row.passes, row.expected.passes), (row.shown, row.expected.drop_shown)):
            # What is counted exactly near the margin makes a pass rarer by 0.3 % at most.
            assert abs(seen - expected) <= 0.003 + chance_of(max(0.02, min(0.98, expected)), row.runs), row


def test_the_smallest_drop_and_the_number_that_decides_are_as_promised():
    for one in sights() if FULL else sights((200, 1000), 2000):
        off = chance_of(0.8, 10_000 if FULL else 2000)
        assert abs(one.seen - 0.8) <= 0.01 + off, one
        assert one.decided >= 0.8 - off, one


def test_with_eight_groups_of_equal_samples_only_the_clustered_interval_keeps_its_level():
    runs = 2000 if FULL else 300
    plain, clustered = clusters(runs=runs)
    assert (plain.method, clustered.method) == ("plain", "clustered")
    assert plain.passes > 0.3
    assert plain.fails > 0.3
    assert max(clustered.passes, clustered.fails) <= NOMINAL + chance_of(NOMINAL, runs)


@pytest.mark.skipif(not FULL, reason="simulates all tables of the page; with HIL_FULL=1")
def test_the_tables_of_the_guide_are_what_the_simulation_gives():
    page = pages.source("statistics")
    for one in markdown().split("\n\n"):
        assert one in page

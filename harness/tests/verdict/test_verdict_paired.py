"""Paired differences against figures that R packages print, against McNemar's own test, and against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.verdict.paired import Paired, compare, tango

COUNTS = st.integers(1, 2000).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda lost: st.tuples(st.just(lost), st.integers(0, n - lost), st.just(n)))
)


@pytest.mark.parametrize(
    ("lost", "gained", "n", "level", "low", "high"),
    [
        # R contingencytables 3.0.0, its own test of Tango_asymptotic_score_CI_paired_2x2 on Cavo et al. (2012), where
        # rows are the first side: 59, 6 / 16, 80; the difference is first minus second.
        (16, 6, 161, 0.95, -0.1240, -0.0054),
        # R PropCIs 0.3-0: scoreci.mp(b, c, n) is the interval of (c - b) / n; as published runs of it print.
        (25, 28, 618, 0.90, -0.0148, 0.0247),
        (60, 20, 1000, 0.95, -0.0584, -0.0231),
        (20, 60, 1000, 0.95, 0.0231, 0.0584),
    ],
)
def test_tangos_interval_is_what_r_prints(
    lost: int, gained: int, n: int, level: float, low: float, high: float
) -> None:
    assert tango(lost, gained, n, level) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_the_mid_p_of_the_same_table_is_what_r_prints() -> None:
    assert Paired(59, 16, 6, 80).p == pytest.approx(0.034690, abs=5e-7)


@given(COUNTS)
def test_the_interval_holds_the_estimate_and_turns_round_with_the_sides(counts: tuple[int, int, int]) -> None:
    lost, gained, n = counts
    low, high = tango(lost, gained, n)
    assert -1 <= low <= (gained - lost) / n <= high <= 1
    turned = tango(gained, lost, n)
    assert (low, high) == (pytest.approx(-turned[1], abs=1e-9), pytest.approx(-turned[0], abs=1e-9))


@given(COUNTS)
def test_no_difference_is_left_out_exactly_where_mcnemar_rejects_it(counts: tuple[int, int, int]) -> None:
    lost, gained, n = counts
    low, high = tango(lost, gained, n)
    score = 0.0 if lost == gained else abs(gained - lost) / math.sqrt(lost + gained)
    if abs(score - 1.959964) > 1e-4:
        assert (low > 0 or high < 0) == (score > 1.959964)


def test_where_nothing_differs_the_ends_are_wilsons_of_no_hits() -> None:
    z2 = 1.959963984540054**2
    assert tango(0, 0, 450) == (pytest.approx(-z2 / (450 + z2)), pytest.approx(z2 / (450 + z2)))


def test_the_interval_covers_what_it_says() -> None:
    rng, n, lost, gained = np.random.default_rng(7), 120, 0.08, 0.03
    draws = rng.multinomial(n, [lost, gained, 1 - lost - gained], 4000)
    hits = [low <= gained - lost <= high for low, high in (tango(int(a), int(b), n) for a, b, _ in draws)]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.012)


def test_counts_are_of_the_samples_and_not_of_the_sides() -> None:
    before = np.array([1, 1, 1, 0, 0, 0, 1], bool)
    after = np.array([1, 0, 0, 1, 0, 0, 1], bool)
    found = compare(before, after)
    assert found == Paired(both_right=2, lost=2, gained=1, both_wrong=2)
    assert (found.n, found.difference) == (7, pytest.approx(-1 / 7))
    assert found.interval() == tango(2, 1, 7)


@pytest.mark.parametrize("sides", [([], []), ([True], [True, False])])
def test_nothing_is_compared_with_something_else(sides: tuple[list[bool], list[bool]]) -> None:
    with pytest.raises(MisuseError):
        compare(*(np.array(side, bool) for side in sides))


@pytest.mark.parametrize("counts", [(0, 0, 0), (-1, 0, 5), (3, 3, 5)])
def test_counts_that_no_run_has_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(MisuseError):
        tango(*counts)

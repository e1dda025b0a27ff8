"""Held against statsmodels, scikit-learn and published figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from swap_sides import table

from harness.verdict.paired import tango
from harness.verdict.statistics import holm, mcnemar_exact, mcnemar_midp
from harness.verdict.swap import compare_sides
from harness.verdict.swap.margin import exact_p, kept
from harness.verdict.swap.power import most_gained, n_to_decide
from harness.verdict.swap.scores import area_difference
from harness.verdict.swap.tables import scores, tables


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_exact_p_is_statsmodels(lost, gained):
    if lost + gained:
        assert mcnemar_exact(lost, gained) == pytest.approx(
            mcnemar([[5, lost], [gained, 5]], exact=True).pvalue, rel=1e-9
        )
    else:
        assert mcnemar_exact(0, 0) == 1


@pytest.mark.parametrize("n", [1, 2, 3, 10, 35])
def test_holms_p_values_are_statsmodels(n):
    ps = np.random.default_rng(n).choice([0.0, 1.0, 0.01, 0.04, 0.2, *np.linspace(0, 0.1, 20)], n)
    assert holm(ps.tolist()) == pytest.approx(multipletests(ps, method="holm")[1])


def test_the_bounds_of_negative_flips_and_churn_are_statsmodels_exact_ones():
    found = compare_sides(*table(800, 58, 36, 106))
    for rate in (found.negative_flips, found.churn):
        low, high = proportion_confint(rate.count, rate.n, method="beta")
        assert (rate.low, rate.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(("flips", "n", "high"), [(0, 1000, 0.0037), (0, 200, 0.0183)])
def test_no_flip_at_all_still_leaves_an_upper_bound(flips, n, high):
    assert compare_sides(*table(n, flips, 0, 0)).negative_flips.high == pytest.approx(high, abs=5e-5)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(-9000, 9000).map(lambda part: part / 10_000))
def test_the_score_of_many_tables_leaves_out_what_the_interval_leaves_out(lost, gained, value):
    n = 1000
    low, high = tango(lost, gained, n)
    score = float(scores(lost, gained, n, value))
    if abs(value - low) > 1e-6 and abs(value - high) > 1e-6:
        assert (value < low) == (score > 1.959964)
        assert (value > high) == (score < -1.959964)


@given(st.integers(0, 200), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_most_that_may_be_gained_is_where_the_mid_p_turns(differ, level):
    most = int(most_gained(differ, level))
    if most >= 0:
        assert mcnemar_midp(differ - most, most) < 1 - level
    if 2 * (most + 1) < differ:
        assert mcnemar_midp(differ - most - 1, most + 1) >= 1 - level


@settings(max_examples=20)
@given(st.integers(1, 60), st.floats(0.01, 0.4), st.floats(0, 0.5))
def test_all_tables_together_are_certain(n, lost, gained):
    assert tables(n, lost, gained).weight.sum() == pytest.approx(1, abs=1e-9)


def test_the_exact_chance_is_the_sum_over_all_tables_of_the_worst_share_that_the_data_leaves_possible():
    n, margin = 30, 0.1
    lost, gained = 9, 0
    _, most = proportion_confint(lost + gained, n, alpha=1e-5, method="beta")
    score = float(scores(lost, gained, n, -margin))
    worst = 0.0
    for share in np.linspace(margin, most, 400):
        every = tables(n, (share + margin) / 2, (share - margin) / 2)
        worst = max(worst, float(every.weight[scores(every.lost, every.gained, n, -margin) <= score + 1e-9].sum()))
    assert exact_p(lost, gained, n, margin, score) == pytest.approx(worst, rel=0.02)


def test_a_margin_of_few_samples_is_not_broken_by_an_approximation_that_says_so():
    # Tango's interval of 9 lost among 200 ends at -2.3 points, and yet 4.9 % of swaps at the margin lose as many.
    assert tango(9, 0, 200)[1] < -0.02
    assert kept(9, 0, 200, 0.02, 0.95) == "undecided"
    assert kept(12, 0, 200, 0.02, 0.95) == "no"
    assert kept(0, 0, 200, 0.02, 0.95) == "yes"


def test_no_number_of_samples_decides_on_a_change_that_is_the_margin():
    assert n_to_decide(20, 0, 1000, 0.02, 0.95) is None


def _scores(draw, n, shift):
    anomalous = draw.random(n) < 0.4
    truth = draw.normal(0, 1, n) + shift * anomalous
    return anomalous, truth + draw.normal(0, 0.5, n), truth + draw.normal(0, 0.5, n)


def test_the_areas_are_scikit_learns_and_their_difference_turns_round_with_the_sides():
    anomalous, before, after = _scores(np.random.default_rng(3), 300, 1.5)
    one, other, low, high = area_difference(anomalous, before, after, 0.95)
    assert one == pytest.approx(roc_auc_score(anomalous, before))
    assert other == pytest.approx(roc_auc_score(anomalous, after))
    assert low < other - one < high
    turned = area_difference(anomalous, after, before, 0.95)
    assert (turned[2], turned[3]) == (pytest.approx(-high), pytest.approx(-low))


def test_a_difference_of_areas_is_covered_as_often_as_it_says_and_narrower_than_unpaired():
    draw, held, runs = np.random.default_rng(4), 0, 300
    for _ in range(runs):
        anomalous, before, after = _scores(draw, 150, 1.5)
        *_, low, high = area_difference(anomalous, before, after, 0.95)
        held += low <= 0 <= high
    assert 0.92 <= held / runs <= 0.99


def test_two_perfect_detectors_of_few_samples_are_not_known_to_be_equal():
    anomalous = np.arange(20) < 10
    ranks = anomalous.astype(np.float64)
    assert area_difference(anomalous, ranks, ranks, 0.95)[3] > 0.2

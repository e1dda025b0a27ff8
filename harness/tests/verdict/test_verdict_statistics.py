"""Against published values and, where a library has the same thing, against the library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.errors import MisuseError
from harness.verdict.statistics import clopper_pearson, mcnemar_midp, one_more, quantile_ranks, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", Stat Med 17 (1998) 857-872, table I,
        # method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe (1998), table I, method 5 (Clopper-Pearson).
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_gives_newcombes_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(
    st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95, 0.99])
)
def test_intervals_are_scipys_and_hold_the_estimate(counts: tuple[int, int], level: float) -> None:
    hits, n = counts
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        low, high = ours(hits, n, level)
        theirs = stats.binomtest(hits, n).proportion_ci(level, method=method)
        assert (low, high) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high, abs=1e-9))
        assert 0 <= low <= hits / n <= high <= 1


@pytest.mark.parametrize("function", [wilson, clopper_pearson])
def test_there_is_no_interval_from_nothing(function: object) -> None:
    for hits, n in ((0, 0), (1, 0), (2, 1), (-1, 3)):
        with pytest.raises(MisuseError):
            function(hits, n)  # type: ignore[operator]


@given(st.integers(1, 400), st.sampled_from([0.1, 0.5, 0.9, 0.99]))
def test_quantile_ranks_cover_and_are_the_tightest_that_do(n: int, q: float) -> None:
    low, high = quantile_ranks(n, q)
    below = 0.0 if low is None else float(stats.binom.cdf(low - 1, n, q))
    above = 0.0 if high is None else float(stats.binom.sf(high - 1, n, q))
    assert below <= 0.025 + 1e-12
    assert above <= 0.025 + 1e-12
    assert low is None or float(stats.binom.cdf(low, n, q)) > 0.025 - 1e-12
    assert high is None or high < 2 or float(stats.binom.sf(high - 2, n, q)) > 0.025 - 1e-12


def test_the_median_of_ten_lies_between_the_second_and_the_ninth() -> None:
    # The sign test's interval, by hand: P(B <= 1) = 11/1024 = 0.0107 and P(B <= 2) = 56/1024 = 0.0547 around 0.025.
    assert quantile_ranks(10, 0.5) == (2, 9)


def test_five_values_bound_no_median_and_a_hundred_no_p99() -> None:
    assert quantile_ranks(5, 0.5) == (None, None)
    assert quantile_ranks(100, 0.99)[1] is None


@pytest.mark.parametrize(
    ("lost", "gained", "expected"),
    [
        (58, 36, 0.023),  # MLPerf Tiny v1.0, VWW on NUCLEO-L4R5ZI: CMSIS-NN against native microTVM, from the raw logs
        (0, 0, 1.0),
        (1, 7, 0.0391),  # 2 (P(X<=1) - P(X=1)/2) = 2 (9 - 4) / 256
        (3, 3, 1.0),
    ],
)
def test_mcnemar_midp(lost: int, gained: int, expected: float) -> None:
    assert mcnemar_midp(lost, gained) == pytest.approx(expected, abs=6e-4)
    assert mcnemar_midp(gained, lost) == mcnemar_midp(lost, gained)


_COUNTS = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(_COUNTS, st.sampled_from([0.5001, 0.8, 0.95, 0.99, 0.9999]))
def test_bounds_are_those_of_scipy_stats(counts: tuple[int, int], level: float) -> None:
    hits, n = counts
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else stats.beta.ppf(tail, hits, n - hits + 1)
    high = 1.0 if hits == n else stats.beta.ppf(1 - tail, hits + 1, n - hits)
    assert clopper_pearson(hits, n, level) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))
    z, p = stats.norm.ppf((1 + level) / 2), hits / n
    edges = (
        (p + z * z / (2 * n) + s * z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5) / (1 + z * z / n)
        for s in (-1, 1)
    )
    assert wilson(hits, n, level) == tuple(pytest.approx(edge, abs=1e-12) for edge in edges)


@given(
    st.integers(1, 100_000), st.sampled_from([0.001, 0.1, 0.5, 0.9, 0.99, 0.999]), st.sampled_from([0.8, 0.95, 0.9999])
)
def test_ranks_are_those_of_scipy_stats(n: int, q: float, level: float) -> None:
    tail = (1 - level) / 2
    low, high = int(stats.binom.ppf(tail, n, q)), int(stats.binom.ppf(1 - tail, n, q)) + 1
    assert quantile_ranks(n, q, level) == (low if low >= 1 else None, high if high <= n else None)


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_mid_p_is_that_of_scipy_stats(lost: int, gained: int) -> None:
    n, fewer = lost + gained, min(lost, gained)
    expected = 2 * stats.binom.cdf(fewer, n, 0.5) - stats.binom.pmf(fewer, n, 0.5) if n else 1.0
    assert mcnemar_midp(lost, gained) == pytest.approx(min(1.0, expected), rel=1e-9)


@pytest.mark.parametrize("k", [3, 8])
def test_one_more_value_falls_where_it_is_said_as_often_as_is_said(k: int) -> None:
    draws = np.random.default_rng(3).normal(0.9, 0.02, (4000, k + 1))
    inside = [abs(row[-1] - mean) <= half for row in draws for mean, half in [one_more(row[:-1].tolist())]]
    assert 0.94 < np.mean(inside) < 0.96


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=9), st.sampled_from([0.8, 0.95, 0.99]))
def test_one_more_is_students_interval_of_scipy_stats(values: list[float], level: float) -> None:
    scale = np.std(values, ddof=1) * (1 + 1 / len(values)) ** 0.5
    mean, half = one_more(values, level)
    assert mean == pytest.approx(np.mean(values), abs=1e-9)
    assert half == pytest.approx(stats.t.ppf((1 + level) / 2, len(values) - 1) * scale, rel=1e-6, abs=1e-6)


def test_one_value_has_no_spread() -> None:
    with pytest.raises(MisuseError, match="no spread"):
        one_more([0.9])

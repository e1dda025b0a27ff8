"""Held against simulation: how often the intervals hold the value that the samples were drawn with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.verdict.clustered import clustered_difference, clustered_interval, clustered_share
from harness.verdict.paired import tango
from harness.verdict.statistics import student, wilson

_RUNS = 400


def _voices(draw: np.random.Generator, share: float, alike: float, groups: int, each: int) -> np.ndarray:
    """bool [groups * each]: every voice has its own share right, beta distributed around ``share``."""
    scale = (1 - alike) / alike
    return draw.random((groups, each)) < draw.beta(share * scale, (1 - share) * scale, groups)[:, np.newaxis]


def test_with_eight_voices_the_plain_interval_covers_too_rarely_and_the_clustered_one_as_it_says() -> None:
    draw, names = np.random.default_rng(8), np.repeat(np.arange(8), 25)
    plain = clustered = 0
    for _ in range(_RUNS):
        hits = _voices(draw, 0.8, 0.2, 8, 25).ravel()
        low, high = wilson(int(hits.sum()), hits.size)
        plain += low <= 0.8 <= high
        low, high = clustered_share(hits, names)
        clustered += low <= 0.8 <= high
    assert plain / _RUNS < 0.65
    assert 0.92 <= clustered / _RUNS <= 0.99


def test_a_mean_of_real_values_is_covered_as_it_says() -> None:
    draw, names = np.random.default_rng(9), np.repeat(np.arange(8), 25)
    held = 0
    for _ in range(_RUNS):
        values = 5 + np.repeat(draw.normal(0, 1, 8), 25) + draw.normal(0, 1, 200)
        low, high = clustered_interval(values, names)
        held += low <= 5 <= high
    assert 0.92 <= held / _RUNS <= 0.98


def test_a_paired_difference_is_covered_as_it_says() -> None:
    draw, names = np.random.default_rng(10), np.repeat(np.arange(8), 50)
    plain = clustered = 0
    for _ in range(_RUNS):
        lost = _voices(draw, 0.15, 0.2, 8, 50).ravel()
        before = lost | (draw.random(400) < 0.8)
        after = before & ~lost
        low, high = tango(int(lost.sum()), 0, 400)
        plain += low <= -0.15 <= high
        low, high = clustered_difference(before, after, names)
        clustered += low <= -0.15 <= high
    assert plain / _RUNS < 0.7
    assert 0.91 <= clustered / _RUNS <= 0.99


def test_groups_of_one_size_give_students_interval_of_their_means() -> None:
    values = np.array([[3.0, 5.0], [6.0, 8.0], [1.0, 3.0], [9.0, 9.0]])
    means = values.mean(axis=1)
    half = student(0.95, 3) * means.std(ddof=1) / 2
    low, high = clustered_interval(values.ravel(), np.repeat(["a", "b", "c", "d"], 2))
    assert (low + high) / 2 == pytest.approx(means.mean())
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)  # the error of 2000 draws


def test_where_all_are_right_each_group_counts_as_one_sample() -> None:
    hits, names = np.ones(400, dtype=bool), np.repeat(np.arange(8), 50)
    low, high = clustered_share(hits, names)
    assert high == 1
    assert low == pytest.approx(8 / (8 + student(0.95, 7) ** 2))  # Wilson's, by hand
    low, high = clustered_difference(hits, hits, names)
    assert low == pytest.approx(-high)
    assert 0.2 < high < 0.5


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60), st.sampled_from([0.8, 0.95]))
def test_an_interval_holds_its_share_whatever_the_groups(rows: list[tuple[bool, int]], level: float) -> None:
    hits, names = np.array([hit for hit, _ in rows]), np.array([name for _, name in rows])
    if len(set(names.tolist())) < 2:
        with pytest.raises(MisuseError, match="one group"):
            clustered_share(hits, names)
        return
    low, high = clustered_share(hits, names, confidence=level)
    assert 0 <= low <= hits.mean() + 1e-12
    assert hits.mean() - 1e-12 <= high <= 1
    order = np.random.default_rng(0).permutation(len(hits))
    assert clustered_share(hits[order], names[order], confidence=level) == (pytest.approx(low), pytest.approx(high))


def test_what_is_not_finite_or_has_no_group_is_refused() -> None:
    with pytest.raises(MisuseError):
        clustered_interval([1.0, np.nan], np.array(["a", "b"]))
    with pytest.raises(MisuseError):
        clustered_interval([1.0, 2.0, 3.0], np.array(["a", "b"]))

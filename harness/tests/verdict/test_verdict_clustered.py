"""Held against simulation: how often the intervals hold the value that the samples were drawn with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.plans.schema import TaskSpec
from harness.verdict import View, measure_all
from harness.verdict.clustered import (
    clustered_difference,
    clustered_interval,
    clustered_share,
    clustered_statistic,
    most_effective,
)
from harness.verdict.metrics import family_of
from harness.verdict.paired import tango
from harness.verdict.statistics import student, wilson
from harness.verdict.view import Truth

_RUNS = 400


def _voices(draw: np.random.Generator, share: float, alike: float, groups: int, each: int) -> np.ndarray:
    """bool [groups * each]: every voice has its own share right, beta distributed around ``share``."""
    scale = (1 - alike) / alike
    return draw.random((groups, each)) < draw.beta(share * scale, (1 - share) * scale, groups)[:, np.newaxis]


def _coverage(share: float, alike: float, groups: int, each: int) -> tuple[float, float]:
    """How often the plain interval holds the share, and the one by groups."""
    draw, names = np.random.default_rng(8), np.repeat(np.arange(groups), each)
    plain = clustered = 0
    for _ in range(_RUNS):
        hits = _voices(draw, share, alike, groups, each).ravel()
        low, high = wilson(int(hits.sum()), hits.size)
        plain += low <= share <= high
        low, high = clustered_share(hits, names)
        clustered += low <= share <= high
    return plain / _RUNS, clustered / _RUNS


@pytest.mark.parametrize(
    ("share", "groups", "each", "plain", "clustered"),
    [(0.8, 8, 25, 0.60, 0.96), (0.9, 8, 100, 0.33, 0.96), (0.99, 8, 100, 0.29, 0.98), (0.9, 40, 8, 0.81, 0.95)],
)
def test_the_plain_interval_of_few_voices_covers_too_rarely_and_the_clustered_one_as_it_says(
    share: float, groups: int, each: int, plain: float, clustered: float
) -> None:
    # The table of the guide's page "metrics", of ten times as many cases.
    assert _coverage(share, 0.2, groups, each) == (pytest.approx(plain, abs=0.05), pytest.approx(clustered, abs=0.025))


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


def test_where_all_are_right_half_a_group_is_allowed_for() -> None:
    hits, names = np.ones(400, dtype=bool), np.repeat(np.arange(8), 50)
    low, high = clustered_share(hits, names)
    n = 1 / (1 / 400 + 1 / 16**2)
    assert most_effective(400, 8) == pytest.approx(n)
    assert high == 1
    assert low == pytest.approx(n / (n + student(0.95, 7) ** 2))  # Wilson's, by hand
    one_wrong = hits.copy()
    one_wrong[0] = False
    assert clustered_share(one_wrong, names)[0] < low  # a better network never has a lower bound
    low, high = clustered_difference(hits, hits, names)
    assert low == pytest.approx(-high)
    assert 0.02 < high < 0.05


def test_a_figure_of_all_samples_is_treated_as_their_mean_is() -> None:
    draw, names = np.random.default_rng(11), np.repeat(np.arange(12), 10)
    values = np.repeat(draw.normal(0, 1, 12), 10) + draw.normal(0, 1, 120)
    low, high = clustered_statistic(lambda rows: float(values[rows].mean()), names)
    assert (low, high) == pytest.approx(clustered_interval(values, names), abs=0.05)


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


def _six_voices(view: Callable[..., View]) -> View:
    labels = np.tile([0, 1], 30)
    outputs = np.eye(2)[np.where(np.arange(60) % 7 == 0, 1 - labels, labels)]
    names = np.repeat(list("abcdef"), 10)
    return view(outputs, labels, truth=Truth(groups=names))


def test_figures_of_labels_have_an_interval_by_group_and_those_of_parity_none(view: Callable[..., View]) -> None:
    made = _six_voices(view)
    made = replace(made, samples=replace(made.samples, origin=np.zeros((60, 2), dtype=np.float32)))
    found = {m.name: m for m in measure_all(made)}
    grouped = {name for name, m in found.items() if m.by_group is not None}
    assert grouped == {name for name in found if (family := family_of(name)) and family.by_group(name)}
    assert {"accuracy", "recall.a", "precision.b", "unknown_rate", "accuracy_drop.total"} <= grouped
    assert not {"agreement", "decision_agreement", "input_integrity"} & grouped
    accuracy = found["accuracy"].by_group
    assert accuracy is not None
    assert accuracy.groups == 6
    assert found["recall.a"].n == 30  # a part of the samples, with the groups of that part


def test_groups_of_one_sample_each_change_nothing(view: Callable[..., View]) -> None:
    made = view(np.eye(4), np.arange(4), truth=Truth(groups=np.array(list("abcd"))))
    assert all(m.by_group is None for m in measure_all(made))


def test_figures_of_targets_have_an_interval_by_group(view: Callable[..., View]) -> None:
    draw, names = np.random.default_rng(3), np.repeat(list("abcdef"), 10)
    wanted = draw.normal(0, 1, (60, 1))
    truth = Truth(targets=wanted, groups=names)
    made = view(
        wanted + np.repeat(draw.normal(0, 1, 6), 10)[:, None],
        np.full(60, -1),
        truth=truth,
        task=TaskSpec(name="regression"),
    )
    found = {m.name: m for m in measure_all(made)}
    for name in ("target_mae", "target_rmse", "r2"):
        m = found[name]
        assert m.by_group is not None
        assert None not in (m.low, m.high, m.by_group.low, m.by_group.high)
        assert m.by_group.high - m.by_group.low > m.high - m.low  # every voice has its own bias

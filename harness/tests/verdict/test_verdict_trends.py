"""What is read out of many runs, held against series whose truth is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.verdict.trends import DRIFT_LEVEL, MIN_RUNS, Outcome, changes, drifting, flaky, noise

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def series(*parts, seed=0, spread=1.0):
    draw = np.random.default_rng(seed)
    return np.concatenate([level + spread * draw.standard_normal(n) for level, n in parts])


def test_a_step_is_found_where_it_is_with_its_levels():
    (change,) = changes(series((100, 40), (105, 30)))
    assert change.index == 40
    assert change.before == pytest.approx(100, abs=0.5)
    assert change.difference == pytest.approx(5, abs=0.8)
    assert change.penalty == pytest.approx(4 * np.log(70))


def test_several_steps_up_and_down_are_told_in_their_order():
    found = changes(series((0, 30), (5, 30), (0, 30)))
    assert [change.index for change in found] == [30, 60]
    assert [change.difference > 0 for change in found] == [True, False]


def test_one_odd_run_is_no_change():
    values = series((0.9, 60), spread=0.005)
    values[30] = 0.2
    assert changes(values) == []


def test_figures_without_noise_change_when_they_differ():
    assert changes([28_412.0] * 50) == []
    (change,) = changes([28_412.0] * 20 + [28_500.0] * 10)
    assert (change.index, change.before, change.after) == (20, 28_412, 28_500)


@pytest.mark.parametrize("n", [12, 20, 60, 150])
def test_a_level_that_holds_is_seldom_told_as_changed(n):
    """The penalty's false alarms: at most 1 series in 20 of runs that never changed."""
    alarms = sum(bool(changes(series((0, n), seed=seed))) for seed in range(400))
    assert alarms <= 28, f"{alarms} of 400"  # two deviations of the simulation above 20


def test_a_step_of_two_deviations_is_found_in_nine_of_ten_series():
    found = [changes(series((0, 30), (2, 30), seed=seed)) for seed in range(100)]
    near = sum(any(abs(change.index - 30) <= 2 for change in one) for one in found)
    assert near >= 90, f"{near} of 100"


@given(st.lists(st.floats(-1e6, 1e6), max_size=40))
def test_whatever_the_values_levels_last_and_lie_among_them(values):
    found = changes(values)
    ends = [0, *(change.index for change in found), len(values)]
    if found:
        assert all(b - a >= MIN_RUNS for a, b in pairwise(ends))
        assert all(min(values) <= level <= max(values) for c in found for level in (c.before, c.after))


def test_the_noise_is_that_of_the_level_and_not_of_its_steps():
    assert noise(series((0, 500), (50, 500), spread=2.0)) == pytest.approx(2.0, rel=0.1)
    assert noise(np.array([1.0])) == 0


def nights(n, drifts, *, seed=0, spread=1.0, together=0.0):
    """``n`` nights of units that each drift by so much a night; ``together`` all of them do."""
    draw = np.random.default_rng(seed)
    rows = [
        (
            FIRST + timedelta(days=night, minutes=i),
            100 + (drift + together) * night + spread * draw.standard_normal(),
            f"u{i}",
        )
        for night in range(n)
        for i, drift in enumerate(drifts)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def test_the_one_unit_that_moves_is_named_and_the_others_are_not():
    (drift,) = drifting(*nights(30, [0, 0, 0.2, 0]))
    assert (drift.unit, drift.n) == ("u2", 30)
    assert drift.per_day == pytest.approx(0.2, abs=0.05)
    assert drift.total == pytest.approx(0.2 * 29, abs=1.5)
    assert drift.p < DRIFT_LEVEL


def test_of_three_units_the_drifting_one_does_not_drag_the_others_along():
    assert [drift.unit for drift in drifting(*nights(30, [0, 0.4, 0]))] == ["u1"]


def test_what_all_units_do_is_the_products_and_no_units_drift():
    assert drifting(*nights(30, [0, 0, 0, 0], together=0.5)) == []


def test_two_units_that_part_are_not_judged_and_few_runs_neither():
    assert drifting(*nights(30, [0, 1])) == []
    assert drifting(*nights(7, [0, 1, 0, 0])) == []


def test_units_that_stand_still_are_seldom_named():
    alarms = sum(bool(drifting(*nights(20, [0] * 5, seed=seed))) for seed in range(100))
    assert alarms <= 3, f"{alarms} of 100"


def outcomes(verdicts, *, case="digits/b1/small", build="elf1"):
    return [Outcome(case, build, FIRST + timedelta(days=i), verdict) for i, verdict in enumerate(verdicts)]


def test_a_case_that_turns_with_nothing_changed_is_flaky():
    (found,) = flaky(outcomes(["pass", "fail", "pass", "error", "pass", "inconclusive"]))
    assert (found.n, found.fails, found.errors, found.turns) == (5, 1, 1, 4)
    assert found.share == 0.4
    assert found.low < 0.4 < found.high


def test_what_turns_once_has_changed_and_what_has_another_build_is_another():
    assert flaky(outcomes(["pass"] * 5 + ["fail"] * 5)) == []
    by_build = [outcomes([verdict], build=f"elf{i}")[0] for i, verdict in enumerate(["pass", "fail", "pass", "fail"])]
    assert flaky(by_build) == []
    assert flaky(outcomes(["pass", "fail", "pass"], build="")) == []


def test_order_is_by_time_and_the_worst_comes_first():
    mild = outcomes(["pass", "pass", "fail", "pass", "pass"], case="a")
    bad = outcomes(["fail", "pass", "fail", "pass"], case="b")
    assert [one.case for one in flaky([*reversed(mild), *bad])] == ["b", "a"]

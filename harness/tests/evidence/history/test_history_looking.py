"""What is read out of the history's runs, cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from history_runs import a_record

from harness.evidence.history import History, Wanted
from harness.evidence.history.looking import flaky_cases, trends_of
from harness.records import Measurement, UnitFacts, Verdict

NIGHTS, UNITS = 24, 3


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Nights of three units: a better model from night 16 on, one unit that gets worse, one case that comes and goes."""
    draw = np.random.default_rng(3)
    with History.open(f"sqlite:///{tmp_path_factory.mktemp('nights')}/history.db") as store:
        for night in range(NIGHTS):
            for unit in range(UNITS):
                value = (0.93 if night < 16 else 0.97) + draw.normal(0, 0.002) - 0.001 * night * (unit == 1)
                number = night * UNITS + unit
                record = a_record(
                    number,
                    accuracy=float(value),
                    hours=24 * night + unit / 10,
                    unit=UnitFacts(uid=f"unit-{unit}"),
                    verdict=Verdict.ERROR if number % 9 == 4 else Verdict.PASS,
                )
                store.add(record, None, session=f"s{night}")
        infinite = (Measurement(name="rmse", value=math.inf, unit="1", n=5),)
        store.add(a_record(900, plan="words", measurements=infinite), None, session="w")
        yield store


def test_a_change_is_told_with_the_run_that_came_first(history):
    (trend,) = trends_of(history, "accuracy", Wanted())
    assert (trend.plan, trend.measured_in, len(trend.points)) == ("digits", "ratio", NIGHTS * UNITS)
    ((change, first),) = trend.changes
    assert first.run_id == a_record(16 * UNITS).run_id
    assert change.difference == pytest.approx(0.04, abs=0.01)
    assert [(gate.op, gate.limit) for gate in trend.gates] == [(">=", 0.9)]


def test_the_unit_that_drifts_is_named(history):
    (trend,) = trends_of(history, "accuracy", Wanted(plan="digits"))
    assert [drift.unit for drift in trend.drifts] == ["unit-1"]
    assert trends_of(history, "accuracy", Wanted(unit="unit-1"))[0].drifts == ()


def test_a_case_that_comes_and_goes_is_flaky(history):
    (found,) = flaky_cases(history, Wanted())
    assert (found.case, found.n, found.errors, found.fails) == ("digits/b1/small", NIGHTS * UNITS, 8, 0)


def test_values_that_are_infinite_are_points_and_no_level(history):
    (trend,) = trends_of(history, "rmse", Wanted())
    assert ([point.value for point in trend.points], trend.changes, trend.drifts) == ([math.inf], (), ())

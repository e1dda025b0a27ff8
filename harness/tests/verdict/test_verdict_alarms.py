"""Releases with nothing wrong fail by chance as rarely as is said, and exact gates have no part in it."""

from datetime import timedelta

import numpy as np
import pytest
from release_runs import NOW, asked, broken, hits, relative, run
from scipy import stats

from harness.records import GateResult, Measurement, Verdict
from harness.verdict.release import CellStatus, choose, judge_release
from harness.verdict.release.alarms import chance_of, raised
from harness.verdict.release.facts import AlarmFacts
from harness.verdict.statistics import wilson


def gate(metric="accuracy", op=">=", limit=0.9):
    return GateResult(metric=metric, op=op, limit=limit, value=None, passed=None, confidence=0.95)


def measured(value, n=400, name="accuracy", low=None, high=None):
    return Measurement(name=name, value=value, unit="ratio", n=n, low=low, high=high)


@pytest.mark.parametrize(("hit", "n", "limit"), [(340, 400, 0.9), (13, 20, 0.95), (0, 50, 0.5), (399, 400, 1.0)])
def test_the_chance_of_a_share_is_that_of_the_binomial_test(hit, n, limit):
    ours = chance_of(gate(limit=limit), measured(hit / n, n))
    assert ours == pytest.approx(stats.binomtest(hit, n, limit, alternative="less").pvalue, rel=1e-9)
    other = chance_of(gate("unknown_rate", "<=", 1 - limit), measured(1 - hit / n, n, "unknown_rate"))
    assert other == pytest.approx(stats.binomtest(n - hit, n, 1 - limit, alternative="greater").pvalue, rel=1e-9)


def test_the_chance_of_another_measurement_is_that_of_its_interval():
    # Altman and Bland's own example, BMJ 343 (2011) d2304: ln(0.81) with 95 % interval ln(0.70) to ln(0.94), two-sided p 0.006.
    value, low, high = np.log([0.81, 0.70, 0.94])
    one_sided = chance_of(gate("auc", ">=", 0.0), measured(value, name="auc", low=low, high=high))
    assert 2 * one_sided == pytest.approx(0.006, abs=0.002)


def test_a_value_within_its_limit_is_no_chance_at_all():
    assert chance_of(gate(), measured(0.95)) == chance_of(gate("unknown_rate", "<=", 0.1), measured(0.1)) == 1
    assert chance_of(gate("auc"), measured(0.8, name="auc")) == 1  # no interval: nothing can be said


def test_of_releases_with_nothing_wrong_no_more_fail_by_chance_than_is_said():
    """20 cells that keep their limit just so, 2000 releases: by themselves their gates would fail 46 % of them."""
    cells, n, limit, rate = 20, 400, 0.9, 0.05
    draws = np.random.default_rng(20260314).binomial(n, limit, (2000, cells))
    table = {}
    for hit in np.unique(draws):
        low, high = wilson(int(hit), n)
        p = chance_of(gate(limit=limit), measured(hit / n, n, low=low, high=high))
        table[hit] = AlarmFacts(run_id="a", gate="g", p=p, p_holm=p, broken=high < limit, stands=False)
    plain = np.mean([any(table[hit].broken for hit in one) for one in draws])
    held = np.mean(
        [any(a.stands for cell in raised([[table[hit]] for hit in one], rate) for a in cell) for one in draws]
    )
    assert plain > 0.4
    assert held <= rate + 3 * np.sqrt(rate * (1 - rate) / len(draws))


def judged(*runs):
    of = asked()
    commit, cells = choose(of, runs, now=NOW)
    return judge_release(of, commit, cells, now=NOW, digests={})


def test_a_break_that_stands_fails_the_release_and_one_by_chance_only_keeps_it_from_passing():
    worse = judged(run(**hits(840)), run("psoc"))
    assert worse.verdict is Verdict.FAIL
    assert "accuracy >= 0.9 confidence 0.95 is broken (p below 0.0001" in worse.cells[0].reasons[0]
    assert worse.cells[0].alarms[0].stands
    # 881 of 1000 break it by Wilson's interval, and one in 36 products just at the limit is right so rarely.
    near = hits(881)
    assert near["verdict"] is Verdict.FAIL
    chance = judged(run(**near), run("psoc"))
    (alarm,) = chance.cells[0].alarms
    assert alarm.broken
    assert alarm.p == pytest.approx(stats.binom.cdf(881, 1000, 0.9))
    assert alarm.p_holm == pytest.approx(2 * alarm.p)
    assert (chance.verdict, chance.cells[0].status) == (Verdict.INCONCLUSIVE, CellStatus.INCONCLUSIVE)
    assert "not enough for a failure, since 5 % of releases may fail by chance" in chance.cells[0].reasons[0]


def test_an_exact_gate_fails_the_release_whatever_chance_says():
    found = judged(run(**broken()), run("psoc"))
    assert found.verdict is Verdict.FAIL
    assert "Chance has no part in the other 2." in found.chance


def test_a_run_that_repeats_another_to_the_figure_is_no_second_chance():
    nights = [run(age=timedelta(days=day)) for day in range(1, 6)]
    found = judged(run(), *nights, run("psoc"))
    assert (len(found.cells[0].others), found.n_alarms, found.n_exact) == (5, 2, 2)
    found = judged(run(), *nights[:-1], run(age=timedelta(days=5), **hits(959)), run("psoc"))
    assert found.n_alarms == 3


def with_gates(*more, **changed):
    found = hits(960)
    return run(**found | {"gates": (*found["gates"], *more)} | changed)


def test_a_plans_gate_against_a_baseline_is_raised_with_the_others():
    near = relative("accuracy drop", 0.031, 0.02, low=0.0203, passed=False, confidence=0.95)
    found = judged(with_gates(near, verdict=Verdict.FAIL), run("psoc"))
    assert (found.n_alarms, found.cells[0].status) == (3, CellStatus.INCONCLUSIVE)
    far = near.model_copy(update={"value": 0.08, "low": 0.06})
    found = judged(with_gates(far, verdict=Verdict.FAIL), run("psoc"))
    assert (found.verdict, found.cells[0].alarms[-1].stands) == (Verdict.FAIL, True)


def test_a_size_that_rose_too_far_is_no_chance():
    rose = relative("flash_bytes rise", 4096, 2048, passed=False)
    found = judged(with_gates(rose, verdict=Verdict.FAIL), run("psoc"))
    assert (found.verdict, found.n_alarms, found.n_exact) == (Verdict.FAIL, 2, 3)
    assert found.cells[0].reasons == ("flash_bytes rise 4096, limit <= 2048",)


def test_a_gate_that_only_warns_is_told_and_lets_the_cell_pass():
    found = judged(with_gates(relative("churn", 0.2, 0.1, low=0.15, passed=False, severity="warn")), run("psoc"))
    assert (found.verdict, found.n_alarms) == (Verdict.PASS, 2)
    assert found.cells[0].warnings == ("a gate that only warns is broken: churn 0.2, limit <= 0.1",)


def test_the_rate_is_stated_with_what_it_is_of():
    assert judged(run(), run("psoc")).chance.startswith(
        "At most 5 % of releases with nothing wrong fail by chance (2 gates with a confidence"
    )
    assert judged().chance == ""

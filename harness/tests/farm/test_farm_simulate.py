"""The simulation held against what queueing theory says, and against itself where theory is silent."""

import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

pytest.importorskip("simpy", reason="pip install simpy")
import simpy

from harness.farm.simulate.cores import Cores
from harness.farm.simulate.engine import play
from harness.farm.simulate.fitted import fit
from harness.farm.simulate.model import Arrivals, Habits, Rack, Work
from harness.farm.simulate.needed import needed
from harness.farm.simulate.report import figures

NEVER = Habits(retries=1)


def exponential(mean_s, n=2000):
    """Quantiles of an exponential distribution: drawn from at random they are one, nearly."""
    return tuple(-mean_s * math.log(1 - (i + 0.5) / n) for i in range(n))


def erlang_c_wait_s(arrivals_per_s, service_s, servers):
    """Mean wait in an M/M/c queue (Erlang C)."""
    load = arrivals_per_s * service_s
    busy = load / servers
    top = load**servers / math.factorial(servers) / (1 - busy)
    p_wait = top / (sum(load**k / math.factorial(k) for k in range(servers)) + top)
    return p_wait * service_s / (servers * (1 - busy))


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (2, 0.8), (4, 0.7)])
def test_random_arrivals_wait_as_long_as_erlang_c_says(servers, busy):
    service_s = 60.0
    per_s = busy * servers / service_s
    work = Work("a", "b", exponential(service_s))
    waits = []
    for seed in range(6):
        played = play(
            Rack({"b": servers}),
            [work],
            Arrivals(rounds=0, per_hour=3600 * per_s, hours=400 / servers),
            NEVER,
            seed=seed,
        )
        waits.append(sum(played.waits_s) / len(played.waits_s))
    mean = sum(waits) / len(waits)
    spread = (sum((one - mean) ** 2 for one in waits) / (len(waits) - 1)) ** 0.5 / len(waits) ** 0.5
    assert abs(mean - erlang_c_wait_s(per_s, service_s, servers)) < 4 * spread


def test_equal_jobs_on_shared_processors_end_together_when_all_work_is_done():
    env = simpy.Environment()
    cores = Cores(env, 2)
    ends = []

    def job():
        yield from cores.work(3.0)
        ends.append(env.now)

    for _ in range(8):
        env.process(job())
    env.run()
    assert ends == pytest.approx([12.0] * 8)


def test_a_short_job_leaves_the_processor_to_the_long_one():
    env = simpy.Environment()
    cores = Cores(env, 1)
    ends = {}

    def job(name, seconds):
        yield from cores.work(seconds)
        ends[name] = env.now

    env.process(job("short", 1.0))
    env.process(job("long", 5.0))
    env.run()
    # Both at half speed until the short one has its second, then the long one alone.
    assert ends == pytest.approx({"short": 2.0, "long": 6.0})


def test_a_night_takes_as_long_as_its_work_divided_by_its_units():
    works = [Work(f"c{i}", "b", (100.0,)) for i in range(40)]
    played = play(Rack({"b": 8}), works, Arrivals(), NEVER, seed=1)
    assert played.end_s == pytest.approx(500.0)
    assert played.runs == 40
    assert figures([played], Rack({"b": 8})).use["b"] == pytest.approx(1.0)


def test_the_longest_case_begins_first_so_that_it_does_not_end_alone():
    works = [Work("long", "b", (300.0,)), *(Work(f"c{i}", "b", (100.0,)) for i in range(3))]
    assert play(Rack({"b": 2}), works[::-1], Arrivals(), NEVER, seed=1).end_s == pytest.approx(300.0)


def test_a_case_of_a_kind_without_units_is_left_undone_and_nothing_waits_for_it():
    played = play(Rack({"b": 1}), [Work("a", "x", (10.0,)), Work("c", "b", (10.0,))], Arrivals(), NEVER, seed=1)
    assert (played.undone, played.runs, played.end_s) == (1, 1, 10.0)


def test_after_faults_a_case_is_tried_once_more_and_no_oftener():
    always = [Work(f"c{i}", "b", (10.0,), error_rate=1.0) for i in range(5)]
    played = play(Rack({"b": 4}), always, Arrivals(), Habits(retries=1, faults_in_a_row=100), seed=1)
    assert (played.runs, played.errors, played.undone) == (10, 10, 5)


def test_a_unit_that_fails_three_times_in_a_row_is_away_for_its_repair_and_is_not_awaited():
    always = [Work(f"c{i}", "b", (10.0,), error_rate=1.0) for i in range(3)]
    habits = Habits(retries=0, faults_in_a_row=3, check_s=60.0, broken_rate=1.0, repair_s=1000.0)
    played = play(Rack({"b": 1}), [*always, Work("last", "b", (5.0,))], Arrivals(), habits, seed=1)
    assert played.quarantined == 1
    assert played.end_s == pytest.approx(30)
    assert (played.undone, played.unserved) == (4, 1)
    assert not played.in_time(3600)


def test_a_repaired_unit_works_again():
    always = [Work("c", "b", (10.0,), error_rate=1.0)]
    habits = Habits(retries=0, faults_in_a_row=3, check_s=60.0, broken_rate=1.0, repair_s=1000.0)
    played = play(Rack({"b": 1}), always, Arrivals(rounds=0, per_hour=60, hours=10), habits, seed=1)
    # Away for 1,000 s after three cases, a minute apart, and the check: nearly thirty times.
    assert 20 < played.quarantined < 36
    assert 3 * played.quarantined <= played.runs <= 3 * played.quarantined + 3


def test_an_error_stands_where_no_other_unit_is_and_a_health_check_is_awaited():
    always = [Work("c", "b", (10.0,), error_rate=1.0)]
    played = play(Rack({"b": 1}), always, Arrivals(), Habits(faults_in_a_row=100), seed=1)
    assert (played.runs, played.undone, played.unserved) == (1, 1, 0)
    checked = Habits(retries=0, faults_in_a_row=1, check_s=60.0, broken_rate=0.0)
    played = play(Rack({"b": 1}), always * 3, Arrivals(), checked, seed=1)
    assert (played.runs, played.end_s) == (3, pytest.approx(10 + 60 + 10 + 60 + 10))


def test_a_night_is_over_with_its_own_cases_whatever_comes_besides():
    works = [Work(f"c{i}", "b", (600.0,)) for i in range(8)]
    played = play(Rack({"b": 8}), works, Arrivals(rounds=1, per_hour=4, hours=8), NEVER, seed=1)
    assert played.night_s == pytest.approx(600)
    assert played.end_s > 7 * 3600
    assert played.in_time(3600)
    found = needed(Rack({}), works, Arrivals(1, per_hour=4, hours=8), NEVER, deadline_s=8 * 3600.0, times=5)
    assert found.units is not None


def test_each_kind_gets_its_share_of_what_comes_at_random_and_no_more():
    """Four kinds, four cases an hour of 50 minutes each: as many units of each kind as one kind alone with one case an hour."""
    works = [Work(f"c{i}", f"k{i}", (3000.0,)) for i in range(4)]
    come = Arrivals(rounds=0, per_hour=4, hours=40)
    alone = Arrivals(rounds=0, per_hour=1, hours=40)
    deadline_s = 41.0 * 3600
    one = needed(Rack({}), works[:1], alone, NEVER, deadline_s=deadline_s, times=4).units
    found = needed(Rack({}), works, come, NEVER, deadline_s=deadline_s, times=4).units
    assert one is not None
    assert found == {work.board: one["k0"] for work in works}


def test_the_coordinator_gives_out_one_unit_at_a_time():
    works = [Work(f"c{i}", "b", (1.0,)) for i in range(100)]
    played = play(Rack({"b": 100}, claim_s=0.5), works, Arrivals(), NEVER, seed=1)
    assert played.wait_s(1.0) == pytest.approx(50.0)


def test_the_number_of_units_for_a_deadline_is_the_smallest_that_keeps_it():
    works = [Work(f"c{i}", "b", (100.0,)) for i in range(40)] + [Work(f"d{i}", "x", (50.0,)) for i in range(10)]
    found = needed(Rack({}), works, Arrivals(), NEVER, deadline_s=500.0, times=3)
    assert found.units == {"b": 8, "x": 1}
    assert found.share == 1.0
    assert needed(Rack({}), works, Arrivals(), NEVER, deadline_s=99.0, times=1).units is None


def test_a_night_of_several_kinds_is_in_time_as_often_as_was_asked_for():
    """Each kind in time in 19 nights of 20 would be four kinds in 16."""
    works = [Work(f"c{i}", f"k{i % 4}", (50.0, 150.0)) for i in range(40)]
    found = needed(Rack({}), works, Arrivals(), NEVER, deadline_s=400.0, times=20)
    assert found.share >= 0.9


def test_more_units_than_could_have_a_case_are_not_tried():
    works = [Work(f"c{i}", "b", (100.0,)) for i in range(3)]
    assert needed(Rack({}), works, Arrivals(), NEVER, deadline_s=99.0, times=1).units is None


def run(verdict, seconds, board="b", plan="p"):
    began = datetime(2026, 11, 1, tzinfo=UTC)
    return SimpleNamespace(
        plan=plan,
        board=board,
        model="m",
        verdict=verdict,
        started=began,
        finished=began + timedelta(seconds=seconds),
    )


def test_times_are_those_of_verdicts_and_faults_those_of_the_rig():
    fitted = fit([run("pass", 10), run("fail", 30), run("error", 900), run("pass", 10**6), run("error", 1, "x")], 0.5)
    (work,) = fitted.works
    assert work.seconds == (10.0, 30.0)
    assert work.error_rate == pytest.approx(1.5 / 5)
    assert work.host_s == 10.0
    assert (fitted.runs, fitted.errors) == (5, 2)


def test_the_same_seed_plays_the_same_night():
    works = [Work(f"c{i}", "b", exponential(50, 50), error_rate=0.2) for i in range(20)]
    once, again, other = (play(Rack({"b": 3}), works, Arrivals(), NEVER, seed=seed) for seed in (5, 5, 6))
    assert once == again
    assert once != other

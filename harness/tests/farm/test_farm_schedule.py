"""The rules by which work is spread, and that they hold whatever happens: any jobs, any workers, any deaths."""

import collections
import statistics

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harness.errors import HarnessBug
from harness.farm.schedule import Impossible, Job, Outcome, Schedule, Try, Worker


def _schedule(*jobs, workers=(), **rest):
    schedule = Schedule(jobs, **rest)
    for worker in workers:
        schedule.add_worker(worker)
    return schedule


def _unit(uid, board="stm32", *tags):
    return Worker(f"w-{uid}", board, uid, frozenset(tags))


def _on(*boards, name=None, **rest):
    return Job(name or "-".join(boards), frozenset(boards), **rest)


def test_a_job_goes_to_a_unit_of_its_kind():
    schedule = _schedule(_on("psoc6"), _on("stm32"), workers=[_unit("a"), _unit("b", "psoc6")])
    assert schedule.next_for("w-a").id == "stm32"
    assert schedule.next_for("w-b").id == "psoc6"


def test_a_job_with_tags_waits_for_a_unit_that_has_all_of_them():
    schedule = _schedule(Job("j", tags=frozenset({"camera", "fast"})), workers=[_unit("a", "stm32", "camera")])
    assert schedule.next_for("w-a") is None
    schedule.add_worker(_unit("b", "stm32", "fast", "camera", "old"))
    assert schedule.next_for("w-b").id == "j"


def test_a_job_for_one_unit_goes_to_no_equal_of_it():
    schedule = _schedule(_on("stm32", uid="b"), workers=[_unit("a"), _unit("b")])
    assert schedule.next_for("w-a") is None
    assert schedule.next_for("w-b") is not None


def test_a_worker_that_starts_virtual_boards_takes_any_kind_but_no_tags():
    schedule = _schedule(
        _on("psoc6"), _on("stm32"), Job("t", tags=frozenset({"camera"})), workers=[Worker("gw0", None)]
    )
    for name in ("psoc6", "stm32"):
        assert schedule.next_for("gw0").id == name
        schedule.done("gw0", name, Outcome.PASS)
    assert schedule.next_for("gw0") is None


def test_a_worker_without_a_unit_does_what_needs_none():
    schedule = _schedule(_on("stm32"), Job("plain"), workers=[Worker("gw0", "")])
    assert schedule.next_for("gw0").id == "plain"
    schedule.done("gw0", "plain", Outcome.PASS)
    assert schedule.next_for("gw0") is None


def test_the_longest_known_is_first_and_what_is_not_known_counts_as_the_median():
    jobs = [Job("new"), Job("short", seconds=1.0), Job("mid", seconds=5.0), Job("long", seconds=60.0)]
    schedule = _schedule(*jobs)
    assert [job.id for job in schedule.waiting] == ["long", "new", "mid", "short"]


def test_where_nothing_is_known_the_order_stays():
    assert [job.id for job in _schedule(Job("b"), Job("a"), Job("c")).waiting] == ["b", "a", "c"]


def _grouped(*names, **rest):
    """Jobs of ``module/class``: ``a/X1`` is a test of class X of module a."""
    return [Job(name, group=tuple(name.rstrip("0123456789").split("/")), **rest) for name in names]


def _turns(schedule, *workers):
    """What each worker gets when they ask in turn, each done at once."""
    got = {}
    for worker in workers:
        job = schedule.next_for(worker)
        got.setdefault(worker, []).append(job.id)
        schedule.done(worker, job.id, Outcome.PASS)
    return got


def test_a_worker_goes_on_with_its_class_and_another_begins_another_class():
    jobs = _grouped("a/X1", "a/X2", "a/Y1", "a/Y2")
    schedule = _schedule(*jobs, workers=[_unit("a"), _unit("b")])
    assert _turns(schedule, "w-a", "w-b", "w-b", "w-a") == {"w-a": ["a/X1", "a/X2"], "w-b": ["a/Y1", "a/Y2"]}


def test_behind_a_class_comes_the_rest_of_its_module_then_what_nobody_is_in():
    jobs = _grouped("b/Z1", "a/X1", "b/Z2", "c/V1", "a/X2", "a/Y1")
    schedule = _schedule(*jobs, workers=[_unit("a"), _unit("b")])
    assert _turns(schedule, "w-a", "w-b", "w-b", "w-b", "w-b") == {
        "w-a": ["b/Z1"],
        "w-b": ["a/X1", "a/X2", "a/Y1", "c/V1"],
    }


def test_no_unit_idles_for_the_sake_of_a_class():
    schedule = _schedule(*_grouped("a/X1", "a/X2"), workers=[_unit("a"), _unit("b")])
    assert [schedule.next_for("w-a").id, schedule.next_for("w-b").id] == ["a/X1", "a/X2"]


def test_what_takes_longer_or_comes_first_is_begun_first_whatever_its_class():
    jobs = [
        *_grouped("a/X1", "a/X2", seconds=1.0),
        *_grouped("a/Y1", seconds=2.0),
        *_grouped("a/Z1", seconds=1.0, priority=1),
    ]
    schedule = _schedule(*jobs, workers=[_unit("a")])
    assert _turns(schedule, *["w-a"] * 4) == {"w-a": ["a/Z1", "a/Y1", "a/X1", "a/X2"]}


def test_what_must_not_be_begun_is_over_and_nobody_gets_it():
    schedule = _schedule(_on("stm32"), Job("plain"), workers=[_unit("a"), _unit("b")])
    schedule.drop("plain")
    assert schedule.next_for("w-a").id == "stm32"
    schedule.done("w-a", "stm32", Outcome.ERROR)
    schedule.drop("stm32")
    assert schedule.next_for("w-b") is None
    assert schedule.finished
    assert (schedule.outcome("plain"), schedule.outcome("stm32")) == (Outcome.SKIPPED, Outcome.ERROR)


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.SKIPPED])
def test_a_verdict_on_the_product_is_never_tried_again(outcome):
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b")])
    schedule.next_for("w-a")
    assert schedule.done("w-a", "stm32", outcome)
    assert schedule.next_for("w-b") is None
    assert schedule.finished
    assert schedule.outcome("stm32") is outcome


def test_after_an_error_another_unit_tries_once_more():
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b")])
    schedule.next_for("w-a")
    assert not schedule.done("w-a", "stm32", Outcome.ERROR)
    assert schedule.next_for("w-a") is None
    assert schedule.next_for("w-b") is not None
    assert schedule.done("w-b", "stm32", Outcome.PASS)
    assert schedule.tries("stm32") == (Try("w-a", "a", Outcome.ERROR), Try("w-b", "b", Outcome.PASS))


def test_after_an_error_a_unit_of_another_host_comes_before_one_of_the_same():
    far = [Worker(f"w{n}", "a", f"u{n}", host="one" if n < 2 else "two") for n in range(3)]
    plan = Schedule((Job("x", frozenset({"a"})),))
    for worker in far:
        plan.add_worker(worker)
    assert plan.next_for("w0") is not None
    assert plan.done("w0", "x", Outcome.ERROR) is False
    assert plan.next_for("w1") is None  # the host may be gone, and its units with it
    assert plan.next_for("w2") is not None


def test_a_second_try_waits_for_the_unit_that_has_gone_wrong_least():
    plan = Schedule((Job("j", frozenset("a")), Job("k", frozenset("a"))))
    for n, faults in enumerate([0, 1, 0]):
        plan.add_worker(Worker(f"w{n}", "a", f"u{n}", faults=faults))
    assert plan.next_for("w0").id == "j"
    assert plan.next_for("w2").id == "k"
    assert plan.done("w0", "j", Outcome.ERROR) is False
    assert plan.next_for("w1") is None  # it may be as dead as the one before
    assert plan.done("w2", "k", Outcome.PASS)
    assert plan.next_for("w2").id == "j"
    assert plan.done("w2", "j", Outcome.PASS)


def test_where_no_better_one_is_left_a_unit_that_has_gone_wrong_tries_again_too():
    plan = Schedule((Job("j", frozenset("a")),))
    for n, (faults, host) in enumerate([(0, "one"), (1, "two"), (0, "one")]):
        plan.add_worker(Worker(f"w{n}", "a", f"u{n}", host=host, faults=faults))
    plan.next_for("w0")
    plan.done("w0", "j", Outcome.ERROR)
    assert plan.next_for("w2") is None  # of the host that may be gone
    assert plan.next_for("w1").id == "j"  # another host comes first, so that one of two always may
    plan.remove_worker("w1", died=False)
    assert plan.next_for("w2").id == "j"


def test_where_every_unit_that_fits_is_on_one_host_another_of_them_tries_again():
    plan = Schedule((Job("x", frozenset({"a"})),))
    for n, (board, host) in enumerate([("a", "one"), ("a", "one"), ("b", "two")]):
        plan.add_worker(Worker(f"w{n}", board, f"u{n}", host=host))
    assert plan.next_for("w0") is not None
    plan.done("w0", "x", Outcome.ERROR)
    assert plan.next_for("w1") is not None


def test_a_replacement_on_the_same_unit_is_no_other_unit():
    schedule = _schedule(_on("stm32"), workers=[_unit("a")])
    schedule.next_for("w-a")
    schedule.remove_worker("w-a", died=True)
    schedule.add_worker(Worker("w-new", "stm32", "a"))
    assert schedule.next_for("w-new") is None
    schedule.add_worker(_unit("b"))
    assert schedule.next_for("w-b") is not None


def test_a_job_that_kills_two_workers_sees_no_third():
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b"), _unit("c")])
    for name in ("w-a", "w-b"):
        assert schedule.next_for(name).id == "stm32"
        schedule.remove_worker(name, died=True)
    assert schedule.next_for("w-c") is None
    assert schedule.finished
    assert schedule.outcome("stm32") is Outcome.KILLED


def test_what_an_orderly_leaver_was_at_has_not_been_tried():
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b")])
    schedule.next_for("w-a")
    schedule.remove_worker("w-a", died=False)
    assert schedule.tries("stm32") == ()
    assert schedule.next_for("w-b") is not None


def test_what_nothing_here_can_do_is_told_with_why():
    schedule = _schedule(_on("psoc6"), _on("stm32", tags=frozenset({"camera"})), workers=[_unit("a", "stm32", "fast")])
    first, second = schedule.give_up()
    assert first.why == "no psoc6 is there to run it; units: a (stm32, tags fast)"
    assert second.why == "no stm32 with the tags camera is there to run it; units: a (stm32, tags fast)"
    assert schedule.finished
    assert schedule.outcome("psoc6") is Outcome.IMPOSSIBLE


def test_what_a_unit_that_is_coming_can_do_is_not_given_up():
    schedule = _schedule(_on("psoc6"))
    assert schedule.give_up([_unit("b", "psoc6")]) == ()
    assert [each.job.id for each in schedule.give_up()] == ["psoc6"]


def test_a_second_try_that_no_unit_is_left_for_ends_as_the_first_did():
    schedule = _schedule(_on("stm32"), workers=[_unit("a")])
    schedule.next_for("w-a")
    schedule.done("w-a", "stm32", Outcome.ERROR)
    tries = (Try("w-a", "a", Outcome.ERROR),)
    assert schedule.give_up() == (
        Impossible(schedule.jobs[0], "no other stm32 is there to run it; units: a (stm32)", tries),
    )
    assert schedule.outcome("stm32") is Outcome.ERROR


def test_whether_there_is_another_unit_for_a_second_try_can_be_asked():
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b", "psoc6")])
    schedule.next_for("w-a")
    schedule.done("w-a", "stm32", Outcome.ERROR)
    assert not schedule.hopeful("stm32")
    assert schedule.hopeful("stm32", [_unit("c")])
    assert schedule.give_up([_unit("c")]) == ()


def test_a_worker_is_needed_while_another_may_fail_for_it():
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b"), _unit("c", "psoc6")])
    schedule.next_for("w-a")
    assert [schedule.needed(name) for name in ("w-a", "w-b", "w-c")] == [True, True, False]
    schedule.done("w-a", "stm32", Outcome.ERROR)
    schedule.next_for("w-b")
    assert [schedule.needed(name) for name in ("w-a", "w-b")] == [False, True]


def test_without_retries_an_error_is_the_end():
    schedule = _schedule(_on("stm32"), workers=[_unit("a"), _unit("b")], retry=False)
    schedule.next_for("w-a")
    assert not schedule.needed("w-b")
    assert schedule.done("w-a", "stm32", Outcome.ERROR)


def test_a_mistake_of_the_caller_is_not_taken_for_work():
    schedule = _schedule(_on("stm32"), workers=[_unit("a")])
    with pytest.raises(HarnessBug, match="not begun"):
        schedule.done("w-a", "stm32", Outcome.PASS)
    with pytest.raises(HarnessBug, match="already"):
        schedule.add_worker(_unit("a"))
    schedule.next_for("w-a")
    with pytest.raises(HarnessBug, match="still"):
        schedule.next_for("w-a")
    with pytest.raises(HarnessBug, match="same id"):
        Schedule((Job("j"), Job("j")))


_KINDS, _TAGS = ["stm32", "psoc6", "renode"], ["camera", "fast"]
_UIDS = [f"u{n}" for n in range(5)]
_some_tags = st.frozensets(st.sampled_from(_TAGS), max_size=1)
_some_jobs = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from(_KINDS), max_size=2),
        _some_tags,
        st.none() | st.sampled_from(_UIDS),
        st.none() | st.sampled_from([1.0, 2.0]) | st.floats(0, 1e4),
        st.sampled_from([(), ("a",), ("a", "X"), ("a", "Y"), ("b", "X")]),
    ),
    max_size=12,
)


class AnyRun(RuleBasedStateMachine):
    """A rack of units that come and go, with jobs that end as they like; ``seen`` is what an onlooker wrote down."""

    @initialize(jobs=_some_jobs, retry=st.booleans())
    def begin(self, jobs, retry):
        self.schedule = Schedule(
            tuple(
                Job(f"j{n}", boards, tags, uid, seconds, group=group)
                for n, (boards, tags, uid, seconds, group) in enumerate(jobs)
            ),
            retry,
        )
        self.held, self.n, self.last = {}, 0, {}  # worker -> job, workers so far, worker -> the last group
        self.seen = collections.defaultdict(list)  # job -> [(unit, outcome)]
        self.given_up, self.dropped = [], []

    @rule(board=st.sampled_from([*_KINDS, None, ""]), tags=_some_tags, uid=st.sampled_from(_UIDS))
    def a_worker_comes(self, board, tags, uid):
        if uid in {worker.uid for worker in self.schedule.workers}:
            return  # the lease sees to that
        self.n += 1
        self.schedule.add_worker(Worker(f"w{self.n}", board, uid if board else None, tags if board else frozenset()))

    def _pick(self, data, *, busy):
        there = [each for each in self.schedule.workers if (each.id in self.held) is busy]
        return data.draw(st.sampled_from(there)) if there else None

    @rule(data=st.data())
    def an_idle_worker_asks(self, data):
        worker = self._pick(data, busy=False)
        if worker is None:
            return
        waiting = self.schedule.waiting
        job = self.schedule.next_for(worker.id)
        if job is None:
            assert not any(self._fits(worker, each) for each in waiting)
            return
        # The first that fits, or an equal of it: then one of the worker's own group, where there is any.
        first = next(each for each in waiting if self._fits(worker, each))
        equals = [each for each in waiting if self._fits(worker, each) and self._weight(each) == self._weight(first)]
        assert job in equals
        mine = self.last.get(worker.id, ())
        if mine and job.group != mine:
            assert not any(each.group == mine for each in equals)
        elif job.group != mine and job.group in self.last.values():
            assert all(
                each.group and each.group[0] in [group[0] for group in self.last.values() if group] for each in equals
            )
        assert job.id not in self.held.values()
        self.held[worker.id], self.last[worker.id] = job.id, job.group

    def _weight(self, job):
        known = [each.seconds for each in self.schedule.jobs if each.seconds is not None]
        return job.seconds if job.seconds is not None else statistics.median(known) if known else 0.0

    def _fits(self, worker, job):
        return (
            (not job.boards or worker.board is None or worker.board in job.boards)
            and job.tags <= worker.tags
            and (job.uid is None or job.uid == worker.uid)
            and worker.unit not in [unit for unit, _ in self.seen[job.id]]
        )

    @rule(
        data=st.data(),
        outcome=st.sampled_from([Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.SKIPPED, Outcome.INCONCLUSIVE]),
    )
    def a_job_ends(self, data, outcome):
        worker = self._pick(data, busy=True)
        if worker is None:
            return
        job = self.held.pop(worker.id)
        self.seen[job].append((worker.unit, outcome))
        self.schedule.done(worker.id, job, outcome)

    @rule(data=st.data(), busy=st.booleans(), died=st.booleans())
    def a_worker_goes(self, data, busy, died):
        worker = self._pick(data, busy=busy)
        if worker is None:
            return
        job = self.held.pop(worker.id, None)
        given = self.schedule.remove_worker(worker.id, died=died)
        self.last.pop(worker.id, None)
        assert (given.id if given else None) == job
        if job is not None and died:
            self.seen[job].append((worker.unit, Outcome.KILLED))

    @rule(data=st.data())
    def a_job_is_stopped(self, data):
        if waiting := self.schedule.waiting:
            job = data.draw(st.sampled_from(waiting)).id
            self.schedule.drop(job)
            self.dropped.append(job)

    @rule()
    def what_cannot_be_done_is_given_up(self):
        waiting = self.schedule.waiting
        self.given_up += (given := [each.job.id for each in self.schedule.give_up()])
        for job in waiting:
            assert (job.id in given) is not any(self._fits(worker, job) for worker in self.schedule.workers)

    @precondition(lambda self: self.schedule.workers)
    @rule(data=st.data())
    def nobody_is_sent_home_too_early(self, data):
        worker = data.draw(st.sampled_from(self.schedule.workers))
        if not self.schedule.needed(worker.id):
            assert worker.id not in self.held
            assert not any(self._fits(worker, job) for job in self.schedule.waiting)

    @invariant()
    def the_books_are_right(self):
        schedule = self.schedule
        waiting = [job.id for job in schedule.waiting]
        ended = [job.id for job in schedule.jobs if schedule.outcome(job.id) is not None]
        # Every job is in one place, once.
        assert sorted([*waiting, *self.held.values(), *ended]) == sorted(job.id for job in schedule.jobs)
        assert schedule.finished is (len(ended) == len(schedule.jobs))
        for job in schedule.jobs:
            tries = self.seen[job.id]
            assert [(each.unit, each.outcome) for each in schedule.tries(job.id)] == tries
            assert len(tries) <= (2 if schedule.retry else 1)
            assert len({unit for unit, _ in tries}) == len(tries)
            assert all(outcome in (Outcome.ERROR, Outcome.KILLED) for _, outcome in tries[:-1])
            if (outcome := schedule.outcome(job.id)) is not None:
                stopped = job.id in self.dropped
                assert outcome is (tries[-1][1] if tries else Outcome.SKIPPED if stopped else Outcome.IMPOSSIBLE)
                assert tries or stopped or job.id in self.given_up
                over = stopped or job.id in self.given_up or not schedule.retry or len(tries) == 2
                assert over or tries[-1][1] not in (Outcome.ERROR, Outcome.KILLED)


TestAnyRun = AnyRun.TestCase
TestAnyRun.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)

"""PURE: which unit does which job next, what is tried once more, and what cannot be done here at all.

A worker *is* a unit: it does one job at a time, and a job goes only where it fits. The longest known job of the highest priority
is begun first, so that none is left over for the end. Among equals a worker goes on with the group (a class, a module) that it
is in, and begins one that no other is in: what tests of a group share is then made once. No unit waits for that.

What ended as the rig's ``error``, or with its worker's death, is tried once more on **another** unit, of another host where a
fitting one is there (a host that is gone takes all its units along), and on the one that has gone wrong least of late (a dead
unit must not take the second tries of what another has spoilt); a job that fails twice so is over: it never sees a third.
Whoever asks (pytest's plug-in, a night's run) has the clocks and the processes; here are only the rules, and each job ends in
exactly one outcome.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Final

from harness.errors import HarnessBug

TRIES: Final = 2  # of one job, at most
_AHEAD: Final = 500  # among so many jobs that fit is looked for one of the same group


class Outcome(StrEnum):
    """How a try, and so a job, ends."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    ERROR = "error"  # the rig's fault
    KILLED = "killed"  # the worker died with it
    IMPOSSIBLE = "impossible"  # never begun: nothing here can do it


_RIGS = frozenset({Outcome.ERROR, Outcome.KILLED})


@dataclass(frozen=True)
class Job:
    """One test or case. ``boards`` are the kinds that it runs on; empty: any worker does, with or without a unit.

    ``tags``: only a unit that has all of these; ``uid``: only this one. ``seconds`` is how long it took before, None: not
    known, which counts as the median of what is. ``shards``: how many units of its kind it can use at once. What has more
    ``priority`` comes first, however long it takes. ``group``: what it shares with others, the widest first; () with none.
    """

    id: str
    boards: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    uid: str | None = None
    seconds: float | None = None
    shards: int = 1
    priority: int = 0
    group: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worker:
    """Who does jobs: a unit of the kind ``board``. None starts virtual boards of any kind, "" has no unit at all.

    ``host``: where the unit is plugged in; "" is this one. ``faults``: how often in a row it has gone wrong, up to now.
    """

    id: str
    board: str | None
    uid: str | None = None
    tags: frozenset[str] = frozenset()
    host: str = ""
    faults: int = 0

    @property
    def unit(self) -> str:
        """What must be another one for a second try: a virtual board is started anew by each worker."""
        return self.uid or self.id

    def fits(self, job: Job) -> bool:
        """Whether this is a place for that job."""
        return (
            (not job.boards or self.board is None or self.board in job.boards)
            and job.tags <= self.tags
            and job.uid in (None, self.uid)
        )

    @property
    def title(self) -> str:
        """For messages: the unit and its kind."""
        if self.board is None:
            return f"{self.id} (virtual boards)"
        tags = f", tags {', '.join(sorted(self.tags))}" if self.tags else ""
        return f"{self.unit} ({self.board}{tags})" if self.board else f"{self.id} (no unit)"


@dataclass(frozen=True)
class Try:
    """One attempt at a job."""

    worker: str
    unit: str
    outcome: Outcome
    host: str = ""


@dataclass(frozen=True)
class Impossible:
    """A job that no worker can do, and why. ``tries``: those it had before the last unit for it was gone."""

    job: Job
    why: str
    tries: tuple[Try, ...] = ()


@dataclass
class Schedule:
    """The jobs of one run and how they stand. ``retry`` False: each has one try."""

    jobs: tuple[Job, ...]
    retry: bool = True
    _workers: dict[str, Worker] = field(default_factory=dict)
    _running: dict[str, Job] = field(default_factory=dict)  # by worker
    _waiting: list[Job] = field(default_factory=list)  # what comes first, first
    _tries: dict[str, list[Try]] = field(default_factory=dict)
    _ended: dict[str, Outcome] = field(default_factory=dict)
    _in: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by worker: the group that it was in last

    def __post_init__(self) -> None:
        known = [job.seconds for job in self.jobs if job.seconds is not None]
        usual = statistics.median(known) if known else 0.0
        order = {
            job.id: (-job.priority, -(usual if job.seconds is None else job.seconds), at)
            for at, job in enumerate(self.jobs)
        }
        if len(order) != len(self.jobs):
            raise HarnessBug("two jobs have the same id")
        self._order = order
        self._waiting = sorted(self.jobs, key=lambda job: order[job.id])

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Who is there."""
        return tuple(self._workers.values())

    @property
    def waiting(self) -> tuple[Job, ...]:
        """What is not begun, or to be begun again: in the order in which it would be."""
        return tuple(self._waiting)

    @property
    def finished(self) -> bool:
        """Whether every job has ended."""
        return len(self._ended) == len(self.jobs)

    def running(self, worker: str) -> Job | None:
        """What a worker is at."""
        return self._running.get(worker)

    def tries(self, job: str) -> tuple[Try, ...]:
        """What was tried, the first first."""
        return tuple(self._tries.get(job, ()))

    def outcome(self, job: str) -> Outcome | None:
        """How a job has ended; None: it has not."""
        return self._ended.get(job)

    def add_worker(self, worker: Worker) -> None:
        """A unit more."""
        if worker.id in self._workers:
            raise HarnessBug(f"there is a worker {worker.id} already")
        self._workers[worker.id] = worker

    def remove_worker(self, worker: str, *, died: bool) -> Job | None:
        """A unit less. What it was at is given back: after a death it is a try that has ended so, else it never began."""
        job = self._running.get(worker)
        if job is not None and died:
            self.done(worker, job.id, Outcome.KILLED)
        elif job is not None:
            del self._running[worker]
            self._wait(job)
        del self._workers[worker]
        self._in.pop(worker, None)
        return job

    def next_for(self, worker: str, only: Callable[[Job], bool] = lambda job: True) -> Job | None:
        """Begin the first job that fits an idle worker, of those that ``only`` takes; None: there is none, now."""
        if worker in self._running:
            raise HarnessBug(f"the worker {worker} is at {self._running[worker].id} still")
        job = self.peek(self._workers[worker], only)
        if job is not None:
            self._waiting.remove(job)
            self._running[worker], self._in[worker] = job, job.group
        return job

    def peek(self, worker: Worker, only: Callable[[Job], bool] = lambda job: True) -> Job | None:
        """What ``next_for`` would give to such a worker, which need not be here."""
        fitting = islice((job for job in self._waiting if self._may(worker, job) and only(job)), _AHEAD)
        best = next(fitting, None)
        if best is None:
            return None
        mine = self._in.get(worker.id, ())
        others = [group for id, group in self._in.items() if id != worker.id]
        best_at = _nearness(best, mine, others)
        for job in fitting:
            # Nothing is nearer than the very group that the worker is in; without one, than a group that nobody is in.
            if best_at >= (len(mine), 0) or self._order[job.id][:2] != self._order[best.id][:2]:
                break
            if (at := _nearness(job, mine, others)) > best_at:
                best, best_at = job, at
        return best

    def may(self, worker: Worker, job: Job) -> bool:
        """Whether that worker, which need not be here, may be given the job, as far as its tries go."""
        return self._may(worker, job)

    def needed(self, worker: str) -> bool:
        """Whether there may be work for it yet: what waits, or what is tried again if it goes wrong elsewhere."""
        me = self._workers[worker]
        return (
            worker in self._running
            or self.peek(me) is not None
            or any(self._again(job) and me.fits(job) and other != worker for other, job in self._running.items())
        )

    def done(self, worker: str, job: str, outcome: Outcome) -> bool:
        """A try has ended; whether the job has: False when it is to be tried again elsewhere."""
        mine = self._running.get(worker)
        if mine is None or mine.id != job:
            raise HarnessBug(f"the worker {worker} has not begun {job}")
        again = outcome in _RIGS and self._again(mine)
        mine_at = self._workers[worker]
        self._tries.setdefault(job, []).append(Try(worker, mine_at.unit, outcome, mine_at.host))
        del self._running[worker]
        if again:
            self._wait(mine)
        else:
            self._ended[job] = outcome
        return not again

    def drop(self, job: str) -> None:
        """End a job that waits, since it must not be begun (again): skipped, or as its try ended."""
        given = next(each for each in self._waiting if each.id == job)
        self._waiting.remove(given)
        tried = self._tries.get(job)
        self._ended[job] = tried[-1].outcome if tried else Outcome.SKIPPED

    def hopeful(self, job: str, coming: Iterable[Worker] = ()) -> bool:
        """Whether a job that waits can be done by a worker that is here or one of ``coming``."""
        there = (*self._workers.values(), *coming)
        return any(self._may(worker, each) for each in self._waiting if each.id == job for worker in there)

    def give_up(self, coming: Iterable[Worker] = ()) -> tuple[Impossible, ...]:
        """End what neither the workers here nor those of ``coming`` can do, and say why.

        A job that had a try ends as that did. To be asked whenever there is a worker less.
        """
        there = (*self._workers.values(), *coming)
        given = tuple(
            Impossible(job, self._why(job, there), self.tries(job.id))
            for job in self._waiting
            if not any(self._may(worker, job) for worker in there)
        )
        for each in given:
            self._waiting.remove(each.job)
            self._ended[each.job.id] = each.tries[-1].outcome if each.tries else Outcome.IMPOSSIBLE
        return given

    def _again(self, job: Job) -> bool:
        return self.retry and len(self._tries.get(job.id, ())) + 1 < TRIES

    def _may(self, worker: Worker, job: Job) -> bool:
        tried = self._tries.get(job.id, ())
        if not worker.fits(job) or any(each.unit == worker.unit for each in tried):
            return False
        if not tried:
            return True
        units, hosts = {each.unit for each in tried}, {each.host for each in tried if each.host}

        def rank(one: Worker) -> tuple[bool, int]:
            return one.host in hosts, one.faults

        others = (other for other in self._workers.values() if other.fits(job) and other.unit not in units)
        return not any(rank(other) < rank(worker) for other in others)

    def _wait(self, job: Job) -> None:
        self._waiting.append(job)
        self._waiting.sort(key=lambda each: self._order[each.id])

    def _why(self, job: Job, there: tuple[Worker, ...]) -> str:
        wanted = " or ".join(sorted(job.boards)) or "unit"
        wanted += f" {job.uid}" if job.uid else ""
        wanted += f" with the tags {', '.join(sorted(job.tags))}" if job.tags else ""
        units = ", ".join(worker.title for worker in there if worker.board != "") or "none"
        another = "other " if job.id in self._tries else ""
        return f"no {another}{wanted} is there to run it; units: {units}"


def _nearness(job: Job, mine: tuple[str, ...], others: list[tuple[str, ...]]) -> tuple[int, int]:
    """How much of its group is the worker's own, then how little of it is another's."""
    if mine and job.group == mine:
        return len(mine), 0
    return _shared(job.group, mine), -max((_shared(job.group, each) for each in others), default=0)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))

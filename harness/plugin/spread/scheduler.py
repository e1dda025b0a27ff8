"""xdist's scheduler for boards: one test at a time to each worker, where it can run, by the rules of ``farm.schedule``.

xdist's own cannot do it: ``load`` sends tests ahead of time to workers that cannot run them, ``loadgroup`` hangs for ever when
a worker is killed, ``loadfile`` and ``loadscope`` run a test that kills its worker again on every worker there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScheduling

from harness.bench.places import Place
from harness.farm.schedule import Impossible, Job, Outcome, Schedule
from harness.findings import EarlierTry
from harness.plugin import places
from harness.plugin.spread import aside, stops, telling, times
from harness.plugin.spread.crew import VIRTUAL, Crew
from harness.plugin.spread.needs import Need
from harness.plugin.spread.seat import Seat

if TYPE_CHECKING:
    from xdist.dsession import DSession
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController


class BoardScheduling(LoadScheduling):  # type: ignore[misc]  # xdist has no types here
    """See above. ``plan`` is None until every worker has collected, and where there is nothing to run."""

    def __init__(self, config: pytest.Config, log: Producer | None, crew: Crew) -> None:
        super().__init__(config, log)
        self.collection: list[str] | None = None
        self.crew = crew
        self.plan: Schedule | None = None
        self.need: list[Need] = []  # by a test's number, as xdist counts
        self._told: dict[WorkerController, list[pytest.TestReport]] = {}  # of the test that it is at
        self._first: dict[int, telling.Untold] = {}  # by number: a first try that is not told
        self._halted = False

    @property
    def tests_finished(self) -> bool:
        """Whether workers may go home."""
        return self.collection_is_completed and (self._halted or self.plan is None or self.plan.finished)

    @property
    def has_pending(self) -> bool:
        """Whether anything is to be done."""
        return self.plan is not None and not self.plan.finished

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """A worker has collected. One in place of another must have found the same."""
        super().add_node_collection(node, collection)
        self.crew.starting.discard(node.gateway.id)
        if self.collection is not None and node not in self.node2collection:
            node.shutdown()
            self._halted = all(each not in self.node2collection for each in self.nodes)

    def schedule(self) -> None:
        """Every worker has collected, or one in place of another has: give all that are idle something to do."""
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                return
            self.collection = next(iter(self.node2collection.values()))
            if not self.collection:
                return
            told = self.crew.desk(next(iter(self.node2collection)).gateway.id).needs()
            self.need = [Need.read(each) for each in told]
            seconds = times.known(places.report_root(self.config), [need.case for need in self.need])
            self.plan = Schedule(tuple(self._job(at, need, seconds) for at, need in enumerate(self.need)))
        self._go_on()

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """A worker has done a test, or thought better of it."""
        if self.plan is None or item_index >= len(self.need):
            return  # a pause
        worker = node.gateway.id
        for line in self.crew.pool.renew():
            self.crew.say(line)
        desk = self.crew.desk(worker)
        if (why := desk.refused()) is not None:
            self._remove(node, died=False)
            self.crew.lose(worker, why)
        else:
            self._over(node, item_index)
        self.node2pending[node] = []
        self._go_on()

    def remove_node(self, node: WorkerController) -> str | None:
        """A worker is gone. The test that it was at, if it died of it for good; xdist then makes a report of that."""
        pending = self.node2pending.pop(node)
        if self.plan is None:
            # One that is gone does not count among those that have collected: its place is another's.
            self.node2collection.pop(node, None)
            return None
        by_itself = hasattr(node, "workeroutput")
        if pending and by_itself and not self._session.shouldstop:
            # pytest.exit() in a test means all of the run, and that test is not tried again.
            self._session.shouldstop = f"{node.gateway.id} was ended by pytest.exit() at {self.name_of(pending[0])}"
        killer = self._lost(node, pending[0]) if pending and not by_itself else None
        self._remove(node, died=False)
        if by_itself:
            self._go_on()
        elif (
            not self._session.shouldstop
        ):  # another takes its place, and is not here yet: nothing is given up before that
            self._feed_all()
        return killer

    def _lost(self, node: WorkerController, at: int) -> str | None:
        """A worker is gone in the middle of a test, or so it seems: the test, if that was its last try."""
        assert self.plan is not None
        desk = self.crew.desk(node.gateway.id)
        if desk.held() is not None or any(report.when == "teardown" for report in self._told.get(node, ())):
            self._over(node, at)  # it had ended; that was not heard of
            return None
        if not desk.begun:
            return None
        self._remove(node, died=True)
        if self.plan.outcome(str(at)) is not None:
            return self._nodeid(at)
        words = f"worker {node.gateway.id!r} was killed while it ran this"
        self._keep_untold(at, telling.Untold(node, words=words, unit=self.plan.tries(str(at))[-1].unit))
        return None

    def at(self, node: WorkerController) -> str | None:
        """What a worker is at: a test by its id, a case by its name."""
        pending = self.node2pending.get(node)
        if not pending or not self.need:
            return None
        return self.name_of(pending[0])

    def name_of(self, at: int) -> str:
        """What a test is called: by its case where it has one."""
        return self.need[at].case or self._nodeid(at)

    def heard(self, node: WorkerController, report: pytest.TestReport) -> None:
        """A report of the test that a worker is at."""
        self._told.setdefault(node, []).append(report)

    def behind(self, nodeid: str) -> tuple[tuple[EarlierTry, ...], str]:
        """The tries of a test before the one that killed its worker, and why there is no other if that was the first."""
        at = self.collection.index(nodeid) if self.collection and nodeid in self.collection else None
        found = self._first.get(at) if at is not None else None
        if found is None:
            return (), ""
        return ((), f"not tried again: {found.final}") if found.final else ((found.earlier(),), "")

    def finish(self) -> None:
        """The last worker is gone; what is left is told as what could not be run."""
        if self.plan is not None and not self.plan.finished:
            self._give_up([])

    def interrupted(self) -> None:
        """The run is ended before its time: a first try that waits for its second is the only one, and is told."""
        for job in self.plan.waiting if self.plan is not None else ():
            if (untold := self._first.get(int(job.id))) is not None:
                telling.replay(self.config, untold, self._nodeid(int(job.id)), "the run was ended before")

    @property
    def _session(self) -> DSession:
        """xdist's own part of the controller."""
        found: DSession = self.config.pluginmanager.getplugin("dsession")
        return found

    def _nodeid(self, at: int) -> str:
        assert self.collection is not None
        return str(self.collection[at])

    def _job(self, at: int, need: Need, seconds: dict[str, float]) -> Job:
        board = VIRTUAL if need.board in self.crew.virtual else need.board
        return Job(
            str(at),
            frozenset([board] if board else []),
            frozenset(need.tags),
            seconds=seconds.get(need.case),
            shards=need.shards,
            group=need.group,
        )

    def _over(self, node: WorkerController, at: int) -> None:
        """A test has ended: told, or kept back."""
        assert self.plan is not None
        self.crew.lending.end(node.gateway.id)
        held = self.crew.desk(node.gateway.id).held()
        reports = self._told.pop(node, [])
        if (place := self.crew.unit(node.gateway.id)) is not None:
            kept = telling.properties(held["reports"]) if held is not None else stops.properties_of(reports)
            if (line := self.crew.pool.hosts.heard(place, kept)) is not None:
                self.crew.say(line)
        if held is None:
            failed = any(report.failed for report in reports)
            self.plan.done(node.gateway.id, str(at), Outcome.FAIL if failed else Outcome.PASS)
            return
        ended = self.plan.done(node.gateway.id, str(at), Outcome.ERROR)
        untold = telling.Untold(node, held["reason"], held["unit"], held["reports"])
        if ended:
            telling.replay(self.config, untold)
        else:
            self._keep_untold(at, untold)

    def _keep_untold(self, at: int, untold: telling.Untold) -> None:
        self._first[at] = untold
        assert self.plan is not None
        another = self.plan.hopeful(str(at), self.crew.could_come())
        self.crew.say(
            f"{self.name_of(at)}: {untold.line()}; {'once more on another unit' if another else 'there is no other unit for it'}"
        )

    def _remove(self, node: WorkerController, *, died: bool) -> None:
        self._told.pop(node, None)
        self.crew.lending.end(node.gateway.id)
        if self.plan is not None and node.gateway.id in {worker.id for worker in self.plan.workers}:
            self.plan.remove_worker(node.gateway.id, died=died)

    def _go_on(self) -> None:
        """Something to do for everyone who is idle; what nobody can do any more is told.

        While anything goes on there will be another look, and units that others have now may be free by then. A run that is being
        ended (-x, Ctrl-C in a worker) begins nothing more, and nothing of it was impossible.
        """
        if self._session.shouldstop:
            return
        self._feed_all()
        self._give_up(self.crew.could_come() if self.crew.starting or any(self.node2pending.values()) else [])

    def _feed_all(self) -> None:
        self._take_out_stopped()
        for node in self.nodes:
            if node in self.node2collection and not (node.shutting_down or self.node2pending[node]):
                self._feed(node)

    def _take_out_stopped(self) -> None:
        """What the safety valve has stopped goes to no unit; virtual boards that are started for a test know no stops."""
        assert self.plan is not None
        for job in self.plan.waiting if stops.there_are() else ():
            at = int(job.id)
            need, untold = self.need[at], self._first.get(at)
            if not job.boards or VIRTUAL in job.boards:
                continue
            stop = stops.why_not(need, self._nodeid(at), untold.properties() if untold is not None else ())
            if stop is None:
                continue
            self.plan.drop(job.id)
            self.crew.say(f"{self.name_of(at)}: {stop}")
            if untold is not None:
                telling.replay(self.config, untold, self._nodeid(at), stop)
            else:
                self._not_run(at, stop, [stops.WAY_OUT])

    def _feed(self, node: WorkerController) -> None:
        assert self.plan is not None
        worker = node.gateway.id
        if self.crew.lending.has(worker):
            return
        place = self.crew.unit(worker)
        if place is not None and (why := self.crew.pool.hosts.given_up(place)) is not None:
            self._remove(node, died=False)
            self.crew.lose(worker, why)
        if worker not in {each.id for each in self.plan.workers}:
            self.plan.add_worker(self.crew.as_worker(worker))
        only = self.crew.only(self.crew.unit(worker), self.plan)
        job = self.plan.next_for(worker, only)
        if job is None and self.crew.reseat(worker, self.plan):
            self.plan.remove_worker(worker, died=False)
            self.plan.add_worker(self.crew.as_worker(worker))
            job = self.plan.next_for(worker, self.crew.only(self.crew.unit(worker), self.plan))
        if job is not None:
            self._send(node, int(job.id))
        elif not self.plan.needed(worker) and self.crew.unit(worker) is not None:
            self.crew.leave(worker)
            self.plan.remove_worker(worker, died=False)

    def _send(self, node: WorkerController, at: int) -> None:
        assert self.plan is not None
        worker = node.gateway.id
        place = self.crew.unit(worker)
        first = self._first.get(at)
        folder = aside.folder_of(self.config, self._nodeid(at), self.need[at])
        if first is None:
            aside.clear(folder)
        else:
            telling.put_aside(self.config, first, self._nodeid(at), folder)
        self.crew.desk(worker).assign(
            Seat(
                uid=place.uid if place is not None else None,
                again=first is None,
                tries=(first.earlier(),) if first is not None else (),
                prove=place is not None and not self.crew.pool.is_good(place),
            )
        )
        self.node2pending[node] = [at]
        if place is not None and self.need[at].board:
            self.crew.pool.hosts.begin(place)
        if self.need[at].shards > 1 and place is not None:
            self._lend(worker, self.need[at], place)
        try:
            node.send_runtest_some([at, len(self.need)])
        except OSError:
            pass  # it is dead: that is heard of next, and that it has not begun

    def _lend(self, worker: str, need: Need, mine: Place) -> None:
        idle = {
            each.gateway.id: unit
            for each, pending in self.node2pending.items()
            if not pending and (unit := self.crew.unit(each.gateway.id)) is not None
        }
        n = self.crew.lending.begin(worker, need.case, mine, need.shards - 1, idle, need.tags)
        if n:
            self.crew.say(f"{need.case} has {n} more unit{'s' * (n > 1)}")

    def _give_up(self, coming: Sequence[object]) -> None:
        assert self.plan is not None
        for lost in self.plan.give_up(coming):  # type: ignore[arg-type]
            self._tell(lost)

    def _tell(self, lost: Impossible) -> None:
        at = int(lost.job.id)
        need = self.need[at]
        if (untold := self._first.get(at)) is not None:
            telling.replay(self.config, untold, self._nodeid(at), f"no other {need.words()} is left")
            return
        absent = self.crew.pool.absent(
            lambda place: need.board in ("", place.board) and set(need.tags) <= set(place.tags)
        )
        self._not_run(at, f"no {need.words()} is left", absent)

    def _not_run(self, at: int, why: str, more: Sequence[str] = ()) -> None:
        report = telling.not_run(self.config, self._nodeid(at), self.need[at], why, more)
        self.config.hook.pytest_runtest_logreport(report=report)

"""In xdist's controller: which worker has which unit, from the first lease to the last."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.bench.places import Place
from harness.farm.schedule import Job, Schedule, Worker
from harness.plugin import options, places
from harness.plugin.spread import distrust, starting
from harness.plugin.spread.lending import Lending
from harness.plugin.spread.pool import Pool
from harness.plugin.spread.seat import Desk
from harness.plugin.spread.worker import CONTROLLER, FOLDER

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

    from harness.plugin.spread.scheduler import BoardScheduling

#: The kind, to the schedule, of a worker that starts a virtual board for each test, and of every kind that runs on such.
VIRTUAL: Final = "virtual board"
_INTERRUPTED = "keyboard-interrupt"  # what xdist calls an error of a worker that has ended by Ctrl-C


class Crew:
    """A plug-in of the controller. ``first`` are units that are claimed already: one for each worker that comes, in order.

    ``virtual`` are the kinds of board that are started for each test.
    """

    def __init__(
        self, config: pytest.Config, pool: Pool, first: Sequence[Place], virtual: Sequence[str], folder: Path
    ) -> None:
        self.config = config
        self.pool = pool
        self._first = list(first)
        self.virtual = frozenset(virtual)
        self._folder = folder
        self._units: dict[str, Place] = {}  # by worker
        self.lending = Lending(pool, places.report_root(config))
        self.starting: set[str] = set()  # workers that have not collected yet
        self._scheduler: BoardScheduling | None = None

    def desk(self, worker: str) -> Desk:
        """What passes between us and that worker."""
        return Desk(self._folder, worker)

    def unit(self, worker: str) -> Place | None:
        """What it has now."""
        return self._units.get(worker)

    def as_worker(self, worker: str) -> Worker:
        """How the schedule sees it."""
        place = self._units.get(worker)
        if place is None:
            return Worker(worker, VIRTUAL if self.virtual else "")
        return _seen(worker, place)

    def could_come(self) -> list[Worker]:
        """What a worker without work may become: on each unit that this run may get, or without one."""
        units = [_seen(place.uid, place) for place in self.pool.may_come()]
        return [*units, Worker("another worker", VIRTUAL if self.virtual else "")]

    def reseat(self, worker: str, plan: Schedule) -> bool:
        """Give an idle worker another unit, if there is work for one that this run may get; whether it has one now."""
        wanted: list[tuple[Job, Place | None]] = []
        mine = self._units.get(worker)
        if mine is not None and self.virtual and (job := plan.peek(Worker(worker, VIRTUAL))):
            wanted.append((job, None))
        for place in self.pool.may_come():
            if job := plan.peek(_seen(worker, place), self.only(place, plan)):
                wanted.append((job, place))
        order = {job.id: at for at, job in enumerate(plan.waiting)}

        # Good units before suspect ones, whatever the work.
        def rank(each: tuple[Job, Place | None]) -> tuple[bool, bool, int]:
            place = each[1]
            if place is None:
                return False, False, order[each[0].id]
            return self.pool.hosts.is_gone(place), not self.pool.is_good(place), order[each[0].id]

        for _, chosen in sorted(wanted, key=rank):
            if chosen is not None and not self.pool.take(chosen):
                continue
            self.leave(worker)
            if chosen is not None:
                self._units[worker] = chosen
                self.say(f"{worker} goes on with {chosen.title} ({chosen.board})")
            return True
        return False

    def only(self, place: Place | None, plan: Schedule) -> Callable[[Job], bool]:
        """What may go to that unit. One of a host that does not answer gets, as the only one there, what no other worker can do."""
        if place is None or not self.pool.hosts.is_gone(place):
            return lambda job: True
        others = [worker for worker in plan.workers if not self._is_gone(worker.id)]
        free = not self.pool.hosts.has_scout(place)
        return lambda job: not (job.boards or job.tags) or (free and not any(plan.may(each, job) for each in others))

    def _is_gone(self, worker: str) -> bool:
        return (place := self._units.get(worker)) is not None and self.pool.hosts.is_gone(place)

    def leave(self, worker: str) -> None:
        """It has no unit any more: others may have that."""
        if (place := self._units.pop(worker, None)) is not None:
            self.pool.give_back(place.uid)

    def lose(self, worker: str, why: str) -> None:
        """Its unit is not for this run any more."""
        if (place := self._units.pop(worker, None)) is not None:
            self.pool.put_away(place.uid, why)
            self.say(f"{place.title} ({place.board}) takes no more work of this run: {why}")

    def say(self, line: str) -> None:
        """On the terminal, at once."""
        reporter: Any = self.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"hil: {line}")

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> BoardScheduling:
        """Ours."""
        from harness.plugin.spread.scheduler import BoardScheduling

        self._scheduler = BoardScheduling(config, log, self)
        return self._scheduler

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, config: pytest.Config) -> None:
        """Workers are about to be started, one after the other."""
        starting.survive(config.pluginmanager.getplugin("dsession").nodemanager, self._not_started)

    def _not_started(self, worker: str) -> None:
        self.say(f"{worker} was killed while it was being started")
        self.starting.discard(worker)
        if (place := self._units.pop(worker, None)) is not None:
            self._first.insert(0, place)  # for the one in its place

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        """A worker is about to be started. One in place of another gets its unit when there is work for it."""
        worker = node.gateway.id
        self.starting.add(worker)
        node.workerinput[FOLDER] = str(self._folder)
        node.workerinput[CONTROLLER] = os.getpid()
        node.workerinput[options.PLACES] = pickle.dumps(self.config.stash[options.KEY].run.places)
        if self._first:
            place = self._units[worker] = self._first.pop(0)
            self.say(f"{worker}: {place.title} ({place.board})")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: WorkerController, error: object | None) -> None:
        """A worker has ended. The unit of one that was killed at a test is not trusted before it has proved itself."""
        worker = node.gateway.id
        self.starting.discard(worker)
        if self.lending.orphan(worker):  # it was idle, and its unit is another's for now
            self._units.pop(worker)
        place = self.unit(worker)
        at = self._scheduler.at(node) if self._scheduler is not None else None
        # One that was not at a test has not touched its unit.
        if place is not None and at is not None and error is not None and error != _INTERRUPTED:
            for line in distrust.after_a_death(self.config, place, at):
                self.say(line)
        self.leave(worker)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What a worker tells of its test: if it dies now, that is told already."""
        if self._scheduler is not None and (node := getattr(report, "node", None)) is not None:
            self._scheduler.heard(node, report)

    def pytest_unconfigure(self) -> None:
        """All units are given back, however the run ends."""
        self.pool.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """What no worker was left for is told when the last one is gone."""
        try:
            result = yield
        except BaseException:
            if self._scheduler is not None:
                self._scheduler.interrupted()
            raise
        if self._scheduler is not None:
            self._scheduler.finish()
        return result


def _seen(worker: str, place: Place) -> Worker:
    return Worker(worker, place.board, place.uid, frozenset(place.tags), place.via)

"""The controller's side of a run, whatever happens: workers that die, exit or hang back, hosts that go, -x. Nodes are played."""

import itertools
import random
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.bench import rackstate
from harness.bench.places import Place
from harness.plugin.spread import aside, crew, hosts, lending, scheduler, stops, telling
from harness.plugin.spread.crew import Crew
from harness.plugin.spread.needs import Need
from harness.plugin.spread.pool import Pool
from harness.plugin.spread.tries import FLAKY

PLACES = [
    Place("a", "a1", "/dev/x"), Place("a", "a2", "/dev/x", via="h1"), Place("a", "a3", "/dev/x", via="h1"),
    Place("a", "a4", "/dev/x", via="h2", tags=("t",)), Place("b", "b1", "/dev/x", via="h2"), Place("b", "b2", "/dev/x"),
]  # fmt: skip
NEEDS = [
    Need(), Need(group=("m", "C")), Need(board="a", group=("m", "C")), Need(board="a"), Need(board="a", tags=("t",)),
    Need(board="b"), Need(case="p/a/m", board="a", shards=3),
]  # fmt: skip


class Claim:
    def __init__(self, place, source):
        self.place, self._source = place, source

    def renew(self):
        return ()

    def release(self):
        self._source.taken.discard(self.place.uid)


class Source:
    """Units that others sometimes have."""

    def __init__(self, dice):
        self.taken, self._dice = set(), dice

    def acquire(self, place, *, what):
        from harness.bench.lease import InUse

        assert place.uid not in self.taken, "a unit of this run is claimed twice"
        if self._dice.random() < 0.2:
            raise InUse(f"{place.uid} is in use")
        self.taken.add(place.uid)
        return Claim(place, self)


class Node:
    """A worker of xdist, as its controller sees it."""

    def __init__(self, name):
        self.gateway = types.SimpleNamespace(id=name)
        self.workerinput, self.queue, self.asked_to_end = {}, [], False
        self.stage = "starting"

    @property
    def shutting_down(self):
        return self.asked_to_end

    def send_runtest_some(self, indices):
        assert self.stage == "collected"
        assert not self.queue, "a unit does one test at a time"
        self.queue = list(indices)

    def shutdown(self):
        self.asked_to_end = True


class Played:
    """One run: ``told`` is how often each test was told."""

    def __init__(self, seed, folder):
        self.dice = dice = random.Random(seed)
        self.folder = folder
        self.source = Source(dice)
        self.needs = [dice.choice(NEEDS) for _ in range(dice.randint(1, 9))]
        self.ids = [f"test_{n}" for n in range(len(self.needs))]
        self.told = dict.fromkeys(self.ids, 0)
        self.away = set()  # hosts
        self.deaths, self.exits = dice.choice([0, 0, 2, 4]), dice.choice([0, 0, 0, 1])
        self.stops = dice.random() < 0.2
        self.shouldstop = False
        n = dice.randint(1, 4)
        hook = types.SimpleNamespace(
            pytest_runtest_logreport=self.tell,
            pytest_report_from_serializable=lambda config, data: types.SimpleNamespace(
                nodeid=data["nodeid"], failed=True, longrepr="", sections=[]
            ),
        )
        self.config = types.SimpleNamespace(
            getvalue=lambda name: ["popen"] * n,
            getoption=lambda name: None,
            hook=hook,
            pluginmanager=types.SimpleNamespace(getplugin=lambda name: self if name == "dsession" else None),
            stash={crew.options.KEY: types.SimpleNamespace(run=types.SimpleNamespace(places=()))},
        )
        self.pool = Pool(PLACES, self.source, "a test")
        first = self.pool.take_some(n, ["a", "b"])
        n = max(1, len(first))
        self.config.getvalue = lambda name: ["popen"] * n
        self.crew = Crew(self.config, self.pool, first, [], folder)
        self.log = []
        self.crew.say = self.log.append
        self.sched = self.crew.pytest_xdist_make_scheduler(self.config, None)
        self.numbers = itertools.count()
        self.nodes = [self.new_node() for _ in range(n)]

    # what xdist's controller is to the scheduler

    def worker_testreport(self, node, report):
        self.tell(report)

    def handle_crashitem(self, nodeid, node):
        self.told[nodeid] += 1

    def tell(self, report):
        self.told[report.nodeid] += 1

    def new_node(self):
        node = Node(f"gw{next(self.numbers)}")
        self.crew.pytest_configure_node(node)
        return node

    def run(self):
        for _ in range(2000):
            steps = [step for node in self.nodes for step in self.steps(node)]
            if not self.nodes:
                break
            assert steps, f"it hangs: {self.log}"
            self.dice.choice(steps)()
            if self.stops and self.dice.random() < 0.02:
                self.shouldstop = True
            if self.sched.tests_finished or self.shouldstop:
                for node in self.sched.nodes:
                    node.shutdown()
        assert not self.nodes, "it does not end"
        (self.sched.interrupted if self.shouldstop else self.sched.finish)()

    def steps(self, node):
        """What that node may do next."""
        steps = []
        if node.stage == "starting":
            steps.append(lambda: self.ready(node))
        elif node.stage == "ready" and not node.asked_to_end:
            steps.append(lambda: self.collected(node))
        elif node.queue:
            steps += [lambda: self.ends(node)] * 3
            if self.exits:
                steps.append(lambda: self.exits_in_a_test(node))
        elif node.asked_to_end:
            steps.append(lambda: self.leaves(node))
        if self.deaths and self.dice.random() < 0.2:
            steps.append(lambda: self.dies(node))
        return steps

    def ready(self, node):
        node.stage = "ready"
        if self.sched.tests_finished:
            node.shutdown()
        self.sched.add_node(node)

    def collected(self, node):
        node.stage = "collected"
        self.crew.desk(node.gateway.id).tell_needs(self.needs)
        self.sched.add_node_collection(node, self.ids)
        if self.sched.collection_is_completed:
            self.sched.schedule()

    def ends(self, node):
        at, pause = node.queue
        assert pause == len(self.needs)
        node.queue = []
        need, desk = self.needs[at], self.crew.desk(node.gateway.id)
        place, seat = self.crew.unit(node.gateway.id), desk.seat()
        assert seat.uid == (place.uid if place else None)
        if need.board:
            assert (place.board, set(need.tags) <= set(place.tags)) == (need.board, True)
        desk.begin()
        if self.dice.random() < 0.1:
            self.away ^= {self.dice.choice(["h1", "h2"])}
        gone = bool(need.board) and place.via in self.away
        failed = gone or (need.board and self.dice.random() < 0.2)
        said = [] if not need.board else ("gone" if gone else "met")
        if failed and seat.again:
            desk.hold(place.uid, "why", [{"nodeid": self.ids[at], "user_properties": [[FLAKY, said]]}])
        else:
            report = types.SimpleNamespace(nodeid=self.ids[at], failed=bool(failed), when="teardown")
            report.user_properties = [(FLAKY, said)]
            self.sched.heard(node, report)
            self.tell(report)
        self.sched.mark_test_complete(node, at)

    def exits_in_a_test(self, node):
        self.exits -= 1
        self.crew.desk(node.gateway.id).begin()
        node.workeroutput = {}
        self.down(node, None)
        assert self.shouldstop

    def leaves(self, node):
        node.workeroutput = {}
        self.down(node, None)

    def dies(self, node):
        self.deaths -= 1
        if node.queue and self.dice.random() < 0.7:
            self.crew.desk(node.gateway.id).begin()
        self.down(node, "killed")
        self.nodes.append(self.new_node())

    def down(self, node, error):
        self.crew.pytest_testnodedown(node, error)
        self.nodes.remove(node)
        try:
            killed = self.sched.remove_node(node)
        except KeyError:
            assert node.stage == "starting"
            return
        assert error is not None or killed is None
        if killed is not None:
            self.told[killed] += 1


def not_run(config, nodeid, need, why, more=()):
    assert not config.pluginmanager.getplugin("dsession").shouldstop, "what was not begun in time was not impossible"
    return types.SimpleNamespace(nodeid=nodeid)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(crew.places, "report_root", lambda config: tmp_path)
    monkeypatch.setattr(scheduler.times, "known", lambda root, cases: {})
    monkeypatch.setattr(aside, "folder_of", lambda config, nodeid, need: None)
    monkeypatch.setattr(crew.distrust, "after_a_death", lambda config, place, test: ())
    monkeypatch.setattr(telling, "not_run", not_run)
    heard = {"gone": "gone", "met": ""}
    monkeypatch.setattr(hosts, "_ended_by_host", lambda said: heard.get(str(dict(said).get(FLAKY))))
    good = rackstate.UnitState("u", rackstate.State.GOOD, "", "", rackstate.NEVER)
    monkeypatch.setattr(rackstate, "state_of", lambda uid: good)  # a thousand times
    monkeypatch.setattr(stops, "there_are", lambda: False)
    monkeypatch.setattr(lending.loans, "lend", lambda root, case, units: None)
    monkeypatch.setattr(lending.loans, "give_back", lambda root, case: ())
    return tmp_path


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_each_test_is_told_once_and_nothing_hangs_or_is_left(folders, seed):
    run = Played(seed, folders)
    run.run()
    if run.shouldstop:
        assert set(run.told.values()) <= {0, 1}
    else:
        assert set(run.told.values()) == {1}, (run.told, run.log)
        assert run.sched.plan is None or run.sched.plan.finished
    assert not run.crew.lending._loans
    assert run.source.taken == set(run.pool._claims)
    run.crew.pytest_unconfigure()
    assert run.source.taken == set()

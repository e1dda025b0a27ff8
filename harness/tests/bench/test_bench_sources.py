"""What `--bench` means, and the claims of this host's units."""

import os
import sys
import types
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.bench import boards, holds, lease, rackstate, sources
from harness.bench.boards import load_board
from harness.bench.places import NoneFree, Place
from harness.bench.rackstate import State
from harness.clock import SystemClock
from harness.errors import BenchError, MisuseError, PlanError
from harness.plans.bench import Bench, BenchUnit, dump_bench
from harness.plugin import options as plugin
from harness.plugin.spread import seat
from harness.run import at_unit
from harness.run.options import RunOptions
from harness.testing.clock import ManualClock

BOARD = load_board("nucleo_f446re")


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def bench(tmp_path):
    units = tuple(
        BenchUnit(board=BOARD.name, uid=uid, port="loop://", skip=skip)
        for uid, skip in (("U1", ""), ("U2", "no cable"), ("U3", ""))
    )
    path = tmp_path / "rack.yaml"
    path.write_text(dump_bench(Bench(units=units), "a rack"), encoding="utf-8")
    return path


def test_a_bench_file_lists_its_units_and_why_some_take_no_work(bench):
    rackstate.move("U3", State.QUARANTINED, reason="dead", by="hil")
    found = {place.uid: place.skip for place in sources.open_source(str(bench)).list()}
    assert found["U1"] == ""
    assert found["U2"] == "no cable"
    assert "quarantined" in found["U3"]
    assert "dead" in found["U3"]


def test_a_claim_of_this_host_is_a_reservation(bench):
    source = sources.open_source(bench)
    place = source.list()[0]
    claim = source.acquire(place, what="a night")
    claim.renew()
    assert claim.place == place
    assert lease.reserver("U1").what == "a night"
    with pytest.raises(lease.InUse, match="a night"):
        source.acquire(place, what="another")
    claim.release()
    claim.release()
    assert lease.holder("U1") is None


def test_without_a_bench_what_is_attached_is_the_source():
    assert {place.board for place in sources.open_source(None).list()} <= set(boards.names())


def test_a_bench_that_nobody_knows_how_to_reach_is_refused_with_those_that_are_known():
    with pytest.raises(MisuseError, match=r"no bench is reached by 'telnet'(.|\n)*a bench file"):
        sources.open_source("telnet://rack:23")
    with pytest.raises(MisuseError, match="telnet"):
        RunOptions.make(backend="auto", bench="telnet://rack:23", uid=None)


def test_a_bench_file_that_is_not_there_is_the_plan_authors_to_mend(tmp_path):
    for path in (tmp_path / "rack.yaml", str(tmp_path / "rack.yaml")):
        with pytest.raises(PlanError, match="bench file"):
            RunOptions.make(backend="auto", bench=path, uid=None)
    assert not sources.is_url(tmp_path / "rack.yaml")


class Elsewhere:
    """A source of another kind: two units of ours, and one of another board."""

    def __init__(self):
        self.busy, self.claimed, self.released = {}, [], []

    def list(self):
        kinds = {"E0": "nucleo_l476rg", "E1": BOARD.name, "E2": BOARD.name}
        return tuple(Place(kind, uid, "/dev/nowhere") for uid, kind in kinds.items())

    def acquire(self, place, *, what):
        if place.uid in self.busy:
            raise self.busy[place.uid]
        self.claimed.append((place.uid, what))
        return types.SimpleNamespace(place=place, renew=lambda: None, release=lambda: self.released.append(place.uid))


@pytest.fixture
def elsewhere(monkeypatch):
    """A scheme of one file, as a package of others may bring it."""
    source = Elsewhere()
    module = types.ModuleType("harness.bench.sources.fake")
    module.open = lambda url: source
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(sources, "schemes", lambda: ("fake",))
    return source


def opened(options, clock=None, told=None):
    """Open the unit that the options mean. That nobody is there is found only after it was claimed."""
    watch = (lambda step: None) if told is None else (lambda step: told.append(step.note))
    with at_unit.at_unit(options, BOARD, backend="probe", what="a case", clock=clock or SystemClock(), watch=watch):
        pass


def test_a_unit_of_a_bench_elsewhere_is_claimed_for_the_case_and_given_back(elsewhere):
    options = RunOptions.make(backend="auto", bench="fake://x", uid=None)
    assert (options.bench, len(options.places)) == ("fake://x", 3)
    with pytest.raises(BenchError):
        opened(options)
    assert elsewhere.claimed == [("E1", "a case")]
    assert elsewhere.released == ["E1"]


def test_who_was_given_a_unit_by_a_controller_does_not_claim_it_again(elsewhere, monkeypatch):
    options = RunOptions.make(backend="auto", bench="fake://x", uid="E2")
    monkeypatch.setenv("HIL_RESERVED_BY", str(os.getppid()))
    with pytest.raises(BenchError):
        opened(options)
    assert elsewhere.claimed == []


def test_units_elsewhere_that_are_in_use_are_waited_for_and_not_for_ever(elsewhere):
    elsewhere.busy = {
        "E1": lease.OutOfService("unit E1 is quarantined"),
        "E2": lease.InUse("unit E2 is in use", found="bob"),
    }
    clock, told = ManualClock(), []
    with pytest.raises(lease.InUse, match="E2"):
        opened(RunOptions.make(backend="auto", bench="fake://x", uid=None), clock, told)
    assert told == ["unit E2 is in use: bob"] * 10, "once a minute"
    assert clock.monotonic_s() == pytest.approx(600)
    with pytest.raises(NoneFree, match="E2 is in use, and this run does not wait"):
        opened(RunOptions.make(backend="auto", bench="fake://x", uid=None, no_wait=True), clock)
    elsewhere.busy["E2"] = lease.OutOfService("unit E2 is held by ann")
    with pytest.raises(lease.OutOfService):
        opened(RunOptions.make(backend="auto", bench="fake://x", uid=None), clock)
    with pytest.raises(BenchError, match="with the id E9 is attached"):
        opened(RunOptions.make(backend="auto", bench="fake://x", uid="E9"), clock)


def test_a_hold_is_heeded_by_a_run_of_ones_own_that_a_scheduler_gave_the_unit(bench):
    holds.hold("U1", reason="soldering")
    options = replace(RunOptions.make(backend="probe", bench=bench, uid=None), uid="U1")
    given = SimpleNamespace(
        stash={plugin.KEY: SimpleNamespace(run=replace(options, uid=None)), seat.SEAT: seat.Seat("U1")}
    )
    told = seat.run_options(given)
    assert (told.uid, told.named) == ("U1", False)
    with pytest.raises(lease.OutOfService, match="held by"):
        opened(replace(options, named=False))
    named = SimpleNamespace(stash={plugin.KEY: SimpleNamespace(run=options), seat.SEAT: seat.Seat("U1")})
    assert seat.run_options(named).named  # its person has asked for it

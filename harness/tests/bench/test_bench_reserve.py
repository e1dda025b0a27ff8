"""Reservations: a controller keeps units for what it starts, and each of them may be killed. Held and quarantined units."""

import os
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from lease_processes import wait_for

from harness.bench import lease, rackstate
from harness.bench.rackstate import State
from harness.disk import folders
from harness.testing.clock import ManualClock

CONTROL = textwrap.dedent(
    """
    import os, subprocess, sys
    from harness.bench import lease
    kept = lease.reserve("u", what="a controller")
    print("reserved", flush=True)
    worker = subprocess.Popen(
        [sys.executable, "-c", sys.argv[1]], env={**os.environ, **lease.environment()}, stdin=sys.stdin, stdout=sys.stdout
    )
    worker.wait()
    """
)
WORK = textwrap.dedent(
    """
    import os, sys
    from harness.bench import lease
    for command in sys.stdin:
        try:
            if command == "case\\n":
                held = lease.acquire("u", what="a case")
            else:
                held.release()
            print(os.getpid(), flush=True)
        except lease.InUse as busy:
            print(busy.found, flush=True)
    """
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))


class Controller:
    """One that has reserved ``u``, with a worker that begins and ends cases as it is told."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONTROL, WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "reserved\n"
        self.worker = 0

    def say(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().strip()
        if said.isdecimal():
            self.worker = int(said)
        return said

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def end(self):
        self.process.stdin.close()  # ends the worker
        self.process.stdout.read()
        self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture
def controller():
    one = Controller()
    yield one
    one.end()


def files():
    return sorted(
        str(path.relative_to(folders.runtime_folder()))
        for path in folders.runtime_folder().rglob("*")
        if path.is_file()
    )


def test_between_two_cases_nobody_slips_in(controller):
    controller.say("case")
    assert lease.holder("u").what == "a case"
    controller.say("done")
    assert lease.holder("u").pid == controller.process.pid
    assert lease.holder("u").reserved
    with pytest.raises(lease.InUse, match=r"has reserved it .*a controller"):
        lease.acquire("u", what="mine")
    with pytest.raises(lease.InUse, match=r"has reserved it .*a controller"):
        lease.reserve("u", what="mine")
    assert controller.say("case") == str(controller.worker)


def test_a_worker_of_the_controller_does_not_stand_behind_others_that_wait(controller):
    ticket = lease.queue.enter(["u"], lease.held.me("waits for the controller's end", lease.SystemClock()))
    assert controller.say("case").isdecimal()
    ticket.leave()


def test_while_the_worker_of_a_killed_controller_is_in_a_case_nobody_gets_the_unit(controller):
    controller.say("case")
    controller.kill()
    for take in (lease.acquire, lease.reserve):
        with pytest.raises(lease.InUse, match=f"process {controller.worker} .*a case"):
            take("u", what="mine")
    controller.say("done")
    with lease.reserve("u", what="mine"):
        assert "has reserved it" in controller.say("case"), "its next case is one among others"
    assert controller.say("case").isdecimal()


def test_a_controller_that_ends_while_its_worker_uses_the_unit_leaves_it_to_the_worker():
    kept = lease.reserve("u", what="a controller")
    held = lease.acquire("u", what="its own case")
    kept.release()
    kept.release()
    assert lease.holder("u").what == "its own case"
    held.release()
    assert lease.holder("u") is None
    assert files() == []


def test_a_killed_worker_leaves_the_unit_to_its_controller_alone(controller):
    controller.say("case")
    os.kill(controller.worker, 9)
    controller.process.wait(60)  # it ends when its worker does
    assert lease.holder("u") is None
    lease.reserve("u", what="mine").release()
    assert files() == []


def test_a_unit_that_is_in_use_is_not_reserved():
    with lease.acquire("u", what="a run"):
        with pytest.raises(lease.InUse, match="a run"):
            lease.reserve("u", what="mine")
        assert lease.reserver("u") is None
    with lease.reserve("u", what="mine"):
        assert lease.reserver("u").pid == os.getpid()


@pytest.mark.parametrize("said", [None, "1", "999999999", "not a number", ""])
def test_a_reservation_is_used_by_those_alone_whom_its_holder_has_started(said, controller, monkeypatch):
    if said is not None:
        monkeypatch.setenv("HIL_RESERVED_BY", said)
    with pytest.raises(lease.InUse):
        lease.acquire("u", what="mine")


def test_files_of_a_killed_controller_go_with_the_next_lease_of_any_unit(controller):
    controller.kill()
    assert files() == ["reservations/u.holder", "reservations/u.lock"]
    lease.acquire("another", what="sweeps").release()
    assert files() == []


def quarantined(uid):
    rackstate.move(uid, State.QUARANTINED, reason="its port is dead", by="hil")


def held_by(person, uid, clock=None):
    rackstate.move(uid, State.MAINTENANCE, reason="soldering", by=person, clock=clock)


@pytest.mark.parametrize("take", [lease.acquire, lease.reserve])
def test_a_quarantined_unit_is_refused_in_no_time_and_taken_to_be_mended(take):
    quarantined("u")
    clock = ManualClock()
    with pytest.raises(lease.OutOfService, match=r"quarantined(.|\n)*its port is dead"):
        take("u", what="mine", wait_s=600, clock=clock, named=True)
    assert clock.monotonic_s() == 0
    take("u", what="hil rack check", care=True).release()


@pytest.mark.parametrize("take", [lease.acquire, lease.reserve])
def test_a_unit_on_hold_is_refused_in_no_time_but_to_its_holder_who_names_it(take, monkeypatch):
    monkeypatch.setenv("HIL_USER", "ann")
    held_by("ann", "u")
    clock = ManualClock(start_s=(rackstate.state_of("u").since - ManualClock().now()).total_seconds())
    start = clock.monotonic_s()
    take("u", what="mine", named=True, clock=clock).release()
    with pytest.raises(lease.OutOfService, match="--device-serial u"):
        take("u", what="mine", wait_s=600, clock=clock)
    monkeypatch.setenv("HIL_USER", "bob")
    for rest in ({}, {"named": True}, {"care": True, "named": True}):
        with pytest.raises(lease.OutOfService, match=r"held by ann(.|\n)*soldering(.|\n)*ask ann"):
            take("u", what="mine", wait_s=600, clock=clock, **rest)
    assert clock.monotonic_s() == start
    clock.advance_s(rackstate.HOLD.total_seconds())
    take("u", what="mine", clock=clock).release()


def test_a_unit_that_is_held_while_others_wait_for_it_is_not_given_to_them():
    clock = ManualClock()

    def hold(_):
        held_by("ann", "u", clock)

    with lease.acquire("u", what="a run", clock=clock), pytest.raises(lease.OutOfService, match="held by ann"):
        lease.acquire("u", what="mine", wait_s=600, clock=clock, tell=hold)
    assert clock.monotonic_s() < 2
    assert files() == []


def test_of_several_those_that_take_work_are_taken_and_all_are_named_when_none_does():
    quarantined("u1")
    assert lease.acquire_any(["u1", "u2"], what="mine").uid == "u2"
    held_by("ann", "u2")
    with pytest.raises(lease.OutOfService, match=r"none of 2 units(.|\n)*u1 is quarantined(.|\n)*u2 is held by ann"):
        lease.acquire_any(["u1", "u2"], what="mine", wait_s=600)


def test_a_hold_ends_at_its_end_whoever_forgot_it():
    clock = ManualClock()
    rackstate.move("u", State.MAINTENANCE, reason="x", by="ann", until=clock.now() + timedelta(minutes=1), clock=clock)
    assert lease.refusal("u", clock=clock) is not None
    clock.advance_s(60)
    assert lease.refusal("u", clock=clock) is None
    assert wait_for(lambda: lease.holder("u") is None)

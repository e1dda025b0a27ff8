"""Whose turn it is, over real processes: those that wait, are killed while they wait, are stopped, or wait for any of several."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lease_processes import wait_for

from harness.bench import lease, queue
from harness.disk import folders
from harness.testing.clock import ManualClock

FULL = os.environ.get("HIL_FULL") == "1"
PROGRAM = Path(__file__).with_name("lease_processes.py")
WAIT = """
import sys
from harness.bench import lease
with lease.acquire_any(sys.argv[1:], what="waits", wait_s=200) as held:
    print(held.uid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def waiter():
    """Start a process that waits for any of some units; it is in the queue when it is returned."""
    started = []

    def start(*uids):
        process = subprocess.Popen(
            [sys.executable, "-c", WAIT, *uids], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert wait_for(lambda: process.pid in [one.pid for one in queue.waiting(uids[-1])])
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()


def run(*arguments):
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=280
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def files():
    return sorted(path.name for path in folders.runtime_folder().rglob("*") if path.is_file())


def test_those_that_wait_get_the_unit_in_the_order_in_which_they_came(tmp_path):
    n = 100 if FULL else 25
    seen = run("in_order", n, tmp_path)
    assert seen["served"] == list(range(n))
    assert seen["statuses"] == [0]
    assert files() == []


def test_who_comes_later_does_not_get_a_unit_that_another_waits_for(waiter):
    with lease.acquire("u", what="this test"):
        process = waiter("u")
        ticket = queue.enter(["u"], lease.held.me("behind", lease.SystemClock()))
        assert ticket.ahead("u").pid == process.pid
        assert ticket.place(["u"]) == 1
        ticket.leave()
        ticket.leave()
    assert process.stdout.readline() == "u\n"
    with pytest.raises(lease.InUse, match=f"process {process.pid}"):
        lease.acquire("u", what="this test")


def test_who_does_not_wait_is_refused_while_others_do_and_told_of_them():
    ticket = queue.enter(["u"], lease.held.me("came before", lease.SystemClock()))
    with pytest.raises(lease.InUse, match=f"process {os.getpid()} .*came before.* waits for it"):
        lease.acquire("u", what="passing by")
    ticket.leave()
    lease.acquire("u", what="passing by").release()
    assert files() == []


def test_a_waiter_that_is_killed_has_left_the_queue(waiter):
    with lease.acquire("u", what="this test"):
        first, second = waiter("u"), waiter("u")
        first.kill()
        first.wait(60)
        assert [one.pid for one in queue.waiting("u")] == [second.pid]
    assert second.stdout.readline() == "u\n"
    assert files() == ["u.holder", "u.lock", "u.lock"]


def test_the_ticket_of_a_killed_waiter_goes_with_the_next_lease_of_any_unit(waiter):
    with lease.acquire("u", what="this test"):
        process = waiter("u")
        process.kill()
        process.wait(60)
        lease.acquire("another", what="sweeps").release()
        assert files() == ["u.holder", "u.lock", "u.lock"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who is stopped is seen in /proc")
def test_a_waiter_that_is_stopped_is_passed_over_and_keeps_its_place(waiter):
    held = lease.acquire("u", what="this test")
    first, second = waiter("u"), waiter("u")
    os.kill(first.pid, signal.SIGSTOP)
    assert wait_for(lambda: [one.pid for one in queue.waiting("u")] == [second.pid])
    held.release()
    assert second.stdout.readline() == "u\n"
    third = waiter("u")
    os.kill(first.pid, signal.SIGCONT)
    assert wait_for(lambda: [one.pid for one in queue.waiting("u")] == [first.pid, third.pid])
    second.communicate("")
    assert first.stdout.readline() == "u\n"


def test_who_waits_for_any_gets_the_first_that_becomes_free(waiter):
    kept = lease.acquire("u1", what="this test")
    with lease.acquire("u2", what="this test"):
        any_of_them, behind = waiter("u1", "u2"), waiter("u2")
        assert [one.pid for one in queue.waiting("u1")] == [any_of_them.pid]
    assert any_of_them.stdout.readline() == "u2\n"
    assert wait_for(lambda: queue.waiting("u1") == ())
    assert [one.pid for one in queue.waiting("u2")] == [behind.pid]
    kept.release()


def test_a_free_unit_waits_for_nobody_who_waits_for_another(waiter):
    with lease.acquire("u1", what="this test"):
        waiter("u1")
        lease.acquire_any(["u1", "u2"], what="either").release()


def test_who_waits_is_told_the_holder_at_once_and_each_minute_and_not_for_ever():
    clock, told = ManualClock(), []
    with lease.acquire("u", what="a long run"), pytest.raises(lease.InUse, match="a long run"):
        lease.acquire("u", what="mine", wait_s=185, clock=clock, tell=lambda text: told.append((clock.now(), text)))
    assert [(when - told[0][0]).total_seconds() // 60 for when, _ in told] == [0, 1, 2, 3]
    assert all(f"process {os.getpid()}" in text and "a long run" in text for _, text in told)
    assert 185 <= clock.monotonic_s() < 187
    assert files() == []


@pytest.mark.parametrize(("seed", "kills"), [(13, 40), *([(seed, 400) for seed in range(5)] if FULL else [])])
def test_no_unit_is_used_twice_whoever_is_killed_and_nothing_is_left(seed, kills, tmp_path):
    """Holders, waiters, controllers with workers: one of twelve is killed at a time; a lock of another kind watches the units."""
    seen = run("stress", seed, kills, tmp_path)
    assert seen["violations"] == ""
    assert seen["uses"] > kills / 2
    assert seen["left"] == []

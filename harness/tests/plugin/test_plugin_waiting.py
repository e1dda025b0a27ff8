"""A unit that others have: waited for with a word, or not at all with ``--no-wait``. pytest and `hil run`, as users call them."""

import os
import subprocess
import sys

import pytest
from plugin_runs import BOARD, command, digits_plan, pytest_in

from harness.bench import lease, queue, rackstate
from harness.bench.rackstate import State
from harness.evidence import read_record
from harness.testing.rack import VirtualRack

OWN_TEST = "def test_unit(dut):\n    assert dut.uid\n"


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with VirtualRack({BOARD: 1}, tmp_path_factory.mktemp("rack") / "rack.yaml", prefix="w") as one:
        yield one


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_STATE_DIR", str(tmp_path / "state"))


def hil_run(plan, rack, *arguments):
    return [sys.executable, "-m", "harness", "run", str(plan), f"--board={BOARD}", f"--bench={rack.bench}", *arguments]


def test_without_waiting_each_ends_at_once_with_status_2_and_leaves_nothing(rack, tmp_path):
    plan = digits_plan(tmp_path)
    with lease.acquire(rack.uids[0], what="somebody's long run"):
        run = pytest_in(tmp_path, "--board", BOARD, f"--bench={rack.bench}", "--no-wait", "--samples", 5)
        hil = subprocess.run(
            hil_run(plan, rack, "--no-wait", "--samples=5"), cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        assert not (tmp_path / "hil-reports").exists()
        (tmp_path / "test_own.py").write_text(OWN_TEST)
        own = pytest_in(tmp_path, "--board", BOARD, f"--bench={rack.bench}", "--no-wait", "test_own.py")
        workers = pytest_in(tmp_path, "--board", BOARD, f"--bench={rack.bench}", "--no-wait", "-n", "auto")
    for done in (run, hil, own, workers):
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        assert "is in use, and this run does not wait (--no-wait)" in said
        assert "somebody's long run" in said
        assert "build" not in said
    assert list(tmp_path.rglob("record.json")) == []


def test_who_waits_says_for_whom_and_runs_when_the_unit_is_free(rack, tmp_path):
    (uid,) = rack.uids
    plan = digits_plan(tmp_path)
    commands = [
        hil_run(plan, rack, "--samples=5", "--report-dir=hil"),
        command(f"--board={BOARD}", f"--bench={rack.bench}", "--samples=5", "--report-dir=pytest", "-s"),
    ]
    held = lease.acquire(uid, what="somebody's long run")
    started = [
        subprocess.Popen(one, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for one in commands
    ]
    try:
        said = []
        for process in started:
            lines = iter(process.stdout.readline, "")
            said.append("".join(next((line for line in lines if "waits for" in line), "") for _ in (0,)))
        # The process that has it, or the other one of the two that is before it in the queue.
        assert all(f"waits for unit {uid}: process {os.getpid()}" in text for text in said), said
        assert sorted(one.pid for one in queue.waiting(uid)) == sorted(process.pid for process in started)
        held.release()
        ended = [process.communicate(timeout=240)[0] for process in started]
        assert [process.returncode for process in started] == [0, 0], ended
    finally:
        held.release()
        for process in started:
            process.kill()
            process.communicate()
    assert lease.holder(uid) is None
    assert queue.waiting(uid) == ()


def test_workers_wait_for_the_first_unit_as_a_run_without_them_does(rack, tmp_path):
    (uid,) = rack.uids
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")
    with lease.acquire(uid, what="somebody's long run") as held:
        arguments = (f"--board={BOARD}", f"--bench={rack.bench}", "-n", "auto", "test_plain.py")
        waiting = subprocess.Popen(
            command(*arguments), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            said = next(iter(waiting.stdout.readline, ""))
            assert said.startswith(f"hil: waits for unit {uid}: process {os.getpid()}"), said
            assert "somebody's long run" in said
            assert [one.pid for one in queue.waiting(uid)] == [waiting.pid]
            held.release()
            said, _ = waiting.communicate(timeout=240)
        finally:
            waiting.kill()
            waiting.communicate()
    assert waiting.returncode == 0, said
    assert "1 passed" in said
    assert lease.holder(uid) is None


def test_a_quarantined_unit_is_an_error_of_the_rig_at_once_and_one_on_hold_runs_for_its_holder(rack, tmp_path):
    (uid,) = rack.uids
    digits_plan(tmp_path)
    arguments = ("--board", BOARD, f"--bench={rack.bench}", "--samples", 5)
    rackstate.move(uid, State.QUARANTINED, reason="its port is dead", by="hil")
    refused = pytest_in(tmp_path, *arguments, "-n", "2", "--report-dir", "out")
    assert refused.returncode == 1
    assert "1 error" in refused.stdout
    assert f"hil: no workers: no unit takes work ({uid} ({BOARD}): quarantined: its port is dead)" in refused.stdout
    (record,) = map(read_record, (tmp_path / "out").rglob("record.json"))
    assert record.verdict == "error"
    assert "is quarantined" in refused.stdout
    assert "its port is dead" in refused.stdout
    rackstate.move(uid, State.GOOD, reason="mended", by="ann")
    rackstate.move(uid, State.MAINTENANCE, reason="soldering", by="ann")
    mine = pytest_in(tmp_path, *arguments, f"--device-serial={uid}", HIL_USER="ann")
    assert mine.returncode == 0, mine.stdout

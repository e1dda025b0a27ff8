"""Leases, against real processes: the kernel is the one that must free them."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from harness.bench import lease
from harness.disk import folders
from harness.errors import BenchError

HOLD = textwrap.dedent(
    """
    import sys, subprocess
    from harness.bench import lease
    held = lease.acquire(next((a for a in sys.argv[1:] if a.startswith("unit")), "unit-1"), what="a test")
    if "--with-child" in sys.argv:
        subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    print("held", flush=True)
    sys.stdin.read()
    """
)


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))


def holding(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def end(process):
    process.stdin.close()
    process.stdout.close()
    process.wait(60)


def test_a_free_unit_is_leased_and_given_back():
    with lease.acquire("unit-1", what="this test"):
        held = lease.holder("unit-1")
        assert held is not None
        assert held.pid == os.getpid()
        assert held.what == "this test"
    assert lease.holder("unit-1") is None
    lease.acquire("unit-1", what="again").release()


def test_a_unit_held_by_another_process_is_refused_and_its_holder_named():
    process = holding()
    with pytest.raises(BenchError, match=f"process {process.pid} .*a test"):
        lease.acquire("unit-1", what="mine")
    assert lease.holder("unit-1").pid == process.pid
    end(process)
    lease.acquire("unit-1", what="mine").release()


def test_the_same_process_cannot_take_a_unit_twice():
    with lease.acquire("unit-1", what="first"), pytest.raises(BenchError, match="in use"):
        lease.acquire("unit-1", what="second")


def test_asking_who_holds_a_unit_does_not_drop_our_own_lock():
    with lease.acquire("unit-1", what="this test"):
        lease.holder("unit-1")
        taken = subprocess.run(
            [sys.executable, "-c", "from harness.bench import lease; lease.acquire('unit-1', what='x')"],
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert taken.returncode != 0
        assert "in use" in taken.stderr


@pytest.mark.parametrize("arguments", [(), ("--with-child",)], ids=["alone", "with a child left behind"])
def test_a_killed_holder_leaves_the_unit_free(arguments):
    process = holding(*arguments)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdin.close()
    process.stdout.close()
    lease.acquire("unit-1", what="mine").release()


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "a_b"), ("\u00e4", "\u00f6"), ("x" * 400, "x" * 401), ("../a", ".._a")]
)
def test_units_whose_ids_no_file_could_bear_do_not_exclude_each_other(one, other):
    with lease.acquire(one, what="one"), lease.acquire(other, what="other"):
        assert (lease.holder(one).what, lease.holder(other).what) == ("one", "other")


def test_two_units_do_not_exclude_each_other():
    with lease.acquire("unit-1", what="one"), lease.acquire("unit/2", what="two"):
        assert lease.holder("unit/2").what == "two"


def test_a_release_may_come_twice():
    held = lease.acquire("unit-1", what="x")
    held.release()
    held.release()
    assert lease.holder("unit-1") is None


def files():
    return sorted(path.name for path in (folders.runtime_folder() / "leases").iterdir())


def test_a_lease_that_was_given_back_leaves_no_file():
    lease.acquire("unit-1", what="x").release()
    assert files() == []
    assert lease.holder("unit-1") is None
    assert files() == []


def test_the_files_of_a_unit_whose_holder_was_killed_go_with_the_next_lease_of_any_unit():
    lives, dead = holding(), holding("unit-gone")
    dead.send_signal(signal.SIGKILL)
    end(dead)
    assert files() == ["unit-1.holder", "unit-1.lock", "unit-gone.holder", "unit-gone.lock"]
    with lease.acquire("mine", what="x"):
        assert files() == ["mine.holder", "mine.lock", "unit-1.holder", "unit-1.lock"]
        assert lease.holder("unit-1").pid == lives.pid
    end(lives)


def test_many_that_take_and_give_back_a_unit_at_once_never_hold_it_together(tmp_path):
    """The file goes with each lease: whoever opened the old one must not take its lock for the unit's."""
    program = """
import sys
from pathlib import Path
from harness.bench import lease
mark = Path(sys.argv[1]) / "mark"
for _ in range(12):
    with lease.acquire("unit-1", what="x", wait_s=60):
        mark.touch(exist_ok=False)
        mark.unlink()
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [(process.communicate(timeout=200)[1], process.returncode) for process in processes] == [("", 0)] * 4

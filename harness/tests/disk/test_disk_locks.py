"""Locks and scratch folders, against real processes: the kernel is the one that must free them."""

import signal
import subprocess
import sys
import threading

import pytest

from harness.disk import locks
from harness.disk.scratch import scratch

HOLD = """
import sys
from pathlib import Path
from harness.disk import locks
from harness.disk.scratch import scratch
if sys.argv[1] == "lock":
    held = locks.take(Path(sys.argv[2]))
    print("held", flush=True)
    sys.stdin.read()
else:
    with scratch("hil-", Path(sys.argv[2])) as folder:
        (folder / "large").write_bytes(b"x" * 1000)
        print(folder, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def other():
    """Another process that holds a lock or is in a scratch folder, and what it says."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_lock_is_a_file_only_while_it_is_held(tmp_path):
    path = tmp_path / "l"
    assert not locks.held(path)
    with locks.take(path) as lock:
        assert path.exists()
        assert locks.held(path)
        assert locks.take(path) is None
        lock.release()
        assert not path.exists()
    assert list(tmp_path.iterdir()) == []


def test_another_process_has_it_until_it_dies(tmp_path, other):
    path = tmp_path / "l"
    process, _ = other("lock", path)
    assert locks.take(path) is None
    assert locks.held(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not locks.held(path)
    locks.take(path).release()


def test_a_lock_on_a_file_that_has_lost_its_name_does_not_count(tmp_path, monkeypatch):
    """Two that wait for the same file: the first removes it when it ends, and a third makes a new one."""
    path = tmp_path / "l"
    first = locks.take(path)
    real, raced = locks._lock, []

    def race(fd):
        if not raced:
            raced.append(fd)
            first.release()  # between our opening the file and our locking it
        return real(fd)

    monkeypatch.setattr(locks, "_lock", race)
    monkeypatch.setattr(locks, "_guard", threading.RLock())  # the release above is in truth another process's
    locks._ours.clear()
    with locks.take(path) as lock:
        assert lock.path.exists()


def test_threads_of_a_process_exclude_each_other(tmp_path):
    at_once, most = [], []

    def work():
        for _ in range(20):
            with locks.wait_for(tmp_path / "l"):
                at_once.append(1)
                most.append(len(at_once))
                at_once.pop()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


def test_a_scratch_folder_goes_with_its_block(tmp_path):
    def fails():
        with scratch("hil-", tmp_path) as folder:
            (folder / "x").mkdir()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_nothing_else_is(tmp_path, other):
    (tmp_path / "hil-of-somebody").mkdir()
    dead, left = other("scratch", tmp_path)
    _, lives = other("scratch", tmp_path)
    dead.send_signal(signal.SIGKILL)
    dead.wait()
    assert len(list(tmp_path.iterdir())) == 3
    with scratch("hil-", tmp_path) as mine:
        assert {str(path) for path in tmp_path.iterdir()} == {str(tmp_path / "hil-of-somebody"), lives, str(mine)}
    assert left != lives

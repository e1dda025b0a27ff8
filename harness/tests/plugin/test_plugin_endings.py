"""However pytest ends: no process of ours is left, no unit is held."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from plugin_runs import BOARD, cases_folder, command, digits_plan, pytest_in

from harness.bench import lease
from harness.data import datasets
from harness.evidence import read_record
from harness.run import orphan
from harness.virtual.debug import registry

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

FULL = os.environ.get("HIL_FULL") == "1"
GONE_WITHIN_S = 20.0
START_WITHIN_S = 150.0  # two pytests on a machine with other work
TIMES = 12  # the 450 digits so many times: twenty seconds here, and on no machine less than the workers of a killed pytest have


def processes_of(runtime: Path) -> list[str]:
    """The command lines of the processes that use this runtime folder: ours, by inheritance of the environment."""
    mark = f"HIL_RUNTIME_DIR={runtime}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it ended while we looked, or is another user's
    return found


def wait_for(what, within_s: float = GONE_WITHIN_S) -> bool:
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while not what():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True


@pytest.fixture
def streaming(tmp_path, monkeypatch):
    """Start pytest on the digits plan and return once samples are on their way: so many that none can end before it is ended."""
    short = tempfile.TemporaryDirectory(prefix="hil-")  # a Unix socket's path must stay below 100 bytes
    runtime = Path(short.name)
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(runtime))
    digits = datasets.load("digits", "test")
    plan = digits_plan(tmp_path)
    plan.write_text(
        re.sub(r"(?m)^dataset:(\n .*)+", "dataset: {name: npz, options: {path: ../many.npz}}", plan.read_text())
    )
    started = []

    def start(*arguments, times=TIMES):
        np.savez(tmp_path / "many.npz", x=np.tile(digits.inputs, (times, 1, 1, 1)), y=np.tile(digits.labels, times))
        process = subprocess.Popen(
            command("--board", BOARD, "--report-dir", "out", *arguments),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        if "-n" in arguments:
            assert wait_for(lambda: registry.running() and lease.holder(registry.running()[0].uid), START_WITHIN_S)
        else:
            assert any("stream" in line for line in process.stdout)
        assert len(processes_of(runtime)) >= 3  # pytest, the board, the probe's worker
        (unit,) = registry.running()
        assert lease.holder(unit.uid) is not None
        return process, runtime, unit.uid

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    short.cleanup()


ENDINGS = [
    pytest.param(ending, arguments, id=f"{'xdist' if arguments else 'alone'}-{ending.name}")
    for arguments in ((), ("-n", "1"))
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
    # SIGTERM and SIGHUP end it as Ctrl-C does, through one handler: the rest with HIL_FULL=1.
    if FULL or ending in (signal.SIGINT, signal.SIGKILL) or (ending is signal.SIGTERM and not arguments)
]


@pytest.mark.parametrize(("ending", "arguments"), ENDINGS)
def test_nothing_is_left_of_a_run_that_is_ended_but_what_it_answered(streaming, ending, arguments, tmp_path):
    process, runtime, uid = streaming(*arguments)
    process.send_signal(ending)
    output, _ = process.communicate(timeout=60)
    assert wait_for(lambda: not processes_of(runtime)), processes_of(runtime)
    assert registry.running() == []
    assert lease.holder(uid) is None
    if ending is not signal.SIGKILL:
        assert "Traceback" not in output or "KeyboardInterrupt" in output
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    assert told["entries"] == []
    assert (told["command"]["ended"] is None) == (ending is signal.SIGKILL)
    if ending is not signal.SIGKILL:
        assert [case["id"] for case in told["interrupted"]] == [f"digits/{BOARD}/digits_cnn_int8"]
        assert told["verdict"] == "inconclusive"
    if ending is not signal.SIGKILL:
        assert process.returncode == 2, output  # pytest's own status for a run that was interrupted
        assert re.search(rf"hil: interrupted by {ending.name}: 0 cases judged", output), output
        (command,) = re.findall(r"(?:go on|begin again) with: (pytest .*)", output)
        assert f"--board {BOARD} --report-dir out" in command
    if ending is not signal.SIGKILL and not arguments:
        assert re.search(r"interrupted: .*: [1-9]\d* samples? (is|are) answered and kept", output), output
        assert re.search(r"judged, at digits/.*: stream +\d+% ", output), output
        assert f"--resume {tmp_path / 'out'}" in command


@pytest.mark.parametrize("workers", ["1", "2"] if FULL else ["2"])  # one alone ends so above
def test_the_workers_of_a_pytest_that_was_killed_do_not_stream_to_the_end(streaming, workers, tmp_path):
    process, runtime, uid = streaming("-n", workers)
    assert wait_for(lambda: list(tmp_path.rglob("journal.jsonl")), START_WITHIN_S)
    process.kill()
    process.wait()
    assert wait_for(lambda: not processes_of(runtime)), processes_of(runtime)
    assert registry.running() == []
    assert lease.holder(uid) is None
    (journal,) = tmp_path.rglob("journal.jsonl")
    assert len(journal.read_bytes().splitlines()) < 450 * TIMES, "it went on for nobody"
    assert not list(tmp_path.rglob("record.json"))


def test_a_worker_that_is_killed_is_the_rigs_error_with_a_record_and_can_be_gone_on_with(streaming, tmp_path):
    process, runtime, _uid = streaming("-n", "1", "--junitxml", "pytest.xml", "--max-worker-restart", "0", times=2)
    assert wait_for(lambda: list(tmp_path.rglob("journal.jsonl")), START_WITHIN_S)
    (journal,) = tmp_path.rglob("journal.jsonl")
    assert wait_for(lambda: len(journal.read_bytes().splitlines()) > 3, START_WITHIN_S)
    (worker,) = children(process.pid)
    os.kill(worker, signal.SIGKILL)
    output, _ = process.communicate(timeout=120)
    assert "1 error" in output, output
    assert "failed" not in output.splitlines()[-1]
    (case,) = ElementTree.parse(tmp_path / "pytest.xml").iter("testcase")
    assert [child.tag for child in case] == ["error"]
    record = read_record(cases_folder(tmp_path))
    assert record.verdict == "error"
    assert "crashed" in record.reasons[0]
    assert "had been answered by then" in record.reasons[-1]
    assert "ERROR" in output
    assert (cases_folder(tmp_path) / "junit.xml").is_file()
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [entry["verdict"] for entry in told["entries"]] == ["error"]
    assert told["interrupted"][0]["answered"] > 0
    done = pytest_in(tmp_path, "--board", BOARD, "--resume", "out")
    assert "1 passed" in done.stdout, done.stdout
    assert read_record(cases_folder(tmp_path)).run_id == record.run_id
    assert wait_for(lambda: not processes_of(runtime)), processes_of(runtime)


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


def test_a_worker_without_its_pytest_has_less_than_two_seconds():
    assert orphan._LOOK_EVERY_S + orphan._GRACE_S < 2.0

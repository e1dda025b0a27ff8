"""However pytest ends: no process of ours is left, no unit is held."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from plugin_runs import BOARD, command, digits_plan

from harness.bench import lease
from harness.virtual.debug import registry

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

GONE_WITHIN_S = 20.0


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


def wait_for(what) -> bool:
    deadline = time.monotonic() + GONE_WITHIN_S
    pause = threading.Event()
    while not what():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True


@pytest.fixture
def streaming(tmp_path, monkeypatch):
    """Start pytest on the digits plan and return once samples are on their way."""
    short = tempfile.TemporaryDirectory(prefix="hil-")  # a Unix socket's path must stay below 100 bytes
    runtime = Path(short.name)
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(runtime))
    digits_plan(tmp_path)
    started = []

    def start(*arguments):
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
            assert wait_for(lambda: registry.running() and lease.holder(registry.running()[0].uid))
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


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_nothing_is_left_of_a_run_that_is_ended(streaming, ending, arguments):
    process, runtime, uid = streaming(*arguments)
    process.send_signal(ending)
    output, _ = process.communicate(timeout=60)
    assert wait_for(lambda: not processes_of(runtime)), processes_of(runtime)
    assert registry.running() == []
    assert lease.holder(uid) is None
    if ending is not signal.SIGKILL:
        assert "Traceback" not in output or "KeyboardInterrupt" in output


def test_a_pytest_whose_terminal_goes_away_leaves_nothing_either(streaming):
    process, runtime, uid = streaming()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert wait_for(lambda: not processes_of(runtime)), processes_of(runtime)
    assert lease.holder(uid) is None

import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness.errors import BenchError, MisuseError
from harness.virtual.debug import registry
from harness.virtual.debug.rpc import Connection, LinkDown
from harness.virtual.host import process
from harness.virtual.host.control import Control

ROOT = str(Path(process.__file__).parents[2])


def wait_for_end(pid: int, timeout_s: float = 10.0) -> None:
    """Block until the process is gone; not a child of ours, so there is nothing to wait() for."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([fd], [], [], timeout_s)[0], f"process {pid} still runs"
    finally:
        os.close(fd)


def owner(code: str) -> subprocess.Popen:
    """Another Python process that starts a unit, prints its pid and does ``code``."""
    program = "from harness.virtual.host import process\nimport sys, time, os, signal\n"
    program += "u = process.start('stm32f446re', board_name='b')\nprint(u.pid, flush=True)\n" + textwrap.dedent(code)
    environment = os.environ | {"PYTHONPATH": ROOT}
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE, env=environment, text=True
    )


def test_a_unit_comes_up_and_goes_without_a_trace(runtime_dir):
    unit = process.start("stm32f446re", board_name="nucleo_f446re", uid="one")
    assert unit.alive
    assert [entry.uid for entry in registry.running()] == ["one"]
    assert Path(unit.port).exists()
    unit.close()
    unit.close()
    assert not unit.alive
    assert registry.running() == []
    assert list(runtime_dir.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_unit_in_order(runtime_dir, number):
    with process.start("stm32f446re", board_name="b") as unit:
        os.kill(unit.pid, number)
        wait_for_end(unit.pid)
        assert list(runtime_dir.iterdir()) == []
        assert "exit status 0" in unit.why_dead


@pytest.mark.parametrize("ending", ["sys.stdin.read()", "sys.exit(1)", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_no_unit_outlives_its_owner(runtime_dir, ending):
    with owner(ending) as parent:
        pid = int(parent.stdout.readline())
        if ending.startswith("sys.stdin"):
            parent.kill()  # SIGKILL: the owner can do nothing about its children
        parent.wait(10)
        wait_for_end(pid)
    assert registry.running() == []


def test_no_unit_outlives_an_owner_whose_other_children_hold_its_pipes(runtime_dir):
    code = """
    if os.fork() == 0:
        sys.stdout.close(); os.close(1); os.close(0); time.sleep(5); os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    code = code.replace("time.sleep(5)", "signal.alarm(5); signal.pause()")
    with owner(code) as parent:
        pid = int(parent.stdout.readline())
        parent.wait(10)
        wait_for_end(pid)


def test_two_units_live_side_by_side_and_end_alone(runtime_dir):
    with process.start("stm32f446re", board_name="b") as one, process.start("stm32f446re", board_name="b") as two:
        assert one.port != two.port
        assert {entry.uid for entry in registry.running()} == {one.uid, two.uid}
        one.close()
        assert [entry.uid for entry in registry.running()] == [two.uid]
        with Control(two.uid) as control:
            assert control.instruction_count() == 0


def test_an_id_that_is_taken_is_refused_and_the_first_unit_lives_on(runtime_dir):
    with process.start("stm32f446re", board_name="b", uid="same") as first:
        with pytest.raises(BenchError, match="running already"):
            process.start("stm32f446re", board_name="b", uid="same")
        assert first.alive
        assert [entry.pid for entry in registry.running()] == [first.pid]


def test_a_killed_unit_says_how_it_died_and_leaves_nothing_after_close(runtime_dir):
    unit = process.start("stm32f446re", board_name="b")
    with Control(unit.uid) as control:
        control.kill()
        wait_for_end(unit.pid)
        with pytest.raises(LinkDown):
            control.state()
    assert not unit.alive
    assert "signal 9" in unit.why_dead
    assert registry.running() == []
    unit.close()
    assert list(runtime_dir.iterdir()) == []


def test_a_unit_that_stops_answering_is_given_up_at_the_deadline(runtime_dir):
    with process.start("stm32f446re", board_name="b") as unit:
        os.kill(unit.pid, signal.SIGSTOP)
        try:
            link = Connection(unit.socket, timeout_s=0.05)
            with pytest.raises(LinkDown, match="did not answer"):
                link.control("state")
        finally:
            os.kill(unit.pid, signal.SIGCONT)


def test_an_unknown_chip_is_refused_with_the_known_ones(runtime_dir):
    with pytest.raises(BenchError, match="stm32f446re"):
        process.start("z80", board_name="b")


def test_nonsense_on_the_socket_does_not_disturb_the_unit(runtime_dir):
    with process.start("stm32f446re", board_name="b") as unit:
        for junk in (b"\xff" * 64, b"\x01\x00\x00\x00\x09", b"\x03\x00\x00\x00\x01\x07\x00", b"GET / HTTP/1.0\r\n\r\n"):
            with socket.socket(socket.AF_UNIX) as stranger:
                stranger.connect(unit.socket)
                stranger.sendall(junk)
        with Control(unit.uid) as control:
            with pytest.raises(ValueError, match="unknown command"):
                control._link.control("fly")
            assert control.state()["locked_up"]


def test_control_of_a_unit_that_never_ran_names_the_running_ones(runtime_dir):
    with process.start("stm32f446re", board_name="b", uid="here"), pytest.raises(MisuseError, match="here"):
        Control("there")

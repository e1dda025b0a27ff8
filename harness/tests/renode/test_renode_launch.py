"""One Renode process: how it comes up, what it may listen on, how it ends, in each version's ways."""

import os
import socket
import subprocess
import sys

import pytest
from harness.renode.monitor import CommandRefused, NoAnswer
from harness.renode.robot import RobotMonitor
from renode_lab import FACTS, ROOT, double

from harness.bench.boards import load_board
from harness.bench.unit import choose_backend
from harness.errors import BenchError, MisuseError
from harness.renode import locate
from harness.renode.console import ConsoleMonitor
from harness.renode.launch import Launched, launch
from harness.renode.machine import Machine, version_of
from harness.renode.platform import render


@pytest.fixture
def server(tmp_path, version):
    """The double as a bare robot server, outside of any namespace; (process, port)."""
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        port = any_socket.getsockname()[1]
    process = subprocess.Popen(
        [double(tmp_path, version), "--disable-xwt", "--robot-server-port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    while f"listening on port {port}" not in process.stdout.readline():
        pass
    monitor = RobotMonitor(port, "openly")
    while not monitor.ready():
        pass
    yield process, port, monitor
    process.kill()
    process.communicate()


def test_the_server_takes_commands_and_tells_errors_apart(server, version):
    _process, _port, monitor = server
    assert version in monitor.execute("version", 5.0, lambda: None)
    with pytest.raises(CommandRefused, match="No such command or device: nothing"):
        monitor.execute("nothing at all", 5.0, lambda: None)
    with pytest.raises(CommandRefused, match="knows no such keyword"):
        monitor.keyword("NoSuchKeyword", timeout_s=5.0)


def test_short_names_are_never_relied_on(server, version, tmp_path):
    _process, _port, monitor = server
    platform = tmp_path / "board.repl"
    platform.write_text(render(FACTS))
    for command in ('mach create "dut"', f"machine LoadPlatformDescription @{platform}"):
        monitor.execute(command, 5.0, lambda: None)
    assert monitor.execute("sysbus.cpu PC", 5.0, lambda: None)
    if version == "1.16.1":
        assert monitor.execute("cpu PC", 5.0, lambda: None)
    else:
        with pytest.raises(CommandRefused):
            monitor.execute("cpu PC", 5.0, lambda: None)


def test_a_taken_port_ends_in_each_versions_way(server, tmp_path, version):
    _process, port, _monitor = server
    second = subprocess.run(
        [double(tmp_path, version), "--disable-xwt", "--robot-server-port", str(port)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == (1 if version == "1.13.3" else 0)
    assert ("listening" in second.stdout) is (version == "1.13.3")


def test_a_process_that_ends_while_it_is_waited_for_gives_its_last_words(tmp_path):
    script = tmp_path / "renode"
    script.write_text("#!/bin/sh\necho '[ERROR] Could not start the HTTP server on port 1'\nexit 0\n")
    script.chmod(0o755)
    with pytest.raises(NoAnswer) as caught:
        launch(script, "console")
    assert "console" in str(caught.value) or "exit status 0" in str(caught.value)


def test_one_that_is_seen_to_end_only_after_its_pipes_broke_is_told_to_have_ended(tmp_path):
    script = tmp_path / "renode"
    # It answers the first prompt, then loses its pipes a while before its process is gone, as a killed one may.
    script.write_text(
        "#!/bin/sh\nprintf '(monitor) '\nread line\nprintf '(monitor) '\nread line\n"
        "exec < /dev/null > /dev/null 2>&1\nsleep 0.3\nexit 7\n"
    )
    script.chmod(0o755)
    with launch(script, "console") as launched, pytest.raises(NoAnswer, match="Renode has ended") as caught:
        Machine(launched, FACTS)
    assert "exit status 7" in str(caught.value)


def test_over_pipes_there_is_no_listener(tmp_path, version):
    with launch(double(tmp_path, version), "console") as launched:
        assert isinstance(launched.monitor, ConsoleMonitor)
        machine = Machine(launched, FACTS)
        assert machine.version == version_of(version)
        assert "without any listener" in machine.description
        with pytest.raises(CommandRefused):
            machine.do("nothing")
        assert machine.number("sysbus.cpu EmulationState") is None


def test_a_version_that_takes_one_command_a_line_is_served_so(tmp_path):
    with launch(double(tmp_path, "1.13.3", "--one-by-one"), "console") as launched:
        machine = Machine(launched, FACTS)
        assert machine.do_all(["version", "version"]) != machine.do_all(["version"])
        assert len(machine.read(0x08000000, 256)) == 256


def test_nothing_outside_the_namespace_reaches_the_server(tmp_path, version):
    script = (
        "import sys; from harness.renode.launch import launch; from pathlib import Path\n"
        "with launch(Path(sys.argv[1]), 'robot') as launched:\n"
        "    print(launched.monitor._port, launched.monitor.how, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    inside = subprocess.Popen(
        [sys.executable, "-c", script, double(tmp_path, version)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        port, _, how = inside.stdout.readline().partition(" ")
        if not port:
            pytest.skip(f"no network namespace here: {inside.stderr.read()[-200:]}")
        assert "namespace of its own" in how
        with socket.socket() as outsider:
            assert outsider.connect_ex(("127.0.0.1", int(port))) != 0
    finally:
        inside.communicate(timeout=30)
    assert inside.returncode == 0


def test_one_that_stays_after_it_was_told_to_stop_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.renode.launch._END_TIMEOUT_S", 0.2)
    script = tmp_path / "renode"
    script.write_text("#!/bin/sh\nprintf '(monitor) '\nread a\nprintf '(monitor) '\nread b\nexec tail -f /dev/null\n")
    script.chmod(0o755)
    launched = launch(script, "console")
    folder, process = launched.folder, launched._process
    launched.close()
    assert process.returncode == -9
    assert not folder.exists()
    assert isinstance(launched, Launched)


def test_an_unknown_way_of_control_is_a_mistake(tmp_path):
    with pytest.raises(MisuseError, match="robot nor console"):
        launch(tmp_path / "renode", "telnet")


def test_a_missing_renode_is_one_line_that_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("HIL_RENODE", raising=False)
    with pytest.raises(BenchError) as caught:
        locate.require()
    assert len(str(caught.value).splitlines()) == 1
    assert "HIL_RENODE" in str(caught.value)
    monkeypatch.setenv("HIL_RENODE", str(tmp_path / "nowhere"))
    with pytest.raises(BenchError, match="nowhere is no executable file"):
        locate.require()


def test_a_folder_of_a_release_will_do(monkeypatch, tmp_path):
    (tmp_path / "renode").write_text("#!/bin/sh\n")
    (tmp_path / "renode").chmod(0o755)
    monkeypatch.setenv("HIL_RENODE", str(tmp_path))
    assert locate.find() == tmp_path / "renode"


def test_the_command_line_says_it_in_one_line_and_exits_with_2(tmp_path):
    environment = os.environ | {"HIL_RENODE": str(tmp_path / "none"), "COLUMNS": "300"}
    arguments = ["run", "digits", "--board", "nucleo_f446re", "--backend", "renode"]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *arguments], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stdout == ""
    in_pytest = [
        sys.executable,
        "-m",
        "pytest",
        "--board",
        "nucleo_f446re",
        "--backend",
        "renode",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(in_pytest, capture_output=True, text=True, env=environment, timeout=60, cwd=tmp_path)
    assert done.returncode == 2
    assert "Renode is not here" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout


def test_a_board_without_a_platform_is_told_in_one_line_before_anything_starts(tmp_path, monkeypatch):
    (tmp_path / "renode").write_text("#!/bin/sh\ntouch started\n")
    (tmp_path / "renode").chmod(0o755)
    monkeypatch.setenv("HIL_RENODE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    board = load_board("nucleo_f446re")
    other = board.model_copy(update={"virtual": board.virtual.model_copy(update={"soc": "stm32x"})})
    with pytest.raises(BenchError, match=r"no platform for stm32x \(there are cy8c624a, .*soc/stm32x\.py") as caught:
        choose_backend(other, "renode", (), None)
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(BenchError, match="names no chip that can be emulated"):
        choose_backend(board.model_copy(update={"virtual": None}), "renode", (), None)
    assert choose_backend(board, "renode", (), None) == "renode"
    assert not (tmp_path / "started").exists()

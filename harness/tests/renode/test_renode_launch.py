"""One Renode process: how it comes up, how it is driven, how it ends and what it leaves, in each version's ways."""

import os
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from renode_lab import FACTS, double

from harness.bench import selftest
from harness.bench.boards import load_board
from harness.bench.unit import choose_backend
from harness.errors import BenchError
from harness.renode import locate
from harness.renode.console import CommandRefused, CoreAborted, NoAnswer
from harness.renode.launch import FOLDER, launch, sweep
from harness.renode.machine import Machine, version_of

FLASH, RAM = FACTS.flash_origin, FACTS.ram_origin
PROGRAM = selftest.program(RAM + 0x1000, FLASH, RAM)


def script(folder, text):
    path = folder / "renode"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary folder of the test's own, so that what is left in it is seen."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def machine(tmp_path, version):
    with launch(double(tmp_path, version)) as launched:
        machine = Machine(launched, FACTS)
        yield machine
        machine.close()


def test_a_process_that_ends_while_it_is_waited_for_gives_its_last_words(tmp_path):
    with pytest.raises(NoAnswer) as caught:
        launch(script(tmp_path, "exit 3"))
    assert "console" in str(caught.value) or "exit status 3" in str(caught.value)


def test_one_that_cannot_be_started_is_told_by_its_path(tmp_path, temporary):
    path = script(tmp_path, "")
    path.write_bytes(b"\x7fELF no program")
    with pytest.raises(NoAnswer, match="cannot be started"):
        launch(path)
    assert not list(temporary.iterdir())


def test_one_that_is_seen_to_end_only_after_its_pipes_broke_is_told_to_have_ended(tmp_path):
    # It answers the first prompts, then loses its pipes a while before its process is gone, as a killed one may.
    prompts = "printf '(monitor) '\nread line\n" * 3
    path = script(tmp_path, f"{prompts}exec < /dev/null > /dev/null 2>&1\nsleep 0.3\nexit 7")
    with launch(path) as launched, pytest.raises(NoAnswer, match="Renode has ended") as caught:
        Machine(launched, FACTS)
    assert "exit status 7" in str(caught.value)


def test_it_is_told_by_which_signal_it_was_killed(tmp_path, version):
    with launch(double(tmp_path, version)) as launched:
        machine = Machine(launched, FACTS)
        os.killpg(launched.group, 9)
        with pytest.raises(NoAnswer, match="Renode has ended") as caught:
            machine.bench.core()
        machine.close()
    assert "killed by SIGKILL" in str(caught.value)


def test_nothing_listens_and_a_wrong_command_is_told_apart(tmp_path, version):
    with launch(double(tmp_path, version)) as launched:
        with pytest.raises(CommandRefused, match="refused"):
            launched.do("nothing")
        machine = Machine(launched, FACTS)
        assert machine.version == version_of(version)
        assert machine.name == f"Renode {version}"
        assert not listening(launched.group)
        machine.close()


def listening(pid):
    """The sockets of that process on which it waits for connections."""
    own = set()
    for fd in list(Path(f"/proc/{pid}/fd").iterdir()):
        with suppress(FileNotFoundError):  # the one that lists them is gone by now
            own.add(str(fd.readlink()))
    tables = (Path(f"/proc/net/{name}") for name in ("tcp", "tcp6"))
    lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    return {f"socket:[{line[9]}]" for line in lines if line[3] == "0A"} & own


def test_the_listeners_of_a_process_would_be_seen():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        assert listening(os.getpid())


def test_memory_is_written_and_read_and_none_is_nothing(machine):
    machine.bench.write(RAM, b"abcd")
    assert machine.bench.read(RAM, 4) == b"abcd"
    machine.bench.write(0x70000000, b"ab")
    assert machine.bench.read(0x70000000, 2) == bytes(2)


def test_a_program_runs_in_virtual_time_and_ends_asleep(machine, version):
    machine.bench.write(FLASH, PROGRAM)
    machine.bench.reset(FLASH)
    first = machine.bench.step(115_200, 1000)
    second = machine.bench.step(115_200, 1000)
    assert (first.passed_us, second.passed_us) == (1000, 2000)
    assert 50 < first.executed == second.executed
    found = machine.bench.read(RAM, selftest.RESULT_BYTES)
    if version == "1.16.1":
        selftest.judge(found, machine.name, "")
    else:
        with pytest.raises(BenchError, match="SSUB8") as caught:
            selftest.judge(found, machine.name, "")
        assert "0x7f837f05" in caught.value.expected
        assert "0x7f8301fb" in caught.value.found  # what its core really made of it, built from its sources


def test_it_starts_again_at_its_vectors_after_a_reset(machine):
    machine.bench.write(FLASH, PROGRAM)
    for _ in range(2):
        machine.bench.reset(FLASH)
        machine.bench.step(115_200, 1000)
        assert machine.bench.read(RAM, 4) != bytes(4)
        machine.bench.write(RAM, bytes(4))
    pc, _lr, _sp, halted = machine.bench.core()
    assert FLASH < pc < FLASH + len(PROGRAM)
    assert not halted


def test_a_core_that_leaves_memory_ends_the_wait(machine):
    nowhere = PROGRAM[:12] + bytes.fromhex("4ff0e040") + bytes.fromhex("01300047")  # mov r0, #0x70000000; adds; bx r0
    machine.bench.write(FLASH, nowhere)
    machine.bench.reset(FLASH)
    with pytest.raises(CoreAborted) as caught:
        machine.bench.step(115_200, 1000)
    assert "PC=0x70000000" in str(caught.value)


def test_a_file_that_a_version_cannot_compile_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.renode.machine.source", lambda _names, _version: "namespace X\n{\n}\n")
    with launch(double(tmp_path, "1.16.1")) as launched, pytest.raises(CommandRefused, match="refused") as caught:
        Machine(launched, FACTS)
    assert "compilation errors" in caught.value.found


def test_an_external_that_does_not_serve_is_told_with_what_renode_says(tmp_path):
    facts = FACTS
    with launch(double(tmp_path, "1.16.1")) as launched:
        launched.console.say_ = launched.console.say
        launched.console.say = lambda command: launched.console.say_(command.replace("usart2", "usart9"))
        with pytest.raises(NoAnswer, match="does not serve"):
            Machine(launched, facts)


# -- what it leaves ---------------------------------------------------------------------------------------------------


def test_one_that_stays_is_killed_at_once_and_its_folder_goes_with_it(tmp_path, temporary):
    launched = launch(script(tmp_path, "printf '(monitor) '\nread a\nprintf '(monitor) '\nread b\nprintf '(monitor) '\n"
                                       "exec tail -f /dev/null"))  # fmt: skip
    folder, process = launched.folder, launched._process
    assert folder.is_dir()
    launched.close()
    assert process.poll() is not None
    assert not folder.exists()
    assert not list(temporary.iterdir())


def aged(folder):
    os.utime(folder, (0, 0))
    return folder


def test_folders_of_killed_owners_are_swept_and_those_in_use_are_not(tmp_path, temporary):
    with launch(double(tmp_path, "1.16.1")) as launched:
        dead = temporary / f"{FOLDER}dead"
        dead.mkdir()
        (dead / "lock").touch()
        foreign = temporary / "something-else"
        foreign.mkdir()
        fresh = temporary / f"{FOLDER}fresh"
        fresh.mkdir()
        (fresh / "lock").touch()
        for folder in (dead, foreign, launched.folder):
            aged(folder)
        sweep()
        assert sorted(temporary.iterdir()) == sorted([foreign, fresh, launched.folder])
    assert sorted(temporary.iterdir()) == sorted([foreign, fresh])


# -- where it is ------------------------------------------------------------------------------------------------------


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

"""No QEMU, an old one, or a board that it cannot be: one line, exit status 2, before anything starts."""

import os
import subprocess
import sys

import pytest
from qemu_lab import BOARD, plan_in, plays_version, script

from harness.bench.boards import load_board
from harness.bench.emulators import qemu
from harness.bench.unit import choose_backend
from harness.errors import BenchError
from harness.qemu import locate
from harness.qemu.machines import KINDS


def told(monkeypatch, program):
    monkeypatch.setenv("HIL_QEMU", str(program))
    with pytest.raises(BenchError) as caught:
        choose_backend(load_board(BOARD), "qemu", (), None)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_no_qemu_is_one_line_that_says_how_to_get_one(monkeypatch, tmp_path):
    assert "none is no executable file; install qemu-system-arm 9.1 or newer" in told(monkeypatch, tmp_path / "none")
    monkeypatch.delenv("HIL_QEMU")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="neither HIL_QEMU nor PATH has it"):
        locate.require()


# Debian 12 has 7.2. 9.0 has the machine, but its serial ports are not connected (QEMU's issue 2540).
@pytest.mark.parametrize("version", ["7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "8.2.2", "9.0.2"])
def test_an_old_qemu_is_one_line_with_its_version(monkeypatch, tmp_path, version):
    program = plays_version(tmp_path / "old", version)
    assert f"{program} is QEMU {version.split()[0]}, too old; install" in told(monkeypatch, program)
    assert not (tmp_path / "old.started").exists()


@pytest.mark.parametrize("version", ["9.1.0", "10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)", "11.1.3"])
def test_a_new_one_is_taken(monkeypatch, tmp_path, version):
    monkeypatch.setenv("HIL_QEMU", str(plays_version(tmp_path / "qemu-system-arm", version)))
    assert choose_backend(load_board(BOARD), "qemu", (), None) == "qemu"
    monkeypatch.setenv("HIL_QEMU", str(tmp_path))
    assert locate.find() == tmp_path / "qemu-system-arm"


@pytest.mark.parametrize("behaviour", ["echo hello", "exit 127", "echo 'cannot open libfdt.so' >&2; exit 1"])
def test_a_program_that_is_no_qemu_is_one_line_with_what_it_said(monkeypatch, tmp_path, behaviour):
    assert "does not say which QEMU it is: " in told(monkeypatch, script(tmp_path / "other", behaviour))


def test_a_board_that_names_no_machine_is_told_which_do(monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_QEMU", str(plays_version(tmp_path / "new", "10.0.13")))
    with pytest.raises(BenchError, match=rf"nucleo_f446re cannot run in QEMU: .* \(those that do: {BOARD}\)") as caught:
        choose_backend(load_board("nucleo_f446re"), "qemu", (), None)
    assert len(str(caught.value).splitlines()) == 1


def test_a_machine_or_port_that_nobody_knows_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_QEMU", str(plays_version(tmp_path / "new", "10.0.13")))
    board = load_board(BOARD)
    with pytest.raises(BenchError, match=r"USART2 on its machine other; add it to harness/qemu/machines\.py"):
        qemu.require(board.model_copy(update={"qemu": board.qemu.model_copy(update={"machine": "other"})}))
    with pytest.raises(BenchError, match="UART9 on its machine"):
        qemu.require(board.model_copy(update={"uart": board.uart.model_copy(update={"name": "UART9"})}))


def test_no_machine_is_said_to_work_before_the_oldest_version_that_is_asked_for():
    assert {kind.since for kind in KINDS.values() if kind.since < locate.OLDEST} == set()


@pytest.mark.parametrize(
    ("version", "state"), [(None, "missing"), ("7.2.22", "broken"), ("10.0.13", "ok")], ids=["none", "old", "new"]
)
def test_the_doctor_says_how_to_get_one(monkeypatch, tmp_path, version, state):
    program = plays_version(tmp_path / "q", version) if version else tmp_path / "none"
    monkeypatch.setenv("HIL_QEMU", str(program))
    (finding,) = qemu.examine()
    assert (finding.subject, finding.state, finding.needed) == ("QEMU", state, False)
    assert state == "ok" or "apt-get install qemu-system-arm" in finding.next_step
    if state == "ok":
        assert BOARD in finding.detail


@pytest.mark.parametrize("version", [None, "7.2.22"], ids=["none", "old"])
def test_both_command_lines_say_it_in_one_line_and_exit_with_2(tmp_path, version):
    program = plays_version(tmp_path / "q", version) if version else tmp_path / "none"
    environment = os.environ | {"HIL_QEMU": str(program), "COLUMNS": "300"}

    def go(*arguments):
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments), "--board", BOARD, "--backend", "qemu"],
            capture_output=True, text=True, env=environment, timeout=120, cwd=tmp_path, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    done = go("harness", "run", plan_in(tmp_path, "digits"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stdout == ""
    done = go("pytest", "-p", "no:cacheprovider")
    assert done.returncode == 2
    assert "qemu-system-arm 9.1 or newer" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout

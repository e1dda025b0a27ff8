"""The unmodified firmware of the L476 in a QEMU that nobody here wrote: what it computes, and how everything ends."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from qemu_lab import BOARD, case_of, needs_qemu, plan_in, replace_start, script

from harness.bench import emulators, selftest
from harness.bench.boards import load_board
from harness.bench.probes import CoreState
from harness.data.dataset import DataMissing
from harness.errors import BenchError
from harness.evidence.reports import html, markdown
from harness.records import Verdict
from harness.renode import locate as renode
from harness.run.options import RunOptions
from harness.run.runner import run_case

pytestmark = needs_qemu

CONV = "hil_nn_conv_s8"
_NOWHERE = bytes.fromhex("4ff0e040")  # mov.w r0, #0x70000000: where the chip has nothing
LOAD_FROM_NOTHING = _NOWHERE + bytes.fromhex("00687047")  # ldr r0, [r0]; bx lr
JUMP_TO_NOTHING = _NOWHERE + bytes.fromhex("01300047")  # adds r0, #1; bx r0
UNDEFINED = bytes.fromhex("00de")


@pytest.fixture
def copy(image, tmp_path):
    return Path(shutil.copy(image, tmp_path / "changed.elf"))


# -- what it computes ---------------------------------------------------------------------------------------------


def test_the_digits_plan_passes_with_the_outputs_of_litert_and_of_the_virtual_board(run):
    result, virtual = run(None), run(None, backend="virtual")
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.dataset.n == 450
    assert record.measurement("agreement").value == 1.0  # of all raw outputs with LiteRT's
    assert np.array_equal(result.samples.outputs, virtual.samples.outputs)
    assert (record.backend, record.evidence, record.caveat) == ("qemu", "emulated", emulators.load("qemu").ABOUT.caveat)
    assert record.unit.probe.startswith("QEMU ")
    assert record.firmware.verified
    assert record.link.lost == 0
    # Its flash's wait states never come, so the firmware stays at 16 MHz and says so: told, not judged.
    (warning,) = record.warnings
    assert warning.startswith("the clock is 16,000,000 Hz")
    assert "qemu models no clocks" in warning
    assert record.link.baud == max(load_board(BOARD).uart.bauds)


@pytest.mark.parametrize("model", ["mnist_f446_int8", "mnist_f446_f32"])
def test_mnist_has_the_outputs_of_the_virtual_board(images, model, tmp_path):
    case = case_of(plan_in(tmp_path, "mnist"), model, 100)
    try:
        found = {
            backend: run_case(case, RunOptions(backend=backend, firmware=images(model)), watch=lambda step: None)
            for backend in ("qemu", "virtual")
        }
    except DataMissing as missing:
        pytest.skip(str(missing))
    record = found["qemu"].record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.measurement("decision_agreement").value == 1.0
    assert np.array_equal(found["qemu"].samples.outputs, found["virtual"].samples.outputs)


@pytest.mark.skipif(renode.find() is None, reason="no Renode: set HIL_RENODE or put renode on PATH")
def test_three_cpus_that_three_teams_wrote_compute_the_same(run):
    unicorn, qemu, third = (run(60, backend=name).samples for name in ("virtual", "qemu", "renode"))
    assert np.array_equal(unicorn.outputs, qemu.outputs)
    assert np.array_equal(unicorn.outputs, third.outputs)


def test_nothing_is_measured_that_it_does_not_have_and_the_reports_say_so(run):
    result = run(12, layers=True)
    record = result.record
    assert not [
        m.name for m in record.measurements if m.name.startswith(("cycles", "latency", "instructions", "line_use"))
    ]
    assert record.layers
    assert {(layer.cycles, layer.instructions) for layer in record.layers} == {(None, None)}
    assert {layer.equal for layer in record.layers} == {True}
    for text in (markdown.render(record, result.samples, None), html.render(record, result.samples, None)):
        assert b"QEMU: no instructions, no cycles, no latency" in text
        assert b"nothing counted what they took" in text


# -- the probe ----------------------------------------------------------------------------------------------------


def test_an_image_that_is_there_already_is_compared_and_not_loaded_again(unit, image):
    probe = unit.probe(allow_mass_erase=False)
    probe.open()
    first, second = probe.flash(image), probe.flash(image)
    assert first.bytes_programmed == first.bytes_total > 10_000
    assert second.bytes_programmed == 0
    assert first.verified
    assert second.verified


def test_the_core_is_held_after_flashing_and_runs_or_sleeps_after_a_reset(unit, image):
    probe = unit.probe(allow_mass_erase=False)
    probe.flash(image)
    assert probe.core().state is CoreState.HALTED
    for _ in range(2):
        probe.reset()
        core = probe.core()
        assert core.state in (CoreState.RUNNING, CoreState.SLEEPING)
        board = load_board(BOARD)
        assert board.memory.flash_origin <= core.pc < board.memory.flash_origin + board.memory.flash_bytes
        assert board.memory.ram_origin <= core.sp <= board.memory.ram_origin + board.memory.ram_bytes


def test_an_image_that_is_none_or_has_no_room_is_told_and_the_unit_lives_on(unit, tmp_path, image):
    probe = unit.probe(allow_mass_erase=False)
    with pytest.raises(BenchError, match="cannot be read"):
        probe.flash(tmp_path / "none.elf")
    (tmp_path / "text.elf").write_text("no ELF")
    with pytest.raises(BenchError, match="no ELF file"):
        probe.flash(tmp_path / "text.elf")
    elsewhere = tmp_path / "elsewhere.elf"
    content = bytearray(image.read_bytes())
    first_segment = int.from_bytes(content[28:32], "little")
    content[first_segment + 12 : first_segment + 16] = (0x9000_0000).to_bytes(4, "little")  # p_paddr
    elsewhere.write_bytes(content)
    with pytest.raises(BenchError, match=r"QEMU does not (read|write) memory"):
        probe.flash(elsewhere)
    assert probe.flash(image).verified


def test_a_qemu_that_computes_wrongly_is_the_rigs_fault_before_the_first_sample(monkeypatch):
    judge, asked = selftest.judge, []

    def flipped(found, emulator, advice):
        asked.append(found)
        judge(bytes([found[0] ^ 1]) + found[1:], emulator, advice)

    monkeypatch.setattr(selftest, "judge", flipped)
    with pytest.raises(BenchError, match=r"QEMU .* computes SSUB8, SEL wrongly"):
        emulators.start("qemu", load_board(BOARD))
    judge(asked[0], "QEMU", "")  # what it really left is right


# -- how it ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "cfsr", "words"),
    [
        (UNDEFINED, 0x10000, ""),
        (LOAD_FROM_NOTHING, 0x8200, "bus address 0x70000000"),
        (JUMP_TO_NOTHING, 0x100, ""),
    ],
    ids=["undefined", "load", "jump"],
)
def test_a_crash_is_the_products_fault_with_its_report(run, copy, code, cfsr, words):
    replace_start(copy, CONV, code)
    record = run(firmware=copy).record
    assert record.verdict is Verdict.FAIL, record.reasons
    assert record.fault is not None
    assert record.fault.cfsr == cfsr
    assert words in record.reasons[0]
    if code is not JUMP_TO_NOTHING:
        assert CONV in record.reasons[0]


def test_a_core_that_cannot_even_fault_is_the_products_fault_though_qemu_ends(run, copy):
    replace_start(copy, CONV, UNDEFINED)
    replace_start(copy, "fault_entry", UNDEFINED)  # of the hard fault too
    record = run(firmware=copy).record
    assert record.verdict is Verdict.FAIL, record.reasons
    assert "locked up" in record.reasons[0]


def reset_and_ask(probe):
    probe.reset()
    for _ in range(1000):  # whether it has come to its first instruction yet is the host's matter
        probe.core()


def test_a_blank_chip_that_is_reset_has_locked_up(unit):
    with pytest.raises(BenchError):
        reset_and_ask(unit.probe(allow_mass_erase=False))
    assert "locked up" in unit.core_fault
    assert not unit.alive


def qemu_of(unit):
    return unit.running.group


def kill_at(monkeypatch, sample, victim):
    """Kills a process of the unit that is started next when that sample is answered; ``at`` for ``run``."""
    started = []
    start = emulators.start

    def remember(name, board):
        started.append(start(name, board))
        return started[-1]

    monkeypatch.setattr(emulators, "start", remember)

    def at(n):
        if n == sample:
            os.kill(victim(started[0]), signal.SIGKILL)

    return at


@pytest.mark.parametrize(
    ("victim", "words"),
    [(qemu_of, "QEMU has ended"), (lambda unit: unit.running.pid, "killed by signal 9")],
    ids=["qemu", "supervisor"],
)
def test_a_killed_process_is_the_rigs_fault_and_told_as_such(run, monkeypatch, victim, words):
    record = run(60, at=kill_at(monkeypatch, 10, victim)).record
    assert record.verdict is Verdict.ERROR, record.reasons
    assert words in " ".join(record.reasons), record.reasons


def test_a_killed_supervisor_takes_qemu_with_it(unit):
    end = os.pidfd_open(qemu_of(unit))
    os.kill(unit.running.pid, signal.SIGKILL)
    readable, _, _ = select.select([end], [], [], 20.0)
    os.close(end)
    assert readable, "QEMU still runs"
    assert unit.core_fault == ""
    assert not unit.alive


def test_a_reset_in_the_middle_of_a_run_is_survived(run, monkeypatch):
    started = []
    start = emulators.start
    monkeypatch.setattr(emulators, "start", lambda name, board: started.append(start(name, board)) or started[-1])
    reset = threading.Event()

    def at(n):
        if n == 10 and not reset.is_set():
            reset.set()
            started[0].probe(allow_mass_erase=False).reset()

    record = run(None, at=at).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.link.resets == 1
    assert record.measurement("agreement").value == 1.0


def test_a_unit_that_idles_tells_how_long_it_lives_and_a_stopped_one_stands_still(unit):
    def goes_on():
        before_s = unit.own_time_s()
        return any(unit.own_time_s() > before_s or pause.wait(0.02) for _ in range(1000))

    pause = threading.Event()
    assert goes_on()
    os.kill(unit.running.pid, signal.SIGSTOP)
    try:
        while not stopped(unit.running.pid):
            pause.wait(0.01)
        before_s = unit.own_time_s()
        pause.wait(0.3)
        assert unit.own_time_s() == before_s
    finally:
        os.kill(unit.running.pid, signal.SIGCONT)
    assert goes_on()


def stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_two_at_once_do_not_meet(image):
    board = load_board(BOARD)
    with ExitStack() as stack:
        units = []
        for _ in range(2):
            units.append(emulators.start("qemu", board))
            stack.callback(units[-1].close)
        assert len({unit.uid for unit in units}) == len({unit.port for unit in units}) == 2
        first, second = (unit.probe(allow_mass_erase=False) for unit in units)
        first.flash(image)
        first.reset()
        second.flash(image)
        assert second.core().state is CoreState.HALTED
        assert first.core().state in (CoreState.RUNNING, CoreState.SLEEPING)
        units[1].close()
        assert units[0].alive
        assert first.core().state in (CoreState.RUNNING, CoreState.SLEEPING)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_nothing_is_left_of_a_run_that_is_ended(tmp_path, image, ending):
    plan_in(tmp_path, "digits")
    with tempfile.TemporaryDirectory(prefix="hil-") as short:
        (tmp_path / "tmp").mkdir()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "harness.plugin", "-p", "no:cacheprovider", "--board", BOARD,
             "--backend", "qemu", f"--firmware={image}", "--report-dir=out"],
            env=os.environ | {"HIL_RUNTIME_DIR": short, "TMPDIR": str(tmp_path / "tmp")},
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            assert any("stream" in line for line in process.stdout)
            ours = processes_with(short)
            assert any(b"b-l475e-iot01a" in command for command in ours.values())
            ends = [os.pidfd_open(pid) for pid in ours]
            os.kill(process.pid, ending)
            process.communicate(timeout=60)
            for end in ends:
                readable, _, _ = select.select([end], [], [], 20.0)
                os.close(end)
                assert readable, ours
            if ending is not signal.SIGKILL:
                assert list(Path(short).glob("*.sock")) == []
            assert list((tmp_path / "tmp").glob("*")) == []
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def processes_with(runtime):
    """The command lines, by process id, of the processes that use this runtime folder."""
    mark = f"HIL_RUNTIME_DIR={runtime}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked
    return found


def test_a_qemu_that_does_not_come_up_is_told_with_its_last_words(monkeypatch, tmp_path):
    version = '[ "$1" = --version ] && echo "QEMU emulator version 10.0.0" && exit 0'
    monkeypatch.setenv("HIL_QEMU", str(script(tmp_path / "q", f"{version}\necho no such thing\nexit 1")))
    with pytest.raises(BenchError, match="QEMU unit did not come up") as caught:
        emulators.start("qemu", load_board(BOARD))
    assert "no such thing" in str(caught.value)

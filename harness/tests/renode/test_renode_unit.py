"""Real firmware through the whole backend, in each recorded version's ways; and through a real Renode where there is one."""

import dataclasses
import os
import select
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from renode_lab import BOARD, digits_case

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.bench.probes import CoreState
from harness.build.elf import seal
from harness.errors import BenchError
from harness.evidence.reports import markdown
from harness.records import Verdict
from harness.renode import locate, process
from harness.run.options import RunOptions
from harness.run.runner import run_case

# mov.w r0, #0x70000000: where the chip has nothing
_NOWHERE = bytes.fromhex("4ff0e040")
STORE_TO_NOTHING = _NOWHERE + bytes.fromhex("00607047")  # str r0, [r0]; bx lr
JUMP_TO_NOTHING = _NOWHERE + bytes.fromhex("01300047")  # adds r0, #1; bx r0


@pytest.fixture
def copy(image, tmp_path):
    return shutil.copy(image, tmp_path / "changed.elf")


def replace_start(elf, function, code):
    from elftools.elf.elffile import ELFFile

    with elf.open("rb") as file:
        parsed = ELFFile(file)
        (symbol,) = parsed.get_section_by_name(".symtab").get_symbol_by_name(function)
        section = parsed.get_section(symbol["st_shndx"])
        offset = section["sh_offset"] + (symbol["st_value"] & ~1) - section["sh_addr"]
    content = bytearray(elf.read_bytes())
    content[offset : offset + len(code)] = code
    elf.write_bytes(content)
    seal(elf)


@pytest.fixture
def unit(renode):
    renode()
    unit = emulators.start("renode", load_board(BOARD))
    yield unit
    unit.close()


@pytest.fixture(scope="module")
def virtual_outputs(image):
    return run_case(
        digits_case(12), RunOptions(backend="virtual", firmware=image), watch=lambda step: None
    ).samples.outputs


def assert_same_as(record, samples, outputs):
    assert record.verdict is Verdict.PASS, record.reasons
    assert (record.backend, record.evidence) == ("renode", "emulated")
    assert record.unit.probe.startswith("Renode 1.16.1, over pipes, without any listener")
    assert record.firmware.verified
    assert not record.warnings
    assert record.unit.chip_id == record.unit.chip_id_hello != ""
    assert record.measurement("agreement").value == 1.0
    assert record.measurement("instructions.p50").value > 10_000
    assert not [m.name for m in record.measurements if m.name.startswith(("cycles", "latency", "line_use"))]
    assert np.array_equal(samples.outputs, outputs)


def test_the_digits_plan_has_the_same_outputs_as_on_the_virtual_board(renode, run, image, virtual_outputs):
    renode()
    result = run(digits_case(12), image)
    assert_same_as(result.record, result.samples, virtual_outputs)
    assert b"Renode: instructions only" in markdown.render(result.record, result.samples, None)


@pytest.mark.parametrize("version", ["1.13.3", "1.15.3"])
def test_a_version_that_computes_the_kernels_instructions_wrongly_is_refused(renode, run, image, version):
    renode(version)
    record = run(digits_case(4), image).record
    assert record.verdict is Verdict.ERROR
    assert f"Renode {version} computes SSUB8" in record.reasons[0]
    assert "take Renode 1.16" in record.reasons[0]
    assert not record.measurements


def test_what_a_real_renode_would_be_paid_does_not_grow_with_the_bytes(renode, run, image, tmp_path):
    """At a command a byte, as it once was, twelve samples would have been a thousand commands."""
    spent = {}
    for samples in (4, 12):
        ledger = tmp_path / f"ledger-{samples}"
        renode("1.16.1", f"--ledger {ledger}")
        run(digits_case(samples), image)
        lines = [line.partition(" ")[::2] for line in ledger.read_text().splitlines()]
        spent[samples] = [(float(seconds), what) for seconds, what in lines]
    for entries in spent.values():
        commands = [what for seconds, what in entries if seconds == 0.004]
        assert len(commands) <= 11, commands
        assert not [what for what in commands if "WriteChar" in what or "ReadDoubleWord" in what]
        assert sum(seconds for seconds, what in entries if what != "RunFor") < 1.2


@pytest.mark.parametrize("kind", ["steval_stwinkt1", "cy8cproto_062_4343w"])
def test_it_has_them_on_the_other_boards_too(renode, run, images, kind, virtual_outputs):
    renode()
    result = run(digits_case(12, kind), images(kind))
    assert_same_as(result.record, result.samples, virtual_outputs)


@pytest.mark.parametrize("kind", ["nucleo_f446re", "steval_stwinkt1", "cy8cproto_062_4343w"])
def test_the_firmware_touches_nothing_that_the_platform_lacks_and_starts_again_after_a_reset(renode, images, kind):
    renode()
    unit = emulators.start("renode", load_board(kind))
    try:
        probe = unit.probe(allow_mass_erase=False)
        probe.flash(images(kind))
        for _ in range(2):
            probe.reset()
            assert probe.core().state in (CoreState.RUNNING, CoreState.SLEEPING)
        found = unit.findings()
        assert (found.errors, found.warnings) == ((), ())
    finally:
        unit.close()


def test_a_jump_to_nothing_kills_renode_and_is_the_products_fault(renode, run, copy):
    renode()
    replace_start(copy, "hil_nn_conv_s8", JUMP_TO_NOTHING)
    record = run(digits_case(20), copy).record
    assert record.verdict is Verdict.FAIL, record.reasons
    assert "CPU abort [PC=0x70000000]" in record.reasons[0]


def test_a_store_to_nothing_is_the_products_fault_though_every_sample_was_answered(renode, run, copy):
    renode()
    replace_start(copy, "hil_nn_conv_s8", STORE_TO_NOTHING)
    record = run(digits_case(10), copy).record
    assert record.verdict is Verdict.FAIL
    assert "on a chip this firmware would have crashed" in record.reasons[0]
    assert "0x70000000" in record.reasons[0]
    assert "10 of 10 samples" in record.reasons[-1]


def test_it_is_so_too_when_the_stream_broke_off(renode, run, copy):
    renode()
    # Then the firmware waits for ever: what was seen before is the reason, not that it is silent.
    replace_start(copy, "hil_nn_conv_s8", _NOWHERE + bytes.fromhex("0060fee7"))  # str r0, [r0]; b .
    case = digits_case(4)
    hurried = case.plan.model_copy(update={"timeouts": case.plan.timeouts.model_copy(update={"answer_s": 1.0})})
    record = run(dataclasses.replace(case, plan=hurried), copy).record
    assert record.verdict is Verdict.FAIL
    assert "the firmware accessed an address where the chip has nothing" in record.reasons[0]
    assert "0x70000000" in record.reasons[0]


def test_an_image_that_is_there_already_is_compared_and_not_loaded_again(unit, image):
    probe = unit.probe()
    probe.open()
    first, second = probe.flash(image), probe.flash(image)
    assert first.bytes_programmed == first.bytes_total > 10_000
    assert second.bytes_programmed == 0
    assert first.verified
    assert second.verified


def test_the_core_is_held_after_flashing_and_runs_after_a_reset(unit, image):
    probe = unit.probe()
    probe.flash(image)
    assert probe.core().state is CoreState.HALTED
    probe.reset()
    core = probe.core()
    assert core.state in (CoreState.RUNNING, CoreState.SLEEPING)
    assert core.pc is not None


def test_an_image_that_is_not_there_is_told_and_the_unit_lives_on(unit, tmp_path, image):
    with pytest.raises(BenchError, match="cannot be read"):
        unit.probe().flash(tmp_path / "none.elf")
    assert unit.probe().flash(image).verified


def test_it_lives_in_virtual_time_once_it_was_started(unit, image):
    probe = unit.probe()
    probe.flash(image)
    held_s = unit.own_time_s()
    probe.reset()
    for _ in range(5):
        probe.core()  # each lets a millisecond pass
    assert unit.own_time_s() >= held_s + 0.005
    unit.close()
    assert unit.own_time_s() is None


def test_a_killed_supervisor_takes_renode_and_its_folder_with_it(unit):
    end = os.pidfd_open(unit.running.group)
    os.kill(unit.running.pid, signal.SIGKILL)
    unit.running._process.wait()
    assert not unit.alive
    assert unit.core_fault == ""
    folder = Path(unit.running.folder)
    assert folder.is_dir()
    unit.close()
    assert not folder.exists()
    readable, _, _ = select.select([end], [], [], 10.0)
    os.close(end)
    assert readable, "Renode still runs"
    with pytest.raises(BenchError, match="did not answer"):
        unit.probe().reset()


def test_an_ended_unit_leaves_no_folder(unit):
    folder = Path(unit.running.folder)
    assert folder.is_dir()
    unit.close()
    assert not folder.exists()


def test_a_renode_that_dies_is_the_rigs_fault_with_its_last_words(renode, image):
    renode()
    board = load_board(BOARD)
    unit = emulators.start("renode", board)
    try:
        os.killpg(unit.running.group, signal.SIGKILL)
        with pytest.raises(BenchError):
            unit.probe().flash(image)
        unit.running._process.wait()
        assert "Renode has ended" in unit.why_dead
        assert "killed by SIGKILL" in unit.why_dead
        assert unit.core_fault == ""
        assert not Path(unit.running.folder).exists()
    finally:
        unit.close()


def test_one_that_is_killed_in_the_middle_of_a_run_is_told_as_such_and_not_as_a_lost_line(renode, image, monkeypatch):
    renode()
    started = []
    start = process.start
    monkeypatch.setattr(process, "start", lambda facts: started.append(start(facts)) or started[-1])

    def watch(step):
        if step.name == "stream" and step.share and step.share > 0.2 and started:
            os.killpg(started.pop().group, signal.SIGKILL)

    record = run_case(digits_case(40), RunOptions(backend="renode", firmware=image), watch=watch).record
    assert record.verdict is Verdict.ERROR
    assert "the emulated board's process is gone" in record.reasons[0]
    assert "killed by SIGKILL" in record.reasons[0]


_REAL = locate.find()


@pytest.mark.skipif(_REAL is None, reason="no real Renode: set HIL_RENODE or put renode on PATH")
@pytest.mark.parametrize("kind", ["nucleo_f446re", "steval_stwinkt1", "cy8cproto_062_4343w"])
def test_the_digits_plan_passes_in_a_real_renode(run, images, kind, monkeypatch):
    monkeypatch.setenv("HIL_RENODE", str(_REAL))
    case = digits_case(board=kind)
    result = run(case, images(kind))
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    virtual = run_case(case, RunOptions(backend="virtual", firmware=images(kind)), watch=lambda step: None)
    assert np.array_equal(result.samples.outputs, virtual.samples.outputs)

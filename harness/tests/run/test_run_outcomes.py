"""Whose fault was it? The same plan on real virtual units, with one thing wrong at a time."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from run_cases import BOARD, digits_case
from run_images import LOOP, RETURN, UDF, chip_id_at, flip_byte, replace_start

from harness.bench import emulators, own_time
from harness.bench.boards import load_board
from harness.bench.places import Place
from harness.errors import MisuseError, PlanError
from harness.models import metadata
from harness.plans import DatasetSpec, ModelSpec, Timeouts
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.product import build_product
from harness.run.runner import not_run, run_case
from harness.virtual.debug import registry
from harness.virtual.host.control import Control
from harness.virtual.host.hub import link_of

TIMES = ("cycles", "latency", "line_use", "overlap", "samples_per_s")  # what an emulator cannot measure


def only_unit():
    """The one virtual unit that runs now."""
    (entry,) = registry.running()
    return entry.uid


@pytest.fixture
def copy(image, tmp_path):
    return shutil.copy(image, tmp_path / "changed.elf")


def with_short_patience(case):
    """The same case, with a board that counts as silent sooner."""
    return dataclasses.replace(
        case, plan=case.plan.model_copy(update={"timeouts": Timeouts(hello_s=1.0, answer_s=1.0)})
    )


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    yield
    assert registry.running() == []


def test_the_right_firmware_passes_with_every_output_equal_and_every_input_proved(run):
    result = run(60)
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.measurement("agreement").value == 1.0
    assert record.measurement("input_integrity").value == 1.0
    assert record.link.lost == 0
    assert record.firmware.verified
    assert (record.backend, record.evidence) == ("virtual", "emulated")
    assert result.samples.outputs.any()
    assert np.array_equal(result.samples.input_crc, result.samples.sent_crc)


def test_an_emulated_run_never_yields_a_time(run):
    record = run(20).record
    assert not [m.name for m in record.measurements if m.name.startswith(TIMES)]
    assert record.measurement("instructions.p50").value > 10_000
    assert record.link.line_use is None


def test_a_virtual_unit_that_a_bench_file_names_is_no_hardware_evidence():
    with closing(emulators.start("virtual", load_board(BOARD))) as unit:
        options = RunOptions(backend="probe", places=(Place(BOARD, unit.uid, unit.port),), uid=unit.uid)
        record = run_case(digits_case(10), options, watch=lambda step: None).record
    assert (record.backend, record.evidence) == ("probe", "emulated")
    assert not [m.name for m in record.measurements if m.name.startswith(TIMES)]


@pytest.mark.parametrize("evidence", ["emulated", "unknown"])
def test_a_unit_that_was_gone_before_it_was_opened_is_never_hardware_evidence(evidence):
    port = str(link_of("gone-1")) if evidence == "emulated" else "/dev/serial/by-id/gone"
    options = RunOptions(backend="probe", places=(Place(BOARD, "gone-1", port),), uid="gone-1")
    record = run_case(digits_case(10), options, watch=lambda step: None).record
    assert (record.verdict, record.backend, record.evidence) == (Verdict.ERROR, "probe", evidence), record.reasons
    assert (record.unit, record.rig.unit) == (None, "gone-1")
    assert bool(record.caveat) is (evidence == "emulated")
    assert not_run(digits_case(10), options, ("nobody was there",)).record.evidence == evidence


def test_an_image_with_one_flipped_byte_of_the_model_is_refused_and_nothing_is_flashed(run, copy):
    flip_byte(copy, ".hil_model")
    with pytest.raises(MisuseError, match="the image is not what was linked"):
        run(firmware=copy)


def test_the_firmware_of_another_model_is_refused_before_flashing_naming_both(run, tmp_path):
    other = metadata.load_model("mnist_f446_int8")
    product = build_product(other, load_board(BOARD), out=tmp_path / "other.elf")
    with pytest.raises(MisuseError) as caught:
        run(firmware=product.image.elf)
    assert other.sha256 in str(caught.value)
    assert metadata.load_model("digits_cnn_int8").sha256 in str(caught.value)


def test_a_plan_of_another_shape_is_the_authors_mistake_and_nothing_runs(run):
    case = digits_case(20)
    wrong = dataclasses.replace(case, source=ModelSpec(name="mnist_f446_int8"))
    with pytest.raises(PlanError) as caught:
        run(case=wrong)
    assert "int8[1,28,28,1]" in str(caught.value)
    assert "[8, 8, 1]" in str(caught.value)


def test_a_board_unplugged_in_mid_run_is_the_rigs_fault(run):
    record = run(200, at={0.2: lambda: Control(only_unit()).kill()}).record
    assert record.verdict is Verdict.ERROR
    assert "gone" in record.reasons[0]
    assert "of 200 samples had been answered" in record.reasons[-1]


def test_a_corrupted_byte_towards_the_board_is_counted_and_repaired(run):
    def corrupt():
        with Control(only_unit()) as unit:
            unit.corrupt_byte("to_board", after=20)

    record = run(60, at={0.3: corrupt}).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.link.frames_bad >= 1
    assert record.link.resent >= 1


@pytest.mark.parametrize("fault", ["corrupt", "drop", "insert"])
def test_a_damaged_byte_towards_the_host_loses_no_sample(run, fault):
    def damage():
        with Control(only_unit()) as unit:
            if fault == "insert":
                unit.insert_byte("to_host", 0x55, after=10)
            else:
                getattr(unit, f"{fault}_byte")("to_host", after=10)

    record = run(60, at={0.3: damage}).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.link.frames_bad >= 1
    assert record.measurement("agreement").value == 1.0


@pytest.mark.parametrize("cause", ["pin", "watchdog"])
def test_a_reset_in_mid_run_is_survived_and_each_sample_scored_once(run, cause):
    def reset():
        with Control(only_unit()) as unit:
            unit.reset(cause)

    record = run(60, at={0.5: reset}).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.link.resets == 1
    assert record.measurement("agreement").value == 1.0
    assert any("reset" in warning for warning in record.warnings)


def test_a_chip_id_that_cannot_be_read_is_none_and_no_crash(run, copy):
    chip_id_at(copy, 0x6000_0000)  # external memory, of which there is none
    record = run(10, firmware=copy).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert (len(record.unit.chip_id), record.unit.chip_id_hello) == (24, "")
    assert record.link.resets == 0


def test_a_firmware_that_tells_another_chips_id_is_not_taken_for_this_unit(run, copy):
    chip_id_at(copy, 0x0800_0000)  # the vector table
    record = run(10, firmware=copy).record
    assert record.verdict is Verdict.ERROR
    assert record.unit.chip_id in record.reasons[0]
    assert record.unit.chip_id_hello in record.reasons[0]


def test_a_crash_is_the_products_fault_with_its_pc_by_name(run, copy):
    address = replace_start(copy, "hil_nn_conv_s8", UDF)
    record = run(firmware=copy).record
    assert record.verdict is Verdict.FAIL
    assert record.fault.pc == address
    assert "hil_nn_conv_s8" in record.reasons[0]
    assert record.fault.cfsr & 0x1_0000  # UNDEFINSTR
    assert any("run" in name for name in record.fault.symbols[1:])


def test_a_hang_with_the_core_alive_is_the_products_fault_with_its_pc(run, copy):
    replace_start(copy, "hil_nn_conv_s8", LOOP)
    record = run(case=with_short_patience(digits_case(20)), firmware=copy).record
    assert record.verdict is Verdict.FAIL
    assert "silent" in record.reasons[0]
    assert "it runs" in record.reasons[1]
    assert "hil_nn_conv_s8" in record.reasons[1]
    assert any("it had hung" in reason for reason in record.reasons)


def test_wrong_answers_are_the_products_fault(run, copy):
    replace_start(copy, "hil_nn_conv_s8", RETURN)
    record = run(firmware=copy).record
    assert record.verdict is Verdict.FAIL
    assert record.measurement("agreement").value < 1.0
    assert any("agreement" in reason for reason in record.reasons)


def test_a_cut_line_is_the_rigs_fault_because_a_reset_does_not_bring_the_board_back(run):
    def cut():
        with Control(only_unit()) as unit:
            unit.cut_line()

    record = run(case=with_short_patience(digits_case(60)), at={0.3: cut}).record
    assert record.verdict is Verdict.ERROR
    assert "silent" in record.reasons[0]
    assert any("the line is broken" in reason for reason in record.reasons)


def test_a_line_that_is_cut_from_the_start_is_the_rigs_fault_because_the_core_waits_for_bytes(run):
    def cut():
        with Control(only_unit()) as unit:
            unit.cut_line()

    record = run(case=with_short_patience(digits_case(60)), at={("flash", 0.0): cut}).record
    assert record.verdict is Verdict.ERROR, record.reasons
    assert "board_idle" in record.reasons[1]
    assert "line and port are the suspects" in record.reasons[2]


@pytest.mark.parametrize("start", [("flash", 0.0), ("stream", 0.3)], ids=["hello", "stream"])
def test_a_line_that_only_brings_damage_is_the_rigs_fault_because_the_core_waits_for_bytes(run, start):
    def damage():
        with Control(only_unit()) as unit:
            unit.spoil_line("to_host")

    record = run(case=with_short_patience(digits_case(60)), at={start: damage}).record
    assert record.verdict is Verdict.ERROR, record.reasons
    assert "only garbage comes" in record.reasons[0]
    assert "the line, or what is at the port, is the suspect" in record.reasons[2]


# Throws away what has arrived without waiting for it: one that sleeps until there is something only races with our own reader, and
# on a machine that is busy elsewhere loses so often that the run gets through.
THIEF = """
import os, sys, termios
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
print("open", flush=True)
while True:
    termios.tcflush(port, termios.TCIFLUSH)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_process_that_steals_bytes_from_the_port_is_named_and_the_product_is_not_blamed(run):
    thieves = []

    def steal():
        (entry,) = registry.running()
        thieves.append(subprocess.Popen([sys.executable, "-c", THIEF, entry.port], stdout=subprocess.PIPE))
        assert thieves[0].stdout.readline() == b"open\n"

    for _ in range(3):
        try:
            record = run(case=with_short_patience(digits_case(400)), at={0.02: steal}).record
        finally:
            for thief in thieves:
                thief.kill()
                thief.communicate()
        if record.verdict is not Verdict.PASS:
            break
        # Every sample was asked for again until it came: the thief had too little of the processor to be noticed.
        thieves.clear()
    else:
        pytest.skip("the machine is too busy for a second process that reads the port")
    assert record.verdict is Verdict.ERROR, record.reasons
    assert "takes bytes that are ours" in record.reasons[0]
    assert f"(pid {thieves[0].pid})" in record.reasons[0]


def test_a_stopped_board_process_is_the_rigs_fault(run, monkeypatch):
    monkeypatch.setattr(own_time, "STANDSTILL_S", 2.0)
    stopped = []

    def stop():
        (entry,) = registry.running()
        stopped.append(entry.pid)
        os.kill(entry.pid, signal.SIGSTOP)

    try:
        record = run(case=with_short_patience(digits_case(60)), at={0.3: stop}).record
    finally:
        for pid in stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
    assert record.verdict is Verdict.ERROR, record.reasons


def test_an_image_without_identity_is_refused(run, tmp_path):
    empty = tmp_path / "empty.elf"
    empty.write_bytes(b"\x7fELF" + bytes(60))
    with pytest.raises(MisuseError, match=r"empty\.elf"):
        run(firmware=empty)


def test_a_missing_image_is_the_callers_mistake(run, tmp_path):
    with pytest.raises(MisuseError, match="no such firmware image"):
        run(firmware=tmp_path / "nowhere.elf")


def test_more_samples_than_there_are_is_the_authors_mistake(run):
    case = digits_case()
    wrong = dataclasses.replace(case, dataset=DatasetSpec(name="digits", samples=100_000))
    with pytest.raises(PlanError, match="fewer samples"):
        run(case=wrong)


def test_without_the_st_links_clock_the_board_runs_from_its_own_and_the_record_says_so(run):
    def cut(step):
        if step.name == "flash":
            with Control(only_unit()) as control:
                control.cut_clock()

    result = run_case(digits_case(20), RunOptions(backend="virtual"), watch=cut)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    assert (result.record.unit.clock_hz, result.record.unit.clock_source) == (180_000_000, "internal")
    assert result.record.link.baud == 921_600
    assert any("the clock from outside did not start" in warning for warning in result.record.warnings)
    assert run(20).record.unit.clock_source == "external"

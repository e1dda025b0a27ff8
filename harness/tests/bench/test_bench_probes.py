"""A probe when things are not as they should be: on virtual units through pyOCD, and with a worker that misbehaves."""

import sys
from pathlib import Path

import pytest

from harness.bench import emulators
from harness.bench.boards import load_board
from harness.bench.probes import CoreState, pyocd, targets
from harness.bench.probes.pyocd import PyocdProbe
from harness.errors import BenchError
from harness.models import metadata
from harness.run.product import build_product
from harness.virtual.host.control import Control

BOARD = load_board("nucleo_f446re")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    out = tmp_path_factory.mktemp("image") / "digits.elf"
    return build_product(metadata.load_model("digits_cnn_int8"), BOARD, out=out).image.elf


@pytest.fixture(scope="module")
def other_image(tmp_path_factory):
    """Another firmware."""
    out = tmp_path_factory.mktemp("image") / "other.elf"
    return build_product(metadata.load_model("digits_cnn_f32"), BOARD, out=out).image.elf


@pytest.fixture(scope="module")
def unit():
    unit = emulators.start("virtual", BOARD)
    yield unit
    unit.close()


@pytest.fixture
def probe():
    """Open a probe; it is closed whatever happens."""
    opened = []

    def go(uid, debug=BOARD.debug, **options):
        opened.append(PyocdProbe(uid, debug, **options))
        return opened[-1]

    yield go
    for one in opened:
        one.close()


def protect(unit, level):
    with Control(unit.uid) as control:
        control.protect(level)


def test_a_protected_chip_is_reported_and_nothing_is_written(unit, probe, image):
    protect(unit, 0x55)
    tried = probe(unit.uid)
    tried.open()
    with pytest.raises(BenchError, match="protected against being read out; nothing was written") as caught:
        tried.flash(image)
    assert "0x40023c14" in caught.value.where
    assert "--allow-mass-erase" in caught.value.next_step
    protect(unit, 0xAA)
    assert tried.flash(image).bytes_programmed > 0


def test_protection_is_taken_away_only_when_that_is_allowed_and_it_erases_all(unit, probe, image):
    allowed = probe(unit.uid, allow_mass_erase=True)
    allowed.open()
    allowed.flash(image)
    assert allowed.flash(image).bytes_programmed == 0
    protect(unit, 0x55)
    report = allowed.flash(image)
    assert report.recovery == "read-out protection taken away; the whole flash was erased"
    assert report.bytes_programmed == report.bytes_total
    assert report.verified
    assert allowed.flash(image).recovery == ""


def test_permission_to_erase_changes_nothing_for_a_healthy_chip(unit, probe, image):
    allowed = probe(unit.uid, allow_mass_erase=True)
    allowed.open()
    assert allowed.flash(image).recovery == ""


def test_protection_for_ever_is_not_even_tried(probe, image):
    unit = emulators.start("virtual", BOARD)
    try:
        protect(unit, 0xCC)
        allowed = probe(unit.uid, allow_mass_erase=True)
        allowed.open()
        with pytest.raises(BenchError) as caught:
            allowed.flash(image)
        assert "cannot be taken back" in caught.value.next_step
    finally:
        unit.close()


@pytest.mark.parametrize("kind", ["steval_stwinkt1", "nucleo_l476rg"])
@pytest.mark.parametrize(("level", "way_out"), [(0x55, "vendor's programmer"), (0xCC, "use another chip")])
def test_where_the_way_back_is_not_known_protection_is_told_and_stays_whatever_is_allowed(probe, kind, level, way_out):
    board = load_board(kind)
    unit = emulators.start("virtual", board)
    try:
        protect(unit, level)
        allowed = probe(unit.uid, board.debug, allow_mass_erase=True)
        allowed.open()
        with pytest.raises(BenchError, match="protected against being read out; nothing was written") as caught:
            allowed.flash(Path(__file__))
        assert way_out in caught.value.next_step
        assert caught.value.found == hex(level)
    finally:
        unit.close()


def test_a_chip_that_does_not_answer_is_tried_under_reset_and_each_step_is_told(unit, probe):
    nowhere = BOARD.debug.model_copy(update={"chip_id_address": 0x70000000})
    with pytest.raises(BenchError, match="does not answer the probe") as caught:
        probe(unit.uid, nowhere).open()
    first, second = str(caught.value.found).split("; ", 1)
    assert first.startswith("attach: ")
    assert second.startswith("under-reset: ")


def test_firmware_that_takes_the_debug_pins_is_met_under_reset_and_replaced(probe, image, other_image):
    unit = emulators.start("virtual", BOARD)
    try:
        first = probe(unit.uid)
        first.open()
        first.flash(other_image)
        first.reset()
        with Control(unit.uid) as control:
            control.take_debug_pins()
        first.close()
        again = probe(unit.uid)
        again.open()
        assert again.description.endswith("connected under reset")
        report = again.flash(image)
        assert (report.bytes_programmed, report.verified) == (report.bytes_total, True)
        again.reset()
        assert again.core().state in (CoreState.RUNNING, CoreState.SLEEPING)
    finally:
        unit.close()


def test_a_core_that_is_locked_up_is_flashed_and_runs(probe, image):
    unit = emulators.start("virtual", BOARD)  # blank: it locks up at its first fetch
    try:
        with Control(unit.uid) as control:
            assert control.state()["locked_up"]
        opened = probe(unit.uid)
        opened.open()
        assert opened.core().state is CoreState.LOCKUP
        assert opened.flash(image).verified
        opened.reset()
        assert opened.core().state in (CoreState.RUNNING, CoreState.SLEEPING)
    finally:
        unit.close()


def test_a_flash_that_cannot_be_programmed_is_erased_as_a_whole_only_where_that_is_allowed(probe, image):
    unit = emulators.start("virtual", BOARD)
    try:
        with Control(unit.uid) as control:
            control.refuse_programming()
        forbidden, allowed = probe(unit.uid), probe(unit.uid, allow_mass_erase=True)
        forbidden.open()
        with pytest.raises(BenchError, match="the flash cannot be programmed") as caught:
            forbidden.flash(image)
        assert "--allow-mass-erase" in caught.value.next_step
        forbidden.close()
        allowed.open()
        report = allowed.flash(image)
        assert report.recovery.startswith("programmed after a mass erase; before it: ")
        assert (report.bytes_programmed, report.verified) == (report.bytes_total, True)
        assert allowed.flash(image).recovery == ""
    finally:
        unit.close()


@pytest.mark.parametrize("allowed", [False, True])
def test_a_unit_that_vanishes_while_it_is_flashed_is_no_reason_to_erase_or_to_advise_it(probe, image, allowed):
    unit = emulators.start("virtual", BOARD)
    try:
        flashing = probe(unit.uid, allow_mass_erase=allowed)
        flashing.open()
        control = Control(unit.uid)
        with pytest.raises(BenchError, match="went away while the flash was being programmed") as caught:
            flashing.flash(image, lambda share: control.kill())
        assert "erase" not in str(caught.value)
    finally:
        unit.close()


def test_a_probe_that_hangs_in_the_middle_is_killed_with_its_process_and_the_unit_lives_on(probe, image, monkeypatch):
    monkeypatch.setattr(pyocd, "CALL_TIMEOUT_S", 0.5)
    unit = emulators.start("virtual", BOARD)
    try:
        opened = probe(unit.uid)
        opened.open()
        with Control(unit.uid) as control:
            control.hang_probe()
        with pytest.raises(BenchError, match="did not finish `flash` in time; its process was killed"):
            opened.flash(image, timeout_s=0.5)
        assert opened._worker.popen.returncode == -9
        with pytest.raises(BenchError, match="ended during `reset`"):
            opened.reset()
        assert unit.alive, "the unit is no part of what was killed"
    finally:
        unit.close()


def test_another_chip_is_refused_before_anything_is_written(unit, probe):
    other = BOARD.debug.model_copy(update={"chip_id": 0x470})
    with pytest.raises(BenchError, match="not the one that the board carries; nothing was written") as caught:
        probe(unit.uid, other).open()
    assert caught.value.whose == "nobody"  # a board of another kind is as whole as any
    assert (caught.value.expected, caught.value.found) == ("0x470", "0x421")


def test_a_probe_that_is_not_there_is_told_with_those_that_are(unit, probe):
    with pytest.raises(BenchError, match="no probe has the id 066EFF") as caught:
        probe("066EFF").open()
    assert unit.uid in str(caught.value.found)


def test_a_call_that_hangs_is_killed_with_its_process_and_reported(probe, monkeypatch):
    monkeypatch.setattr(pyocd, "OPEN_TIMEOUT_S", 0.3)
    monkeypatch.setattr(pyocd, "CALL_TIMEOUT_S", 0.3)
    stuck = probe("any", worker=[sys.executable, "-c", "import threading; threading.Event().wait()"])
    with pytest.raises(BenchError, match="did not finish `open` in time; its process was killed"):
        stuck.open()
    assert stuck._worker.popen.returncode == -9


def test_a_worker_that_dies_is_reported_with_its_last_words(probe):
    dying = probe("any", worker=[sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit('driver crashed')"])
    with pytest.raises(BenchError, match="ended during `open`") as caught:
        dying.open()
    assert "driver crashed" in caught.value.found


def test_without_a_pack_the_record_says_whose_description_was_used(unit, probe):
    if targets.installed(BOARD.debug.pack_target):
        pytest.skip("a pack for this part is installed here")
    opened = probe(unit.uid)
    opened.open()
    assert "target stm32f446re (hil's own description)" in opened.description
    assert targets.choose("cy8c6xxa", "") == ("cy8c6xxa", "pyOCD's own")


STWIN = load_board("steval_stwinkt1")
EMPTY_FLAG = (STWIN.debug.empty_flag_address, STWIN.debug.empty_flag_mask)


@pytest.fixture
def empty_chip(tmp_path):
    """A unit whose chip looks only at power-on whether its flash is empty, as it is, and an image for it."""
    out = build_product(metadata.load_model("digits_cnn_int8"), STWIN, out=tmp_path / "digits.elf").image.elf
    unit = emulators.start("virtual", STWIN)
    yield unit, out
    unit.close()


def flashed_and_reset(probe, unit, image, empty_flag):
    """Where the core is after a first flashing and a reset."""
    debug = STWIN.debug.model_copy(update={"empty_flag_address": empty_flag[0], "empty_flag_mask": empty_flag[1]})
    one = probe(unit.uid, debug)
    one.open()
    one.flash(image)
    one.reset()
    return one.core().pc


def test_a_chip_that_was_empty_at_power_on_runs_what_was_flashed_without_being_powered_again(probe, empty_chip):
    assert flashed_and_reset(probe, *empty_chip, EMPTY_FLAG) >> 24 == 0x08


def test_left_alone_such_a_chip_boots_its_rom_at_every_reset_and_the_unit_says_so(probe, empty_chip):
    assert flashed_and_reset(probe, *empty_chip, (0, 0)) >> 16 == 0x1FFF
    assert "the chip starts its boot ROM" in " ".join(empty_chip[0].findings().hints)


def test_a_chip_that_does_not_leave_its_rom_is_told_to_be_powered_off_and_on(probe, empty_chip):
    constant = (STWIN.debug.chip_id_address, 0x70)
    with pytest.raises(BenchError, match="goes on booting its ROM") as caught:
        flashed_and_reset(probe, *empty_chip, constant)
    assert "power the board off and on" in caught.value.next_step

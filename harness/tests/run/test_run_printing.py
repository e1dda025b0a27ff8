"""A real firmware that prints, on a virtual board: the text is kept, and no sample suffers from it."""

import re

import pytest
from run_cases import BOARD, MODEL, digits_case

from harness.bench.boards import load_board
from harness.data import load
from harness.errors import MisuseError
from harness.records import Verdict
from harness.run.dut import open_dut
from harness.run.options import RunOptions
from harness.run.outcome import NotPrinted
from harness.run.runner import run_case

INCLUDE = '#include "board.h"'
_STARTED = "    server_start(lost_sample);\n"
_RUN = "void compute_run(uint8_t *input, result *r) {\n"
_START = "void server_start(uint32_t lost_sample) {\n"
PRINTS = (
    # By LOG, as SPEC.md advises: at the start, and from within the main loop for each sample.
    ("src/main.c", _STARTED, _STARTED + '    hil_log("up and running\\n");\n'),
    ("src/main.c", INCLUDE, INCLUDE + '\n#include "log.h"'),
    ("src/compute.c", _RUN, _RUN + '    hil_log("one sample");\n    hil_log(" comes\\n");\n'),
    ("src/compute.c", INCLUDE, INCLUDE + '\n#include "log.h"'),
    # And plainly, a whole line with a delimiter behind it: before the frame of BOOT, and between results.
    (
        "src/server.c",
        _START,
        _START
        + '    board_tx_write((const uint8_t *)"a library says hello\\r\\n", sizeof "a library says hello\\r\\n");\n',
    ),
)


@pytest.fixture(scope="module")
def printing(workshop, tmp_path_factory):
    return workshop(BOARD, MODEL).changed(PRINTS, tmp_path_factory.mktemp("printing") / "fw.elf")


def test_a_plan_keeps_what_is_printed_in_serial_log_and_passes(printing, tmp_path):
    options = RunOptions(backend="virtual", firmware=printing)
    result = run_case(digits_case(60), options, watch=lambda step: None, folder=tmp_path)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    assert (result.record.link.lost, result.record.link.resent) == (0, 0)
    lines = (tmp_path / "serial.log").read_text().splitlines()
    assert all(re.match(r" *\d+\.\d{3} ", line) for line in lines)
    texts = [line[11:] for line in lines]
    assert texts[:2] == ["a library says hello", "up and running"]
    assert texts.count("one sample comes") == 60
    assert result.record.console[-1] == "one sample comes"
    assert len(result.record.console) == 20
    without = RunOptions(backend="virtual", firmware=printing, serial_log=False)
    (tmp_path / "2").mkdir()
    assert run_case(digits_case(10), without, watch=lambda step: None, folder=tmp_path / "2").record.console
    assert not (tmp_path / "2" / "serial.log").exists()


def test_a_test_waits_for_text_over_resets_and_streams(printing):
    options = RunOptions(backend="virtual", firmware=printing)
    with open_dut(load_board(BOARD), options, what="a test") as dut:
        dut.load(MODEL)
        assert dut.expect(r"up and (\w+)\r?\n", timeout_s=5)[1] == "running"
        dut.reset()
        dut.expect("hello.*\n", timeout_s=5)
        dut.expect("up and running", timeout_s=5)
        with pytest.raises(NotPrinted):
            dut.expect("up and running", timeout_s=0.2)
        run = dut.classify(load("digits", samples=20))
        assert (run.accuracy, run.lost) == (1, 0)
        assert list(dut.console).count("one sample comes") == 20


def test_after_its_power_was_off_the_unit_starts_from_nothing_and_answers(printing):
    options = RunOptions(backend="virtual", firmware=printing)
    with open_dut(load_board(BOARD), options, what="a test") as dut:
        dut.load(MODEL)
        dut.expect("up and running")
        dut.power.off()
        with pytest.raises(MisuseError, match="the unit is switched off"):
            dut.classify(load("digits", samples=5))
        dut.power.on()
        dut.expect("up and running", timeout_s=5)
        assert dut.classify(load("digits", samples=20)).accuracy == 1
        dut.power.cycle(off_s=0.1)
        assert dut.classify(load("digits", samples=5)).lost == 0

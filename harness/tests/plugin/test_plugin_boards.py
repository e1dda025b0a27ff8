"""The digits plan on all its boards by one command, as a release is gated."""

import os
import re
import subprocess
import sys

import pytest
from plugin_runs import digits_plan, pytest_in

from harness.evidence import read_record, read_samples
from harness.plans import load
from harness.verdict.units import UnitRun, compare_units

BOARDS = ("nucleo_f446re", "steval_stwinkt1", "cy8cproto_062_4343w")


def compare(*arguments):
    command = [sys.executable, "-m", "harness", "compare", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | {"COLUMNS": "140"},
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The report folder of one run on the three boards, ten samples each."""
    folder = tmp_path_factory.mktemp("boards")
    plan = digits_plan(folder)
    boards = [option for board in BOARDS for option in ("--board", board)]
    done = pytest_in(folder, *boards, plan, "--samples", 10, "--backend", "virtual", "--report-dir", folder / "out")
    # Ten samples are too few for the accuracy gate's interval; what is asked here is that every board ran.
    assert re.search(r"3 (passed|skipped|failed)", done.stdout), done.stdout + done.stderr
    return folder / "out"


def test_the_plan_names_the_three_boards(tmp_path):
    assert load(digits_plan(tmp_path)).boards == BOARDS


def test_each_board_was_flashed_read_back_and_agrees_with_the_reference_on_every_sample(reports):
    records = {record.board: record for record in map(read_record, reports.rglob("record.json"))}
    assert set(records) == set(BOARDS)
    for record in records.values():
        assert record.firmware.verified
        assert record.firmware.flash_s is not None
        assert record.measurement("agreement").value == 1.0
        assert record.link.lost == 0


def test_the_boards_give_identical_outputs_and_the_command_line_says_so(reports):
    runs = [UnitRun(read_record(path.parent), read_samples(path.parent)) for path in reports.rglob("record.json")]
    assert compare_units(runs).n_compared == 10
    done = compare("--units", reports)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 runs give identical outputs on 10 samples" in done.stdout


def test_the_command_line_names_the_odd_one_and_fails(reports, tmp_path):
    import dataclasses
    import shutil

    import numpy as np

    copy = tmp_path / "out"
    shutil.copytree(reports, copy)
    path = next(p for p in copy.rglob("samples.npz") if read_record(p.parent).board == "steval_stwinkt1")
    samples = read_samples(path)
    outputs = samples.outputs.copy()
    outputs[4, 0] ^= 1
    arrays = {k: v for k, v in vars(dataclasses.replace(samples, outputs=outputs)).items() if v is not None}
    np.savez_compressed(path, **arrays)
    done = compare("--units", copy)
    assert done.returncode == 1
    assert re.search(r"ODD steval_stwinkt1", done.stdout)
    assert str(samples.ids[4]) in done.stdout


def test_a_folder_with_one_run_is_refused(reports):
    one = next(reports.rglob("record.json")).parent
    done = compare("--units", one)
    assert done.returncode == 3
    assert "two or more" in done.stderr

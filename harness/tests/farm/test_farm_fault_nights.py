"""Nights on a rack with one unit that is given a fault in mid-case: right verdicts, state and proof, its neighbours untouched.

Each takes minutes: with HIL_FULL=1. The table of the guide's page is always held against them.
"""

import os
import sys
from pathlib import Path

import pytest
from fault_nights import EXPECTED, F446, cases, hold, hold_switched, night

from harness.bench import rackstate
from harness.bench.boards import load_board
from harness.farm import aftercare
from harness.guide import pages
from harness.models import load_model
from harness.run.options import RunOptions
from harness.run.product import build_product
from harness.run.runner import run_case
from harness.testing.rack import VirtualRack

sys.path.append(str(Path(__file__).parents[1] / "run"))  # images that are changed after they were built
from run_images import LOOP, UDF, damage_weight, replace_start

FULL = os.environ.get("HIL_FULL") == "1"
full = pytest.mark.skipif(not FULL, reason="plays a night of minutes; with HIL_FULL=1")


@full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", EXPECTED)
def test_a_fault_ends_in_the_right_state_with_its_proof_and_touches_no_neighbour(name, tmp_path):
    fault = EXPECTED[name]
    seen = night(tmp_path, fault)
    hold(seen, fault)


@full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", [name for name, fault in EXPECTED.items() if fault.switched])
def test_where_the_power_can_be_switched_what_power_mends_works_again(name, tmp_path):
    seen = night(tmp_path, EXPECTED[name], switch=True)
    hold_switched(seen, EXPECTED[name])


WRONG = {
    "answers wrongly": lambda elf: [damage_weight(elf, at) for at in range(0, 4000, 7)],
    "crashes": lambda elf: replace_start(elf, "hil_nn_conv_s8", UDF),
    "hangs": lambda elf: replace_start(elf, "hil_nn_conv_s8", LOOP),
}


@full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("how", WRONG)
def test_a_firmware_that_is_wrong_on_every_unit_quarantines_none(how, tmp_path):
    board = load_board(F446)
    case = cases(tmp_path, board.name)[0]
    wrong = build_product(load_model("digits_cnn_int8"), board, out=tmp_path / "wrong.elf").image.elf
    WRONG[how](wrong)
    with VirtualRack({board.name: 2}, tmp_path / "bench.yaml") as rack:
        for n in range(3):
            for uid in rack.uids:
                options = RunOptions(backend="probe", places=rack.places(), uid=uid, firmware=wrong)
                record = run_case(case, options, watch=lambda step: None).record
                assert record.verdict == "fail", (n, record.reasons)
                assert aftercare.after_case(record, board=board, options=options) == ()
        assert rackstate.moves() == ()


def test_the_page_tells_each_kind_of_fault_as_it_is_played():
    page = pages.source("health")
    for name, fault in EXPECTED.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {name} "))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1:3] == [fault.verdicts, fault.state], name
        assert fault.why in row
        assert cells[3] == (fault.switched or "-"), name

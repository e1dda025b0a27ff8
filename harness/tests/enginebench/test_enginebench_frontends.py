"""The front ends on the emulated Cortex-M4: the bits of NumPy in every stage, and no more instructions than others need."""

import shutil

import numpy as np
import pytest

from harness.data import features
from harness.enginebench.frontends import FrontEndBoard, compiled
from harness.guide import pages
from harness.records import Tensor
from harness.testing import clips

# What an independent C of the same front end takes for a window on this core (field figures at -O3 for micro, -O2 for the others).
MOST = {"micro": 69_000, "lock_mfcc": 74_000, "dscnn_mfcc": 121_000, "imu": 61_000}


# harness/guide/features.md: name, period, instructions of both compilers, flash of both, tables, RAM, stack.
COSTS = {
    cells[0]: list(map(int, cells[2:]))
    for line in pages.source("features").splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 9 and cells[0] in MOST
}


def sound(front_end):
    if front_end.channels > 1:
        return clips.capture()
    return np.concatenate([clips.noise(1600), *clips.loud(1600), clips.sine(1280)])


def played(folder, name, compiler):
    """Every window through the emulated core: its stages against the host's, and the costs in instructions."""
    front_end = features.load(name)
    tensor = Tensor("in", (1, *front_end.input_shape), "float32" if front_end.level_step is None else "int8")
    board = FrontEndBoard(image := compiled(front_end, tensor, folder, compiler=compiler))
    recording, costs, fed = sound(front_end), [], 0
    expected = front_end.stages(recording[None])
    for window in range(front_end.count(len(recording))):
        end = front_end.length_of(window + 1)
        board.feed(recording[fed:end])
        fed = end
        if window % 4 == 1:  # shown, which costs more
            host = {stage: values[0, window] for stage, values in expected.items()}
            assert features.first_difference(host, board.stages(expected)) is None, f"window {window}"
        else:
            costs.append(board.run())
    rows = front_end.encoded(expected["row"][0], tensor)[-front_end.rows :]
    assert board.inputs().reshape(front_end.rows, -1)[-len(rows) :].tobytes() == rows.tobytes()
    return image, costs


@pytest.mark.parametrize("name", MOST)
def test_a_window_has_the_hosts_bits_and_costs_no_more_than_it_may(tmp_path, name):
    image, costs = played(tmp_path, name, "zig")
    most = max(cost.instructions for cost in costs)
    assert most <= MOST[name]
    told, _, flash, _, tables, ram, stack = COSTS[name]
    assert (image.tables_bytes, image.ram_bytes) == (tables, ram)
    # Another release of the compiler may be a little better, or worse.
    assert most == pytest.approx(told, rel=0.05)
    assert image.flash_bytes == pytest.approx(flash, rel=0.05)
    assert max(cost.stack_bytes for cost in costs) <= stack + 64


@pytest.mark.parametrize("name", MOST)
def test_gcc_s_code_has_the_same_bits_at_no_more_cost(tmp_path, name):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    _, costs = played(tmp_path, name, "gcc")
    assert max(cost.instructions for cost in costs) <= MOST[name]

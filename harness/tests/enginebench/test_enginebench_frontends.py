"""The front ends on the emulated Cortex-M4: the bits of NumPy in every stage, and no more instructions than others need."""

import shutil

import numpy as np
import pytest

from harness.data import features
from harness.enginebench.frontends import FrontEndBoard, compiled
from harness.records import Tensor
from harness.testing import clips

# What an independent C of the same front end takes for a window on this core (field figures at -O3 for micro, -O2 for the others).
MOST = {"micro": 69_000, "lock_mfcc": 74_000, "dscnn_mfcc": 121_000, "imu": 61_000}


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
    assert max(cost.instructions for cost in costs) <= MOST[name]
    assert max(cost.stack_bytes for cost in costs) < 512
    assert image.tables_bytes < image.flash_bytes < image.tables_bytes + 8192


@pytest.mark.parametrize("name", MOST)
def test_gcc_s_code_has_the_same_bits_at_no_more_cost(tmp_path, name):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    _, costs = played(tmp_path, name, "gcc")
    assert max(cost.instructions for cost in costs) <= MOST[name]

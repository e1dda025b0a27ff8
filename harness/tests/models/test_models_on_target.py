"""The operators' C built for a Cortex-M4F and run there, emulated: the twin's bits on every layer."""

import os

import numpy as np
import pytest
from op_nets import CASES
from tflite_kit import random_inputs

from harness.enginebench import Board, compiled
from harness.models import load_model
from harness.models.codegen import plan_layout
from harness.models.reference.twin import Twin

FULL = os.environ.get("HIL_FULL") == "1"
SAMPLES = 3
# What hangs on the compiler most: doubles, 64 bits, other widths. Each case compiles all kernels: the rest with HIL_FULL=1.
FEW = ["SIN-float32", "FULLY_CONNECTED-wide-int16", "CONV_2D-hybrid-float32"]


def built(name, folder):
    net = CASES[name](np.random.default_rng(3))
    return net.write(folder / "net.tflite") if len(net.inputs) == 1 else None


def on_board(path, folder, kernels="plain"):
    board = Board(compiled(path, folder, kernels=kernels, compiler="zig"))
    (tensor,) = plan_layout(path).inputs
    inputs = random_inputs(tensor.dtype, tensor.shape[1:], SAMPLES, 5)
    expected = Twin().run_layers(path, inputs)
    for i, sample in enumerate(inputs):
        for index, values in board.run_layers(sample).items():
            assert values.tobytes() == expected[index][i].tobytes(), f"sample {i}, tensor {index}"


@pytest.mark.parametrize("name", CASES if FULL else FEW)
def test_an_operator_on_the_target_gives_the_twin_s_bits(tmp_path, name):
    path = built(name, tmp_path)
    if path is None:
        pytest.skip("the bare program takes one input")
    on_board(path, tmp_path)


def test_a_network_with_a_memory_on_the_target_gives_the_twin_s_bits(tmp_path):
    on_board(load_model("streaming_keyword_int8").path, tmp_path, "fast")

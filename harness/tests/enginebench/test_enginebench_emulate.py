"""The engine on the emulated Cortex-M4F: the instructions that a board will execute, counted and compared."""

import os
import shutil

import numpy as np
import pytest

from harness.enginebench import Board, compiled
from harness.models import load_model, names
from harness.models import reference as references
from harness.models.kernels import KERNEL_SETS
from harness.models.reference.twin import Twin

# 200 samples of every model and set take minutes of emulation: all of them with HIL_FULL=1.
FULL = os.environ.get("HIL_FULL") == "1"
BENCH_F32 = [name for name in names() if name.startswith("bench_") and name.endswith("_f32")]
RECURRENT = [name for name in names() if name.startswith("recurrent_")]
FEW = {"digits_cnn_int8": 12, "mnist_f446_int8": 12, "digits_cnn_f32": 12, "mnist_f446_f32": 6} | dict.fromkeys(
    [*BENCH_F32, *RECURRENT], 2
)
MODELS = dict.fromkeys(names(), 200) if FULL else FEW
# What LiteRT computes with its machine's exp and tanh, and the engine with its own.
NONLINEAR = {"LOGISTIC", "SOFTMAX", "TANH", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
FLOAT_LIMIT = 2.5e-7


def samples(layout, n):
    (tensor,) = layout.inputs
    random = np.random.default_rng(7)
    if tensor.dtype == "int8":
        return random.integers(-128, 128, (n, tensor.elements)).astype(np.int8)
    return random.random((n, tensor.elements), dtype=np.float32)


def inexact(layout):
    """The tensors that an exp or tanh in float32 has a part in."""
    found = set()
    for kernel in layout.kernels:
        result = layout.result(kernel)
        sources = {layout.program.storage[s] for s in kernel.sources if isinstance(s, int)}
        if sources & found or (result.dtype == "float32" and kernel.layer.op in NONLINEAR):
            found.add(result.index)
    return found


@pytest.mark.parametrize("kernels", KERNEL_SETS)
@pytest.mark.parametrize("name", MODELS)
def test_every_layer_on_the_target_equals_the_twin_and_litert_up_to_the_last_float_nonlinearity(
    tmp_path, name, kernels
):
    path = load_model(name).path
    board = Board(image := compiled(path, tmp_path, kernels=kernels, compiler="zig"))
    inputs = samples(image.generated.layout, MODELS[name])
    twin, litert = Twin().run_layers(path, inputs), references.load("litert").run_layers(path, inputs)
    near = inexact(image.generated.layout)
    if name not in RECURRENT:  # the tolerance is for the last layer alone
        assert near <= {image.generated.layout.outputs[0].index}
    for i, sample in enumerate(inputs):
        for tensor, values in board.run_layers(sample).items():
            what = f"sample {i}, tensor {tensor}"
            assert values.tobytes() == twin[tensor][i].tobytes(), f"{what}, against the twin"
            if tensor in near:
                assert np.abs(values - litert[tensor][i]).max() <= FLOAT_LIMIT, f"{what}, against LiteRT"
            else:
                assert values.tobytes() == litert[tensor][i].tobytes(), f"{what}, against LiteRT"


@pytest.mark.parametrize("name", ["mnist_f446_int8", "mnist_f446_f32"])
def test_gcc_s_code_gives_the_same_bits(tmp_path, name):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    path = load_model(name).path
    for kernels in KERNEL_SETS:
        board = Board(image := compiled(path, tmp_path / kernels, kernels=kernels, compiler="gcc"))
        inputs = samples(image.generated.layout, 20)
        expected = Twin().run(path, inputs)
        for sample, outputs in zip(inputs, expected, strict=True):
            board.run(sample)
            assert board.output().tobytes() == outputs.tobytes()


def test_a_run_costs_the_same_instructions_each_time_and_the_fast_set_costs_fewer(tmp_path):
    path = load_model("digits_cnn_int8").path
    costs = {}
    for kernels in KERNEL_SETS:
        board = Board(image := compiled(path, tmp_path / kernels, kernels=kernels, compiler="zig"))
        sample = samples(image.generated.layout, 1)[0]
        costs[kernels] = board.run(sample)
        assert board.run(sample) == costs[kernels]
        assert 100 < costs[kernels].stack_bytes < 2048
    assert costs["fast"].instructions * 2 < costs["plain"].instructions

"""Recurrent layers against LiteRT's BUILTIN_REF: unrolled exports, and the LSTM that is one operator."""

import os

import numpy as np
import pytest
from lstm_nets import CELL, RECURRENT, WEIGHTS, LstmNet
from tflite_kit import bits

from harness.errors import PlanError
from harness.models import load_model, names
from harness.models.codegen import plan_layout
from harness.models.kernels import KERNEL_SETS
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin

FULL = os.environ.get("HIL_FULL") == "1"
SAMPLES = 200
FLOAT_LIMIT = 2.5e-7
SHIPPED = [name for name in names() if name.startswith("recurrent_")]


def inputs_of(layout, n, seed=1, spread=1.0):
    (tensor,) = layout.inputs
    random = np.random.default_rng(seed)
    if tensor.dtype == "int8":
        return random.integers(-128, 128, (n, tensor.elements)).astype(np.int8)
    return random.normal(0, spread, (n, tensor.elements)).astype(np.float32)


def compared(path, n=SAMPLES, seed=1):
    """(kernel, LiteRT's values, the plain kernels') for every layer; the fast kernels' must be the same."""
    layout = plan_layout(path)
    inputs = inputs_of(layout, n, seed)
    expected, found, fast = (
        runner.run_layers(path, inputs) for runner in (LiteRt(), *(Twin(kernels=kernels) for kernels in KERNEL_SETS))
    )
    assert all(np.array_equal(bits(found[tensor]), bits(fast[tensor])) for tensor in found)
    return [(k, expected[layout.result(k).index], found[layout.result(k).index]) for k in layout.kernels]


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.endswith("_int8")])
def test_every_layer_of_an_int8_recurrent_network_equals_litert(name):
    for kernel, expected, found in compared(load_model(name).path):
        assert np.array_equal(expected, found), kernel.name


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.endswith("_f32")])
def test_every_layer_of_a_float_recurrent_network_is_within_the_float_limit_of_litert(name):
    layers = compared(load_model(name).path)
    exact = [np.array_equal(bits(expected), bits(found)) for _, expected, found in layers]
    before = next(
        i for i, (k, _, _) in enumerate(layers) if k.layer.op in ("LOGISTIC", "TANH", "UNIDIRECTIONAL_SEQUENCE_LSTM")
    )
    assert all(exact[:before])
    for kernel, expected, found in layers[before:]:
        assert np.abs(expected - found).max() <= FLOAT_LIMIT, kernel.name


def test_an_export_with_an_open_batch_computes_no_shape_and_fills_no_state():
    ops = {kernel.layer.op for kernel in plan_layout(load_model("recurrent_gru_unrolled_int8").path).kernels}
    assert ops.isdisjoint({"SHAPE", "PACK", "FILL"})


def random_lstm(dtype, seed):
    """Every size, scale of the cell state and clip that LiteRT's kernel knows; some gates saturate, some hardly open."""
    random = np.random.default_rng([seed, dtype == "int8"])
    steps, features = (int(random.integers(1, n)) for n in (9, 12))
    net = LstmNet(dtype, (steps, features), random, float(random.uniform(0.005, 0.1)), int(random.integers(-128, 128)))
    time_major = bool(seed % 4 == 3)
    if time_major:
        net.transpose([1, 0, 2])
    for _ in range(1 + seed % 2):
        gain, clip = float(random.choice([0.3, 1.0, 4.0])), float(random.choice([0.0, 0.0, 0.3, 10.0]))
        net.lstm(int(random.integers(1, 14)), -15 + seed % 7, clip, gain, time_major)
    return net


@pytest.mark.parametrize("seed", range(70 if FULL else 14))
def test_random_int8_lstm_layers_equal_litert(tmp_path, seed):
    for kernel, expected, found in compared(random_lstm("int8", seed).write(tmp_path / "net.tflite"), 60, seed):
        assert len(np.unique(expected)) > 1, "a constant result shows nothing"
        assert np.array_equal(expected, found), kernel.name


@pytest.mark.parametrize("seed", range(14 if FULL else 4))
def test_random_float_lstm_layers_are_near_litert(tmp_path, seed):
    for kernel, expected, found in compared(random_lstm("float32", seed).write(tmp_path / "net.tflite"), 60, seed):
        # Weights of up to four times the usual size: what the two tanh differ by is fed back amplified. 0.93e-6 was seen.
        assert np.abs(expected - found).max() <= 1.5e-6, kernel.name


@pytest.mark.parametrize("name", [name for name in SHIPPED if "sequence" in name])
@pytest.mark.parametrize("runner", [LiteRt(), Twin()], ids=["litert", "twin"])
def test_each_sample_starts_from_zero_state(runner, name):
    path = load_model(name).path
    inputs = inputs_of(plan_layout(path), 6)
    together = runner.run(path, inputs)
    alone = np.concatenate([runner.run(path, inputs[i : i + 1]) for i in range(len(inputs))])
    assert np.array_equal(together, alone)


def without(net, position):
    net.operators[0].inputs[position] = -1


def vector(net, dtype, n=3):
    data = np.ones(n, {"int16": np.int16}.get(dtype, dtype))
    return net.add_tensor("v", (n,), dtype, 0.01, 0, data)


def peephole(net):
    for position in (9, 10, 11):
        net.operators[0].inputs[position] = vector(net, "int16")


def projection(net):
    net.operators[0].inputs[16] = net.add_tensor("p", (3, 3), "int8", 0.01, 0, np.ones((3, 3), np.int8))


def norm(net):
    for position in (20, 21, 22, 23):
        net.operators[0].inputs[position] = vector(net, "int16")


def coupled(net):
    for position in (WEIGHTS[0], RECURRENT[0]):
        without(net, position)


def diagonal(net):
    net.operators[0].inputs[RECURRENT[1]] = vector(net, "int8")


def wide_cell(net):
    net.tensors[net.operators[0].inputs[CELL]].quantization.scale[0] = 2.0**-8


def no_power_of_two(net):
    net.tensors[net.operators[0].inputs[CELL]].quantization.scale[0] = 0.0003


def relu(net):
    net.operators[0].builtinOptions.fusedActivationFunction = 1


def state_from_outside(net):
    net.tensors[net.operators[0].inputs[CELL]].isVariable = False


def huge_bias(net):
    net.buffers[net.tensors[net.operators[0].inputs[12]].buffer].data.view(np.int32)[:] = 2**30


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (peephole, "peephole"),
        (projection, "projection"),
        (norm, "layer normalisation"),
        (coupled, "coupled"),
        (diagonal, "weights"),
        (wide_cell, "cell state"),
        (no_power_of_two, "cell state"),
        (relu, "activation"),
        (state_from_outside, "input 19"),
        (huge_bias, "overflow"),
    ],
)
def test_a_form_that_the_kernel_does_not_know_is_named_with_its_layer(tmp_path, change, named):
    net = LstmNet("int8", (4, 5), np.random.default_rng(0))
    net.lstm(3)
    change(net)
    with pytest.raises(PlanError, match=named) as caught:
        plan_layout(net.write(tmp_path / "net.tflite"))
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in str(caught.value)
    assert "layer 0" in caught.value.where

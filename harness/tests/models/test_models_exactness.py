"""The generated C with both kernel sets, built for the host, against LiteRT: the claim the whole harness rests on."""

import numpy as np
import pytest
from tflite_kit import SAME, VALID, Net, bits, random_inputs
from tflite_ops import RichNet

from harness.models import load_model, reference
from harness.models.codegen import plan_layout
from harness.models.reference.twin import Twin

N = 200
SQUASHING = ("LOGISTIC", "SOFTMAX")


def compared(path, n=N, seed=1):
    """(kernel, LiteRT's values, the twin's values) for every layer, after a check that outputs are the last layers."""
    layout = plan_layout(path)
    inputs = random_inputs(layout.inputs[0].dtype, layout.inputs[0].shape[1:], n, seed)
    litert, twin = reference.load("litert"), reference.load("twin")
    expected, found = litert.run_layers(path, inputs), twin.run_layers(path, inputs)
    for tensor, values in Twin(kernels="fast").run_layers(path, inputs).items():
        assert np.array_equal(bits(values), bits(found[tensor])), f"the fast kernels' tensor {tensor}"
    assert np.array_equal(bits(twin.run(path, inputs)), bits(found[layout.outputs[0].index]))
    assert np.array_equal(bits(litert.run(path, inputs)), bits(expected[layout.outputs[0].index]))
    return [(k, expected[layout.result(k).index], found[layout.result(k).index]) for k in layout.kernels]


@pytest.mark.parametrize("name", ["digits_cnn_int8", "mnist_f446_int8"])
def test_every_int8_layer_equals_litert_on_every_sample(name):
    layers = compared(load_model(name).path)
    assert len(layers) >= 7
    for kernel, expected, found in layers:
        assert np.array_equal(expected, found), kernel.name


@pytest.mark.parametrize("name", ["digits_cnn_f32", "mnist_f446_f32"])
def test_every_float_layer_equals_litert_bit_for_bit_up_to_the_last_nonlinearity(name):
    layers = compared(load_model(name).path)
    assert [k.layer.op in SQUASHING for k, _, _ in layers] == [False] * (len(layers) - 1) + [True]
    for kernel, expected, found in layers[:-1]:
        assert np.array_equal(bits(expected), bits(found)), kernel.name
    _, expected, found = layers[-1]
    assert np.abs(expected - found).max() <= 1e-6


def random_network(dtype: str, seed: int) -> Net:
    random = np.random.default_rng(seed)
    pick = lambda *choices: choices[int(random.integers(len(choices)))]  # noqa: E731
    net = Net(dtype, (int(random.integers(5, 12)), int(random.integers(5, 12)), int(random.integers(1, 6))), random)
    for _ in range(int(random.integers(2, 6))):
        _, h, w, _ = net.shape()
        kernel = int(random.integers(1, min(h, 4) + 1)), int(random.integers(1, min(w, 4) + 1))
        window = {"stride": (pick(1, 2), pick(1, 2)), "padding": pick(SAME, VALID), "activation": pick(0, 1, 2, 3)}
        match pick("conv", "conv", "dilated", "depthwise", "max", "average", "relu", "relu6", "quantize", "logistic"):
            case "conv":
                net.conv(int(random.integers(1, 10)), kernel, **window, per_channel=pick(True, False))
            case "dilated":
                net.conv(3, (2, 2), dilation=(2, 2), padding=SAME, activation=window["activation"])
            case "depthwise":
                net.conv(pick(1, 2), kernel, **window, depthwise=True)
            case "max":
                net.pool("MAX_POOL_2D", kernel, **window)
            case "average":
                net.pool("AVERAGE_POOL_2D", kernel, **window)
            case "relu":
                net.unary("RELU", *((net.scale() * 0.7, -100) if net.quantised else ()))
            case "relu6":
                net.unary("RELU6")
            case "quantize" if net.quantised:
                net.unary("QUANTIZE", net.scale() * 1.3, 7)
            case _:
                net.squashed("LOGISTIC")
    if pick(True, False):
        net.reshape((1, int(np.prod(net.shape()))))
    net.dense(int(random.integers(1, 13)), pick(0, 1), bias=pick(True, False), per_channel=pick(True, False))
    net.squashed(pick("SOFTMAX", "LOGISTIC"))
    return net


@pytest.mark.parametrize("seed", range(6))
def test_random_int8_networks_equal_litert_on_every_layer(tmp_path, seed):
    for kernel, expected, found in compared(random_network("int8", seed).write(tmp_path / "net.tflite"), 40, seed):
        assert np.array_equal(expected, found), kernel.name


@pytest.mark.parametrize("seed", range(4))
def test_random_float_networks_equal_litert_until_exp_comes_in(tmp_path, seed):
    exact = True
    for kernel, expected, found in compared(random_network("float32", seed).write(tmp_path / "net.tflite"), 40, seed):
        exact = exact and kernel.layer.op not in SQUASHING
        if exact:
            assert np.array_equal(bits(expected), bits(found)), kernel.name
        else:
            assert np.allclose(expected, found, rtol=1e-5, atol=2e-6), kernel.name


def test_an_int8_network_with_float_ends_equals_litert(tmp_path):
    net = Net("float32", (6, 6, 2), np.random.default_rng(5))
    net.unary("QUANTIZE", 1 / 255, -128, dtype="int8")
    net.conv(5, activation=1)
    net.dense(4)
    net.unary("DEQUANTIZE", dtype="float32")
    layers = compared(net.write(tmp_path / "net.tflite"))
    assert [k.layer.op for k, _, _ in layers] == ["QUANTIZE", "CONV_2D", "FULLY_CONNECTED", "DEQUANTIZE"]
    for kernel, expected, found in layers:
        assert np.array_equal(bits(expected), bits(found)), kernel.name


def test_a_single_high_activation_saturates_the_softmax_as_in_litert(tmp_path):
    net = Net("int8", (1, 1, 10), np.random.default_rng(0), scale=0.2, zero_point=0)
    net.squashed("SOFTMAX")
    path = net.write(tmp_path / "net.tflite")
    inputs = np.full((11, 1, 1, 10), -128, np.int8)
    for i in range(10):
        inputs[i, 0, 0, i] = 127
    outputs = reference.load("twin").run(path, inputs)
    assert np.array_equal(outputs, reference.load("litert").run(path, inputs))
    assert (outputs[:10].max(axis=1) == 127).all()
    assert (outputs[10] == outputs[10, 0]).all()


@pytest.mark.parametrize("op", ["LOGISTIC", "TANH", "HARD_SWISH", "LEAKY_RELU", "QUANTIZE", "RELU", "RELU6"])
def test_every_input_of_a_tabulated_operator_gives_litert_s_output_also_at_ties(tmp_path, op):
    random = np.random.default_rng(len(op))
    inputs = np.arange(-128, 128).astype(np.int8)[None]
    for power in range(40):
        # Powers of two and their neighbours put many results next to a half.
        scale = float(np.float32(2.0 ** -(power % 13) * random.choice([1, 0.75, 1.25, random.uniform(0.5, 1)])))
        net = RichNet("int8", (256,), random, scale, int(random.integers(-128, 128)))
        match op:
            case "LOGISTIC":
                net.squashed(op)
            case "TANH":
                net.tanh()
            case "LEAKY_RELU":
                net.leaky(0.25)
            case _:
                net.unary(op, *net.quantisation())
        path = net.write(tmp_path / "net.tflite")
        (kernel,) = plan_layout(path).kernels
        expected = reference.load("litert").run(path, inputs)[0]
        assert kernel.constants[0].values.tolist() == expected.tolist(), (power, scale, net.zero_point())

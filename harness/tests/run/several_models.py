"""A small network with two inputs and two outputs, and data for it."""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "models"))
from op_nets import OpNet
from tflite_ops import RichNet

from harness.models.frontends.writer import Writer


def float_model(folder):
    """left [1,6] and right [1,4]; ``scores`` [1,3] of both, ``angle`` [1,2] of the right one. The signature names them."""
    draw, net = np.random.default_rng(3), Writer()
    left, right = net.tensor("left", (1, 6)), net.tensor("right", (1, 4))
    both = net.operator("CONCATENATION", [left, right], (1, 10), "both", "ConcatenationOptions", axis=1)
    scores, angle = _dense(net, draw, both, 10, 3, "scores"), _dense(net, draw, right, 4, 2, "angle")
    path = folder / "several.tflite"
    path.write_bytes(net.content({"left": left, "right": right}, {"scores": scores, "angle": angle}))
    return path


def alike_model(folder):
    """left and right [1,5], taken otherwise by each; ``scores`` [1,3] of both."""
    draw, net = np.random.default_rng(8), Writer()
    left, right = net.tensor("left", (1, 5)), net.tensor("right", (1, 5))
    both = net.operator("CONCATENATION", [left, right], (1, 10), "both", "ConcatenationOptions", axis=1)
    path = folder / "alike.tflite"
    path.write_bytes(net.content({"left": left, "right": right}, {"scores": _dense(net, draw, both, 10, 3, "scores")}))
    return path


def int8_model(path):
    """Inputs ``in`` and ``in1`` [1,6]; the outputs are of different sizes and quantisations: a sum, and a dense layer on it."""
    net = RichNet("int8", (6,), np.random.default_rng(11))
    other = net.second_input((6,))
    total = net.binary("ADD", other)
    return net.write(path, [net.dense(3), total])


def mixed_model(path):
    """Inputs of five types [1,6] and outputs of five [1,...]: each type through a layer that computes in it."""
    net = OpNet("int8", (6,), np.random.default_rng(12))
    small, wide, whole, real = (net.input((1, 6), dtype) for dtype in ("uint8", "int16", "int32", "float32"))
    scores = net.dense(5)
    place = net.arg_max(1)
    net.current = small
    net.op("QUANTIZE", [small], (1, 6), (0.05, -4), "int8", kind="QuantizeOptions")
    bytes_again = net.op("QUANTIZE", [net.current], (1, 6), (0.07, 100), "uint8", kind="QuantizeOptions")
    net.current = wide
    sigmoid = net.op("LOGISTIC", [wide], (1, 6), (2.0**-15, 0))
    net.current = real
    words = net.op("CAST", [whole], (1, 6), kind="CastOptions")
    total = net.op("ADD", [real, words], (1, 6), kind="AddOptions", fusedActivationFunction=0)
    return net.write(path, [scores, place, bytes_again, sigmoid, total])


def _dense(net, draw, source, n, m, name):
    weights = net.constant(f"{name}.w", draw.normal(0, 1, (m, n)).astype(np.float32))
    bias = net.constant(f"{name}.b", draw.normal(0, 1, m).astype(np.float32))
    return net.operator("FULLY_CONNECTED", [source, weights, bias], (1, m), name, "FullyConnectedOptions")


def arrays(n=24):
    draw = np.random.default_rng(5)
    return {
        "x1": draw.normal(0, 1, (n, 6)).astype(np.float32),
        "x2": draw.normal(0, 1, (n, 4)).astype(np.float32),
        "y": draw.integers(0, 3, n),
        "turn": draw.normal(0, 1, (n, 2)).astype(np.float32),
    }

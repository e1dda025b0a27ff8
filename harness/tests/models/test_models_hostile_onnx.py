"""Damaged .onnx files: refused in words, or converted to a network that computes what onnxruntime computes."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from onnx_kit import OnnxNet

pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")

import onnx

from harness.errors import PlanError
from harness.models import reference
from harness.models.codegen import plan_layout
from harness.models.frontends import convert

N_MUTANTS = 3000 if os.environ.get("HIL_FULL") == "1" else 250
CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases" / "onnx"
NUMBERS = (-3, -2, -1, 0, 1, 2, 3, 7, 1 << 20)


def network(path):
    net = OnnxNet([1, 3, 12, 12])
    net.conv(3, 8, pads=[1, 1, 1, 1])
    net.norm(8)
    net.node("Relu")
    net.node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    net.conv(8, 8, group=8, pads=[0, 1, 1, 0])
    net.node("Reshape", net.integers(1, -1))
    net.node("MatMul", net.normal(8 * 5 * 5, 6))
    net.node("Add", net.normal(6))
    net.node("Softmax", axis=1)
    return net.write(path)


def dims(model, draw):
    tensor = draw.choice(model.graph.initializer)
    if tensor.dims:
        tensor.dims[draw.randrange(len(tensor.dims))] = draw.choice(NUMBERS)


def data(model, draw):
    tensor = draw.choice(model.graph.initializer)
    tensor.raw_data = tensor.raw_data[: draw.randrange(len(tensor.raw_data) + 1)]


def values(model, draw):
    tensor = draw.choice([t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT64])
    numbers = onnx.numpy_helper.to_array(tensor).copy()
    numbers[draw.randrange(len(numbers))] = draw.choice(NUMBERS)
    tensor.raw_data = numbers.tobytes()


def attribute(model, draw):
    found = [a for node in model.graph.node for a in node.attribute]
    one = draw.choice(found)
    if one.ints:
        one.ints[draw.randrange(len(one.ints))] = draw.choice(NUMBERS)
    else:
        one.i = draw.choice(NUMBERS)


def fewer_ints(model, draw):
    found = [a for node in model.graph.node for a in node.attribute if a.ints]
    del draw.choice(found).ints[0]


def no_attribute(model, draw):
    node = draw.choice([n for n in model.graph.node if n.attribute])
    del node.attribute[draw.randrange(len(node.attribute))]


def rewired(model, draw):
    node = draw.choice(model.graph.node)
    names = [name for n in model.graph.node for name in (*n.input, *n.output)]
    node.input[draw.randrange(len(node.input))] = draw.choice([*names, "", "nowhere"])


def fewer_inputs(model, draw):
    node = draw.choice(model.graph.node)
    del node.input[draw.randrange(len(node.input))]


def gone(model, draw):
    del model.graph.node[draw.randrange(len(model.graph.node))]


def other(model, draw):
    draw.choice(model.graph.node).op_type = draw.choice(["Relu", "Conv", "Gemm", "Transpose", "Split", "Concat", "Pad"])


def image(model, draw):
    shape = model.graph.input[0].type.tensor_type.shape.dim
    draw.choice(shape).dim_value = draw.choice(NUMBERS)


CHANGES = (
    dims,
    data,
    values,
    attribute,
    attribute,
    fewer_ints,
    no_attribute,
    rewired,
    fewer_inputs,
    gone,
    other,
    image,
)


def mutants(source, folder):
    """(path, .tflite content) of each mutant that was converted; every other one was refused with a PlanError."""
    good = source.read_bytes()
    for seed in range(N_MUTANTS):
        draw = random.Random(seed)
        model = onnx.ModelProto.FromString(good)
        draw.choice(CHANGES)(model, draw)
        del model.graph.value_info[:]  # what the exporter had inferred of the good one
        path = folder / f"m{seed}.onnx"
        path.write_bytes(model.SerializeToString())
        try:
            content = convert(path)
        except PlanError:
            continue
        yield path, content


def test_a_mutant_is_refused_in_words_or_converted_to_what_onnxruntime_computes(tmp_path):
    taken = 0
    for path, content in mutants(network(tmp_path / "net.onnx"), tmp_path):
        made = path.with_suffix(".tflite")
        made.write_bytes(content)
        layout = plan_layout(made)
        given = [np.random.default_rng(1).normal(0, 1, (2, *t.shape[1:])).astype(np.float32) for t in layout.inputs]
        expected = reference.load("onnx").run(path, [np.moveaxis(a, -1, 1).copy() if a.ndim > 2 else a for a in given])
        found = reference.load("litert").run(made, given)
        if len(layout.outputs[0].shape) == 4:  # the channels stand last in the one and first in the other
            found = np.moveaxis(found.reshape(2, *layout.outputs[0].shape[1:]), -1, 1).reshape(2, -1)
        assert np.abs(expected - found).max() <= 2e-5 * max(1.0, np.abs(expected).max()), path.name
        taken += 1
    assert taken > N_MUTANTS // 25


@pytest.mark.skipif(not CASES.is_dir(), reason="no folder of cases beside the checkout")
@pytest.mark.parametrize("case", sorted(CASES.glob("*.onnx")), ids=lambda p: p.stem)
def test_each_file_that_once_ended_in_a_traceback_is_refused(case):
    with pytest.raises(PlanError):
        convert(case)

"""ONNX models against onnxruntime: the converted .tflite, run by LiteRT and by the engine, gives the same numbers."""

import numpy as np
import pytest
from onnx_kit import OnnxNet

pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")

from harness.errors import PlanError
from harness.models import reference
from harness.models.codegen import plan_layout
from harness.models.frontends import convert

N = 4


def moved(array):
    """[N, C, H, W] or [N, C, L] with the channels last."""
    return np.ascontiguousarray(np.moveaxis(array, 1, -1)) if array.ndim > 2 else array


def compared(net, tmp_path, outputs=None, tolerance=2e-6):
    """Converts, runs, compares; returns the operators that the engine runs."""
    source = net.write(tmp_path / "net.onnx", outputs)
    path = tmp_path / "net.tflite"
    path.write_bytes(convert(source))
    random = np.random.default_rng(7)
    inputs = [random.normal(0, 1, (N, *shape[1:])).astype(np.float32) for shape in net.inputs.values()]
    expected = reference.load("onnx").run(source, inputs)
    layout = plan_layout(path)
    shape = layout.outputs[0].shape
    ours = [moved(a) for a in inputs]
    for name in ("litert", "twin"):
        found = reference.load(name).run(path, ours)
        if len(shape) in (3, 4) and outputs is None and net.channels_last:
            found = np.moveaxis(found.reshape(N, *shape[1:]), -1, 1).reshape(N, -1)
        assert np.abs(expected - found).max() <= tolerance * max(1.0, np.abs(expected).max()), name
    return [kernel.layer.op for kernel in layout.kernels]


def make(shape, opset=17, channels_last=False, seed=0):
    net = OnnxNet(shape, opset, seed)
    net.channels_last = channels_last
    return net


@pytest.mark.parametrize("opset", range(7, 24))
def test_a_classifier_of_every_opset_gives_the_same_scores(tmp_path, opset):
    net = make(["batch", 3, 16, 12], opset)
    net.conv(3, 8, pads=[1, 1, 1, 1], bias=False)
    net.norm(8)
    net.node("Relu")
    net.node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    net.conv(8, 8, group=8, pads=[1, 1, 1, 1])
    if opset >= 11:
        net.node("Clip", net.constant(0.0), net.constant(6.0))
    net.conv(8, 12, (1, 1))
    net.node("Flatten")
    net.node("Gemm", net.normal(10, 12 * 8 * 6), net.normal(10), transB=1)
    net.node("Softmax", axis=1)
    assert compared(net, tmp_path) == [
        *("CONV_2D", "MAX_POOL_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "FULLY_CONNECTED", "SOFTMAX")
    ]


def test_a_residual_network_with_strides_pads_as_onnx_does(tmp_path):
    net = make([1, 3, 16, 16])
    net.conv(3, 8, (7, 7), strides=[2, 2], pads=[3, 3, 3, 3])
    net.node("Relu")
    start = net.node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    net.conv(8, 16, strides=[2, 2], pads=[1, 1, 1, 1])
    net.norm(16)
    net.node("Relu")
    main = net.conv(16, 16, pads=[1, 1, 1, 1])
    net.node("Conv", net.normal(16, 8, 1, 1), source=start, strides=[2, 2])
    net.node("Add", main)
    net.node("Relu")
    net.node("GlobalAveragePool")
    net.node("Flatten")
    net.node("MatMul", net.normal(16, 5))
    net.node("Add", net.normal(5))
    ops = compared(net, tmp_path)
    assert ops.count("PAD") == 3  # 7x7 and 3x3 with stride 2 are padded at both ends, which SAME is not
    assert "RELU" not in ops
    assert "TRANSPOSE" not in ops


@pytest.mark.parametrize(
    ("case", "build"),
    {
        "grouped": lambda n: n.conv(4, 6, group=2, pads=[1, 1, 1, 1]),
        "multiplier": lambda n: n.conv(4, 8, group=4, pads=[1, 0, 1, 0]),
        "dilated": lambda n: n.conv(4, 3, dilations=[2, 2], pads=[2, 2, 2, 2]),
        "same upper": lambda n: n.conv(4, 3, strides=[2, 2], auto_pad="SAME_UPPER"),
        "uneven": lambda n: n.conv(4, 3, (2, 3), pads=[1, 2, 0, 1], strides=[2, 1]),
        "transposed": lambda n: n.node("ConvTranspose", n.normal(4, 3, 3, 3), n.normal(3), strides=[2, 2], pads=[1, 1, 1, 1]),
        "transposed more": lambda n: n.node(
            "ConvTranspose", n.normal(4, 3, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]
        ),
        "norm": lambda n: n.norm(4),
        "max padded": lambda n: n.node("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        "max off centre": lambda n: n.node("MaxPool", kernel_shape=[3, 2], pads=[0, 1, 1, 0], strides=[2, 2]),
        "mean counted": lambda n: n.node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
        "mean same": lambda n: n.node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        "global max": lambda n: n.node("GlobalMaxPool"),
        "leaky": lambda n: n.node("LeakyRelu", alpha=0.2),
        "sigmoid": lambda n: n.node("Sigmoid"),
        "tanh": lambda n: n.node("Tanh"),
        "hard swish": lambda n: n.node("HardSwish"),
        "softmax channels": lambda n: n.node("Softmax", axis=1),
        "softmax last": lambda n: n.node("Transpose", source=n.node("Softmax", axis=-1), perm=[0, 1, 2, 3]),
        "channel constant": lambda n: n.node("Mul", n.normal(4, 1, 1)),
        "full constant": lambda n: n.node("Sub", n.normal(1, 4, 6, 5)),
        "divided": lambda n: n.node("Div", n.constant(3.0)),
        "pad": lambda n: n.node("Pad", n.integers(0, 1, 2, 0, 0, 0, 1, 3), n.constant(0.5)),
        "mean spatial": lambda n: n.node("ReduceMean", axes=[2, 3], keepdims=1),
        "mean channels": lambda n: n.node("ReduceMean", axes=[1], keepdims=1),
        "concat": lambda n: n.node("Concat", n.node("Relu"), axis=1),
        **{op.lower(): lambda n, op=op: n.node(op) for op in ("Abs", "Elu", "Exp", "Neg", "Sin", "Cos")},
        "root": lambda n: (n.node("Abs"), n.node("Sqrt")),
        "logarithm": lambda n: (n.node("Exp"), n.node("Log")),
        "max of constant": lambda n: n.node("Max", n.normal(1, 4, 1, 1)),
        "prelu": lambda n: n.node("PRelu", n.normal(4, 1, 1)),
        "max spatial": lambda n: n.node("ReduceMax", axes=[2, 3], keepdims=1),
        "sum channels": lambda n: n.node("ReduceSum", n.integers(1), keepdims=1),
        "nearest": lambda n: n.node("Resize", "", n.constant([1, 1, 2, 3]), mode="nearest",
                                    coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        "linear": lambda n: n.node("Resize", "", "", n.integers(1, 4, 9, 7), mode="linear"),
        "linear corners": lambda n: n.node("Resize", "", "", n.integers(1, 4, 3, 7), mode="linear",
                                           coordinate_transformation_mode="align_corners"),
        "taken": lambda n: n.node("Gather", n.integers(3, 0, -1), axis=2),
        "quantised": lambda n: n.node("DequantizeLinear", *(quantised := (n.constant(0.031), n.constant(-7, np.int8))),
                                      source=n.node("QuantizeLinear", *quantised)),
    }.items(),
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_an_operator_on_images_gives_the_same_numbers(tmp_path, case, build):
    net = make([1, 4, 6, 5], channels_last=True)
    build(net)
    net.node("Mul", net.constant(1.5))
    if case == "softmax last":
        net.channels_last = False
    compared(net, tmp_path)


@pytest.mark.parametrize(
    ("case", "build"),
    {
        "flatten and dense": lambda n: (n.node("Flatten"), n.node("Gemm", n.normal(120, 7), n.normal(7), alpha=0.5)),
        "reshape": lambda n: n.node("Reshape", n.integers(0, -1, 10)),
        "reshape by a shape": lambda n: n.node(
            "Reshape", n.node("Concat", n.node("Slice", n.integers(0), n.integers(1), source=n.node("Shape")),
                              source=n.integers(-1), axis=0), source="x"),
        "to channels last": lambda n: (n.node("Transpose", perm=[0, 2, 3, 1]), n.node("MatMul", n.normal(4, 3))),
        "slice": lambda n: (n.node("Slice", n.integers(1, 0), n.integers(4, 5), n.integers(1, 3), n.integers(2, 2)),
                            n.node("Flatten")),
        "split": lambda n: (n.node("Split", axis=2, outputs=2), n.node("Flatten")),
        "squeeze": lambda n: (n.node("ReduceMean", axes=[2, 3], keepdims=1), n.node("Squeeze", n.integers(2, 3)),
                              n.node("Unsqueeze", n.integers(1)), n.node("Flatten")),
        "mean without": lambda n: n.node("ReduceMean", axes=[2, 3], keepdims=0),
        "dropout": lambda n: (n.node("Flatten"), n.node("Dropout"), n.node("Identity"), n.node("Gemm", n.normal(120, 2))),
        "log softmax": lambda n: (n.node("Flatten"), n.node("LogSoftmax", axis=-1)),
        "product": lambda n: (n.node("Reshape", n.integers(0, 8, 15)), n.node("MatMul", n.node("Transpose", perm=[0, 2, 1]),
                              source=n.node("Abs", source="v0_0")), n.node("Flatten")),
        "relu between": lambda n: (n.node("Flatten"), n.node("Relu"), n.node("Gemm", n.normal(120, 2))),
    }.items(),
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_an_operator_that_leaves_the_image_gives_the_same_numbers(tmp_path, case, build):
    net = make([1, 4, 6, 5])
    build(net)
    compared(net, tmp_path)


def test_a_convolution_over_time_is_an_image_of_height_one(tmp_path):
    net = make(["n", 6, 40])
    net.conv(6, 8, (5,), pads=[2, 2], strides=[2])
    net.norm(8)
    net.node("Relu")
    net.node("MaxPool", kernel_shape=[2], strides=[2])
    net.conv(8, 4, (3,))
    net.node("GlobalAveragePool")
    net.node("Flatten")
    net.node("Gemm", net.normal(4, 3))
    ops = compared(net, tmp_path)
    assert ops == ["PAD", "CONV_2D", "MAX_POOL_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED"]


def test_several_inputs_and_outputs_keep_their_order(tmp_path):
    net = make([1, 3, 4, 4])
    net.inputs["y"] = [1, 3, 4, 4]
    net.node("Add", "y")
    net.conv(3, 2)
    net.node("Flatten")
    first = net.node("Gemm", net.normal(8, 3))
    second = net.node("Softmax", axis=-1)
    compared(net, tmp_path, [second, first])


def test_a_relu_does_not_reach_other_readers_through_a_change_of_names(tmp_path):
    net = make([1, 4, 4, 3])
    start = net.node("Add", net.normal(1, 4, 4, 3))
    net.node("Transpose", perm=[0, 2, 3, 1])
    net.node("Relu")
    other = net.node("Flatten")
    first = net.node("Flatten", source=start)
    compared(net, tmp_path, [first, other])


def test_the_same_model_gives_the_same_bytes(tmp_path):
    net = make([1, 3, 4, 4])
    net.conv(3, 2)
    source = net.write(tmp_path / "net.onnx")
    assert convert(source) == convert(source)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda n: n.node("Erf"), "no operator Erf"),
        (lambda n: n.node("Clip", n.constant(-3.0), n.constant(2.0)), "bounds"),
        (lambda n: n.node("Pad", n.integers(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect"), "mode"),
        (lambda n: n.node("Resize", "", n.constant([1, 1, 2, 2]), mode="cubic"), "mode"),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_node(tmp_path, build, words):
    net = make([1, 4, 4, 4])
    net.node("Relu")
    build(net)
    with pytest.raises(PlanError, match=words) as caught:
        convert(net.write(tmp_path / "net.onnx"))
    assert "node" in str(caught.value.where)


def test_a_file_of_another_opset_or_kind_is_refused(tmp_path):
    net = make([1, 4], opset=6)
    net.node("Relu")
    with pytest.raises(PlanError, match="opset"):
        convert(net.write(tmp_path / "net.onnx"))
    (tmp_path / "bad.onnx").write_bytes(b"no model at all")
    with pytest.raises(PlanError, match="damaged"):
        convert(tmp_path / "bad.onnx")


def test_an_imported_network_is_quantised_and_every_layer_equals_litert(tmp_path):
    pytest.importorskip("ai_edge_quantizer", reason="the extra [quantize] is not installed")
    from harness.models.frontends.quantize import quantize

    net = make(["batch", 3, 16, 16])
    net.conv(3, 8, pads=[1, 1, 1, 1])
    net.norm(8)
    start = net.node("Relu")
    net.conv(8, 8, pads=[1, 1, 1, 1])
    net.node("Add", start)
    net.node("HardSwish")
    net.conv(8, 8, group=4, pads=[1, 1, 1, 1])
    net.node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    net.node("GlobalAveragePool")
    net.node("Flatten")
    net.node("Gemm", net.normal(10, 8), net.normal(10), transB=1)
    net.node("Softmax", axis=1)
    path = tmp_path / "float.tflite"
    path.write_bytes(convert(net.write(tmp_path / "net.onnx")))
    samples = np.random.default_rng(0).normal(0, 1, (20, 16, 16, 3)).astype(np.float32)
    int8 = tmp_path / "int8.tflite"
    int8.write_bytes(quantize(path, samples))
    raw = np.random.default_rng(1).integers(-128, 128, (60, 16, 16, 3)).astype(np.int8)
    expected = reference.load("litert").run_layers(int8, raw)
    found = reference.load("twin").run_layers(int8, raw)
    assert len(found) >= 9
    assert all(np.array_equal(expected[tensor], values) for tensor, values in found.items())

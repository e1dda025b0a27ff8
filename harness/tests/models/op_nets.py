"""A network for each operator and type of the list: ``CASES`` by name, each made from a seed. Most are of one layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tflite_ops import RichNet

CASES: dict[str, Callable[[np.random.Generator], OpNet]] = {}


class OpNet(RichNet):
    """As RichNet, with any operator by its name and any type."""

    def op(self, name, inputs, shape, q=(), dtype=None, kind="NONE", **options):
        """One operator; ``kind`` names its options, which the rest fill in. ``shape`` may be a list for several outputs."""
        given = None
        if kind != "NONE":
            given = getattr(schema, f"{kind}T")()
            for key, value in options.items():
                setattr(given, key, value)
        shapes = shape if isinstance(shape, list) else [shape]
        targets = [self.result(one, q, dtype) for one in shapes]
        self.add_operator(name, inputs, targets, given, kind)
        return targets if isinstance(shape, list) else targets[0]

    def result(self, shape, q=(), dtype=None):
        dtype = dtype or self.tensor_dtype()
        if dtype in ("float32", "int32", "bool"):
            return self.add_tensor(f"t{len(self.tensors)}", shape, dtype)
        return self.add_tensor(f"t{len(self.tensors)}", shape, dtype, *(q or (self.scale(), self.zero_point())))

    def tensor_dtype(self):
        names = {0: "float32", 2: "int32", 3: "uint8", 6: "bool", 7: "int16", 9: "int8"}
        return names[self.tensors[self.current].type]

    def input(self, shape, dtype=None, q=None):
        dtype = dtype or self.dtype
        q = q or ((0.04, 5) if dtype in ("int8", "uint8") else (0.001, 0) if dtype == "int16" else ())
        self.inputs.append(self.add_tensor(f"in{len(self.inputs)}", shape, dtype, *q))
        return self.inputs[-1]

    def ints(self, *values):
        return self.add_tensor("n", (len(values),), "int32", data=np.array(values, np.int32))

    def scalar(self, value):
        return self.add_tensor("n", (), "int32", data=np.array(value, np.int32))

    def any_scale(self):
        """Output quantisation of its own, for types that have one."""
        dtype = self.tensor_dtype()
        if dtype == "int16":
            return float(self.scale() * self.random.uniform(0.6, 1.8)), 0
        return self.quantisation() if dtype in ("int8", "uint8") else ()


def case(name, *dtypes):
    """Registers ``name-dtype`` for each of the types."""

    def register(build):
        for dtype in dtypes:
            CASES[f"{name}-{dtype}"] = lambda random, dtype=dtype: build(dtype, random)
        return build

    return register


def start(dtype, random, *shape, scale=None, zero=None):
    """A network on one input [1, *shape]."""
    default = {"int8": (0.03, -3), "uint8": (0.03, 120), "int16": (0.0007, 0)}.get(dtype, (None, 0))
    scale = default[0] if scale is None else scale
    zero = default[1] if zero is None else zero
    return OpNet(dtype, shape, random, scale, zero)


def one_value(name, *dtypes, kind="NONE", label=None, **options):
    @case(label or name, *dtypes)
    def build(dtype, random):
        positive = name in ("SQRT", "RSQRT", "LOG") and dtype == "int8"
        net = start(dtype, random, 5, 7, zero=-128 if positive else None)
        net.op(name, [net.current], net.shape(), net.any_scale(), kind=kind, **options)
        return net


for op in ("ABS", "NEG", "EXP", "LOG", "SQRT", "RSQRT", "ELU"):
    one_value(op, "float32", "int8")
for op in ("SQUARE", "SIN", "COS", "FLOOR", "CEIL", "ROUND", "RELU_0_TO_1"):
    one_value(op, "float32")
one_value("GELU", "float32", "int8", kind="GeluOptions", approximate=False)
one_value("GELU", "float32", "int8", kind="GeluOptions", label="GELU-approximate", approximate=True)


def two_values(name, *dtypes, kind="NONE", result=None, **options):
    @case(name, *dtypes)
    def build(dtype, random):
        net = start(dtype, random, 3, 4, 5)
        first = net.current
        other = net.input((1, 3, 1, 5))
        net.op(name, [first, other], net.shape(), net.any_scale(), dtype=result, kind=kind, **options)
        return net


for op in ("MAXIMUM", "MINIMUM"):
    two_values(op, "float32", "int8", "int16", "int32", kind="MaximumMinimumOptions")
for op in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
    kind = "".join(word.capitalize() for word in op.split("_")) + "Options"

    @case(op, "float32", "int8", "int32", *(["int16"] if op in ("LESS", "GREATER_EQUAL", "EQUAL") else []))
    def compared(dtype, random, op=op, kind=kind):
        net = start(dtype, random, 4, 5)
        first = net.current
        other = net.input((1, 4, 5))
        where = net.op(op, [first, other], net.shape(), dtype="bool", kind=kind)
        net.current = first
        third = net.result(net.shape())  # bools stay inside: what they choose comes out
        net.tensors.pop(third)
        a, b = (first, first) if dtype != "float32" else (first, other)
        net.op(
            "SELECT_V2",
            [where, a, net.values((1, 4, 5)) if dtype == "float32" else b],
            net.shape(),
            kind="SelectV2Options",
        )
        return net


two_values("DIV", "float32", kind="DivOptions", fusedActivationFunction=0)
two_values("SQUARED_DIFFERENCE", "float32", "int8", kind="SquaredDifferenceOptions")
for op in ("ADD", "SUB", "MUL"):
    two_values(op, "int32", kind=f"{op.capitalize()}Options", fusedActivationFunction=0)


@case("FLOOR_DIV", "int32")
def floor_div(dtype, random):
    net = start(dtype, random, 3, 4)
    net.op(
        "FLOOR_DIV",
        [net.current, net.add_tensor("c", (4,), "int32", data=np.array([3, -2, 7, -5], np.int32))],
        net.shape(),
    )
    net.operators[-1].builtinOptionsType, net.operators[-1].builtinOptions = (
        schema.BuiltinOptions.FloorDivOptions,
        schema.FloorDivOptionsT(),
    )
    return net


@case("FLOOR_MOD", "int32")
def floor_mod(dtype, random):
    net = start(dtype, random, 3, 4)
    divisors = net.add_tensor("c", (4,), "int32", data=np.array([3, -2, 7, -5], np.int32))
    net.op("FLOOR_MOD", [net.current, divisors], net.shape(), kind="FloorModOptions")
    return net


@case("LOGICAL", "int8", "float32")
def logical(dtype, random):
    """AND, OR and NOT between comparisons."""
    net = start(dtype, random, 4, 6)
    first, shape = net.current, net.shape()
    other = net.input(shape)
    less = net.op("LESS", [first, other], shape, dtype="bool", kind="LessOptions")
    more = net.op("GREATER", [first, net.values((6,))], shape, dtype="bool", kind="GreaterOptions")
    both = net.op("LOGICAL_AND", [less, more], shape, dtype="bool", kind="LogicalAndOptions")
    neither = net.op("LOGICAL_NOT", [more], shape, dtype="bool", kind="LogicalNotOptions")
    some = net.op("LOGICAL_OR", [both, neither], shape, dtype="bool", kind="LogicalOrOptions")
    net.current = first
    net.op("SELECT", [some, first, first], shape, kind="SelectOptions")
    net.operators[-1].inputs[2] = same_scale(net, first, shape)
    return net


def same_scale(net, like, shape):
    """A constant of another tensor's type and scale."""
    now, net.current = net.current, like
    dtype, scale, zero = net.tensor_dtype(), *((net.scale(), net.zero_point()) if net.quantised else (None, 0))
    net.current = now
    if dtype == "float32":
        return net.add_tensor("c", shape, dtype, data=net.random.normal(0, 1, shape).astype(np.float32))
    data = net.random.integers(-50, 50, shape).astype(dtype)
    return net.add_tensor("c", shape, dtype, scale, zero, data)


def reduction(name, *dtypes, axes=(1, 3), label=None, keep=False):
    @case(label or name, *dtypes)
    def build(dtype, random):
        net = start(dtype, random, 3, 4, 5)
        shape = [1 if i in axes else e for i, e in enumerate(net.shape()) if keep or i not in axes]
        q = net.any_scale() if name in ("MEAN", "REDUCE_PROD") else ()
        net.op(name, [net.current, net.ints(*axes)], tuple(shape), q, kind="ReducerOptions", keepDims=keep)
        return net


for op in ("REDUCE_MAX", "REDUCE_MIN"):
    reduction(op, "float32", "int8", "int16", "int32")
    reduction(op, "float32", "int8", axes=(2,), label=f"{op}-kept", keep=True)
for op in ("SUM", "REDUCE_PROD"):
    reduction(op, "float32", "int32")
reduction("REDUCE_PROD", "int8", "int16", axes=(2, 3))
reduction("SUM", "float32", axes=(1, 2, 3), label="SUM-all")
reduction("MEAN", "int16")


@case("REDUCE_ANY", "float32")
def any_and_all(dtype, random):
    net = start(dtype, random, 6, 3)
    first = net.current
    less = net.op("LESS", [first, net.values((3,))], net.shape(), dtype="bool", kind="LessOptions")
    some = net.op("REDUCE_ANY", [less, net.ints(2)], (1, 6, 1), dtype="bool", kind="ReducerOptions", keepDims=True)
    every = net.op("REDUCE_ALL", [less, net.ints(2)], (1, 6, 1), dtype="bool", kind="ReducerOptions", keepDims=True)
    both = net.op("NOT_EQUAL", [some, every], (1, 6, 1), dtype="bool", kind="NotEqualOptions")
    net.op("SELECT_V2", [both, first, net.values((1, 6, 3))], (1, 6, 3), dtype="float32", kind="SelectV2Options")
    return net


@case("QUANTIZE-ends", "uint8", "int16")
def converted(dtype, random):
    """From bytes or halfwords at the door to int8 inside and back."""
    net = start(dtype, random, 6, 6, 2)
    source = net.current
    net.current = source
    net.op(
        "QUANTIZE", [source], net.shape(), (0.03, -8) if dtype == "uint8" else (0.2, 3), "int8", kind="QuantizeOptions"
    )
    net.dtype = "int8"
    net.conv(4)
    net.op(
        "QUANTIZE",
        [net.current],
        net.shape(),
        (0.07, 20) if dtype == "uint8" else (0.003, 0),
        dtype,
        kind="QuantizeOptions",
    )
    return net


@case("QUANTIZE-float", "uint8", "int16", "int8")
def through_float(dtype, random):
    net = start(dtype, random, 7, 5)
    net.op("DEQUANTIZE", [net.current], net.shape(), dtype="float32", kind="DequantizeOptions")
    q = {"uint8": (0.05, 100), "int16": (0.001, 0), "int8": (0.05, -9)}[dtype]
    net.op("QUANTIZE", [net.current], net.shape(), q, dtype, kind="QuantizeOptions")
    return net


@case("QUANTIZE-same", "uint8")
def flipped(dtype, random):
    """The form that converters give: the same scale, the zero point moved by 128."""
    net = start(dtype, random, 40)
    net.op("QUANTIZE", [net.current], net.shape(), (0.03, -8), "int8", kind="QuantizeOptions")
    net.op("QUANTIZE", [net.current], net.shape(), (0.03, 120), "uint8", kind="QuantizeOptions")
    return net


ANY = ("float32", "int8", "int16", "int32")


@case("MIRROR_PAD", *ANY)
def mirror_pad(dtype, random):
    net = start(dtype, random, 4, 5, 3)
    for mode in (0, 1):
        pads = random.integers(0, 3, (4, 2)) * np.array([[0], [1], [1], [0]])
        rows = net.add_tensor("p", (4, 2), "int32", data=pads.astype(np.int32))
        shape = tuple(int(n) for n in np.array(net.shape()) + pads.sum(axis=1))
        net.op("MIRROR_PAD", [net.current, rows], shape, kind="MirrorPadOptions", mode=mode)
    return net


@case("TILE", *ANY)
def tile(dtype, random):
    net = start(dtype, random, 3, 2, 4)
    times = [1, *(int(random.integers(1, 4)) for _ in range(3))]
    net.op(
        "TILE",
        [net.current, net.ints(*times)],
        tuple(e * n for e, n in zip(net.shape(), times, strict=True)),
        kind="TileOptions",
    )
    return net


@case("GATHER", *ANY)
def gather(dtype, random):
    net = start(dtype, random, 5, 4, 3)
    net.op("GATHER", [net.current, net.ints(3, 0, 0, 2, 1, 3)], (1, 5, 6, 3), kind="GatherOptions", axis=2)
    return net


@case("GATHER-batched", *ANY)
def gather_by_batch(dtype, random):
    """Other places for each row: constant, then computed at run time."""
    net = start(dtype, random, 3, 4, 5)
    table = net.current
    places = net.add_tensor("i", (1, 3, 2), "int32", data=random.integers(0, 4, (1, 3, 2)).astype(np.int32))
    net.op("GATHER", [table, places], (1, 3, 2, 5), kind="GatherOptions", axis=2, batchDims=2)
    few, kind = net.current, "MaximumMinimumOptions"
    net.op("MAXIMUM", [net.input((1, 3, 2), "int32"), net.ints(0)], (1, 3, 2), dtype="int32", kind=kind)
    at = net.op("MINIMUM", [net.current, net.ints(1)], (1, 3, 2), dtype="int32", kind=kind)
    net.current = few
    net.op("GATHER", [few, at], (1, 3, 2, 5), kind="GatherOptions", axis=2, batchDims=2)
    return net


@case("DYNAMIC_UPDATE_SLICE", *ANY)
def updates(dtype, random):
    """A place from the input, beyond both ends too; a constant one in five axes; an update of the whole."""
    net = start(dtype, random, 4, 5, 3)
    whole, q = net.current, (net.scale(), net.zero_point()) if dtype in ("int8", "int16") else ()
    part, at = net.input((1, 2, 3, 3), q=q), net.input((1, 4), "int32")
    kind = "DynamicUpdateSliceOptions"
    at = net.op("RESHAPE", [at, net.ints(4)], (4,), dtype="int32", kind="ReshapeOptions")
    net.current = whole
    net.op("DYNAMIC_UPDATE_SLICE", [whole, part, at], (1, 4, 5, 3), kind=kind)
    first = net.op("RESHAPE", [net.current, net.ints(1, 1, 4, 5, 3)], (1, 1, 4, 5, 3), kind="ReshapeOptions")
    row = net.op("RESHAPE", [part, net.ints(1, 1, 2, 3, 3)], (1, 1, 2, 3, 3), kind="ReshapeOptions")
    net.op("DYNAMIC_UPDATE_SLICE", [first, row, net.ints(0, 0, 9, 1, 0)], (1, 1, 4, 5, 3), kind=kind)
    return net


@case("GATHER-embedding", "float32", "int8")
def embedding(dtype, random):
    """Words at the door: int32 indices, held within the table, then a dense layer."""
    net = start("int32", random, 6)
    net.op("MAXIMUM", [net.current, net.ints(0)], (1, 6), kind="MaximumMinimumOptions")
    words = net.op("MINIMUM", [net.current, net.ints(6)], (1, 6), kind="MaximumMinimumOptions")
    net.dtype = dtype
    table = net.values((7, 4))
    net.current = table
    net.op("GATHER", [table, words], (1, 6, 4), kind="GatherOptions", axis=0)
    net.dense(3)
    return net


@case("EMBEDDING_LOOKUP", "float32")
def looked_up(dtype, random):
    net = start("int32", random, 6)
    net.op("MAXIMUM", [net.current, net.ints(0)], (1, 6), kind="MaximumMinimumOptions")
    net.op("MINIMUM", [net.current, net.ints(6)], (1, 6), kind="MaximumMinimumOptions")
    words = net.op("RESHAPE", [net.current, net.ints(6)], (6,), kind="ReshapeOptions", newShape=[6])
    net.dtype = dtype
    net.current = table = net.values((7, 4))
    net.op("EMBEDDING_LOOKUP", [words, table], (6, 4))
    return net


@case("GATHER_ND", "float32", "int8")
def gather_nd(dtype, random):
    net = start(dtype, random, 5, 4, 3)
    where = net.add_tensor("i", (3, 2), "int32", data=np.array([[0, 4], [0, 0], [0, 2]], np.int32))
    net.op("GATHER_ND", [net.current, where], (3, 4, 3), kind="GatherNdOptions")
    return net


@case("REVERSE_V2", *ANY)
def reverse(dtype, random):
    net = start(dtype, random, 3, 4, 5)
    net.op("REVERSE_V2", [net.current, net.ints(int(random.integers(1, 4)))], net.shape(), kind="ReverseV2Options")
    return net


@case("BROADCAST_TO", *ANY)
def broadcast_to(dtype, random):
    net = start(dtype, random, 3, 1, 4)
    net.op("BROADCAST_TO", [net.current, net.ints(2, 3, 5, 4)], (2, 3, 5, 4), kind="BroadcastToOptions")
    return net


@case("SPACE_TO_DEPTH", "float32", "int8", "int32")
def space_to_depth(dtype, random):
    net = start(dtype, random, 4, 6, 3)
    net.op("SPACE_TO_DEPTH", [net.current], (1, 2, 3, 12), kind="SpaceToDepthOptions", blockSize=2)
    return net


@case("DEPTH_TO_SPACE", "float32", "int8", "int32")
def depth_to_space(dtype, random):
    net = start(dtype, random, 2, 3, 18)
    net.op("DEPTH_TO_SPACE", [net.current], (1, 6, 9, 2), kind="DepthToSpaceOptions", blockSize=3)
    return net


@case("SPACE_TO_BATCH_ND", "float32", "int8", "int16")
def batches(dtype, random):
    """There and back, padded and cropped differently."""
    net = start(dtype, random, 5, 6, 3)
    pads = net.add_tensor("p", (2, 2), "int32", data=np.array([[1, 0], [1, 2]], np.int32))
    crops = net.add_tensor("p", (2, 2), "int32", data=np.array([[0, 1], [2, 1]], np.int32))
    net.op("SPACE_TO_BATCH_ND", [net.current, net.ints(2, 3), pads], (6, 3, 3, 3), kind="SpaceToBatchNDOptions")
    net.op("BATCH_TO_SPACE_ND", [net.current, net.ints(2, 3), crops], (1, 5, 6, 3), kind="BatchToSpaceNDOptions")
    return net


def resizing(name, *dtypes, kind):
    for label, corners, centres in (("", False, False), ("-corners", True, False), ("-centres", False, True)):

        @case(name + label, *dtypes)
        def build(dtype, random, corners=corners, centres=centres):
            net = start(dtype, random, 4, 5, 3)
            for h, w in ((7, 11), (3, 4), (9, 1)):
                options = {"alignCorners": corners, "halfPixelCenters": centres}
                net.op(name, [net.current, net.ints(h, w)], (1, h, w, 3), kind=kind, **options)
            return net


resizing("RESIZE_NEAREST_NEIGHBOR", "float32", "int8", "int16", kind="ResizeNearestNeighborOptions")
resizing("RESIZE_BILINEAR", "float32", "int8", kind="ResizeBilinearOptions")


@case("CAST", "float32", "int8", "int32", "uint8", "int16")
def cast(dtype, random):
    net = start(dtype, random, 9)
    for to in ("int32", "float32", "int32", "bool", "float32"):
        net.op("CAST", [net.current], net.shape(), dtype=to, kind="CastOptions")
    third = net.current
    net.op("CAST", [net.inputs[0]], net.shape(), dtype="float32", kind="CastOptions")
    net.op("ADD", [net.current, third], net.shape(), dtype="float32", kind="AddOptions", fusedActivationFunction=0)
    return net


@case("L2_NORMALIZATION", "float32", "int8")
def l2_normalization(dtype, random):
    net = start(dtype, random, 4, 7)
    q = (1 / 128, 0) if dtype == "int8" else ()
    net.op("L2_NORMALIZATION", [net.current], net.shape(), q, kind="L2NormOptions", fusedActivationFunction=0)
    return net


@case("LOG_SOFTMAX", "float32", "int8")
def log_softmax(dtype, random):
    net = start(dtype, random, 40, 7, scale=float(random.choice([0.003, 0.03, 0.3, 3.0])))
    net.op("LOG_SOFTMAX", [net.current], net.shape(), (1 / 16, 127), kind="LogSoftmaxOptions")
    return net


@case("TOPK_V2", "float32", "int8")
def top(dtype, random):
    net = start(dtype, random, 4, 9)
    _, places = net.op("TOPK_V2", [net.current, net.scalar(4)], [(1, 4, 4), (1, 4, 4)], kind="TopKV2Options")
    net.tensors[places].type, net.tensors[places].quantization = 2, None
    return net


@case("CUMSUM", "float32", "int32")
def cumsum(dtype, random):
    net = start(dtype, random, 3, 5, 2)
    for axis, exclusive, backwards in ((2, False, False), (1, True, False), (3, False, True), (-2, True, True)):
        options = {"exclusive": exclusive, "reverse": backwards}
        net.op("CUMSUM", [net.current, net.scalar(axis)], net.shape(), kind="CumsumOptions", **options)
    return net


@case("PRELU", "float32", "int8")
def prelu(dtype, random):
    net = start(dtype, random, 4, 5, 3)
    net.op("PRELU", [net.current, net.values((1, 1, 3))], net.shape(), net.any_scale())
    return net


def products(label, left, right, adjoint=(False, False)):
    @case(f"BATCH_MATMUL{label}", "float32", "int8")
    def build(dtype, random):
        net = start(dtype, random, *left)
        first = net.current
        other = net.input((1, *right))
        a, b = (
            shape[::-1] if turned else shape for shape, turned in zip((left[-2:], right[-2:]), adjoint, strict=True)
        )
        batch = np.broadcast_shapes((1, *left[:-2]), (1, *right[:-2]))
        q = (0.9, 4) if dtype == "int8" else ()
        options = {"adjX": adjoint[0], "adjY": adjoint[1], "asymmetricQuantizeInputs": False}
        net.op("BATCH_MATMUL", [first, other], (*batch, a[0], b[1]), q, kind="BatchMatMulOptions", **options)
        return net


products("", (3, 4, 5), (3, 5, 2))
products("-broadcast", (1, 4, 5), (3, 5, 2))
products("-turned", (2, 5, 4), (2, 6, 5), (True, True))


def weights_of_bytes(net, shape, channels, axis, per_channel):
    """int8 weights for float data."""
    scales = net.random.uniform(0.002, 0.01, channels if per_channel else 1).astype(np.float32)
    return net.add_tensor("w", shape, "int8", scales, 0, net.random.integers(-127, 128, shape).astype(np.int8), axis)


@case("CONV_2D-images", "float32", "int8")
def several_images(dtype, random):
    """What a dilated convolution was in older converters, with all that takes images between: four at a time."""
    net = start(dtype, random, 7, 9, 3)
    pads = net.add_tensor("p", (2, 2), "int32", data=np.array([[0, 1], [1, 0]], np.int32))
    net.op("SPACE_TO_BATCH_ND", [net.current, net.ints(2, 2), pads], (4, 4, 5, 3), kind="SpaceToBatchNDOptions")
    net.conv(6, (3, 2), activation=1)
    net.conv(1, (3, 3), depthwise=True)
    net.grouped(2, 3, (2, 2))
    net.pool("MAX_POOL_2D", (2, 2), (1, 1))
    net.pool("AVERAGE_POOL_2D", (2, 1), (1, 1))
    if dtype == "float32":
        net.pool("L2_POOL_2D", (1, 2), (1, 1))
    size = (4, 3, 7, net.shape()[3])
    net.op("RESIZE_BILINEAR", [net.current, net.ints(3, 7)], size, kind="ResizeBilinearOptions")
    net.transpose_conv(5, (2, 3), (2, 2))
    return net


@case("UNIDIRECTIONAL_SEQUENCE_RNN", "float32")
def recurrent(dtype, random):
    """Three layers: one of two batches, time first, the activations in turn."""
    net = start(dtype, random, 10, 4)
    net.op("RESHAPE", [net.current, net.ints(2, 5, 4)], (2, 5, 4), kind="ReshapeOptions")
    rnn(net, 6, 4)
    net.op("RESHAPE", [net.current, net.ints(10, 1, 6)], (10, 1, 6), kind="ReshapeOptions")
    rnn(net, 5, int(random.choice([1, 3])), True)
    net.op("RESHAPE", [net.current, net.ints(1, 10, 5)], (1, 10, 5), kind="ReshapeOptions")
    rnn(net, 3, 0)
    return net


def rnn(net, units, activation, time_major=False):
    inputs, batches = net.shape()[2], net.shape()[1 if time_major else 0]

    def constant(shape):
        data = net.random.normal(0, 0.6 / shape[-1] ** 0.5, shape).astype(np.float32)
        return net.add_tensor("w", shape, "float32", data=data)

    state = net.add_tensor("state", (batches, units), "float32")
    net.tensors[state].isVariable = True
    operands = [net.current, constant((units, inputs)), constant((units, units)), constant((units,)), state]
    options = {"fusedActivationFunction": activation, "timeMajor": time_major, "asymmetricQuantizeInputs": False}
    shape = (*net.shape()[:2], units)
    return net.op("UNIDIRECTIONAL_SEQUENCE_RNN", operands, shape, kind="SequenceRNNOptions", **options)


@case("FULLY_CONNECTED-hybrid", "float32")
def hybrid_dense(dtype, random):
    net = start(dtype, random, 3, 20)
    net.reshape((3, 20))
    for outputs, per_channel, asymmetric in ((16, False, False), (7, False, True), (5, True, False), (6, True, True)):
        inputs = net.shape()[-1]
        w = weights_of_bytes(net, (outputs, inputs), outputs, 0, per_channel)
        b = net.add_tensor("b", (outputs,), "float32", data=random.normal(0, 0.3, outputs).astype(np.float32))
        options = {"asymmetricQuantizeInputs": asymmetric, "fusedActivationFunction": int(random.integers(0, 2))}
        net.op("FULLY_CONNECTED", [net.current, w, b], (3, outputs), kind="FullyConnectedOptions", **options)
    return net


@case("CONV_2D-hybrid", "float32")
def hybrid_convolutions(dtype, random):
    net = start(dtype, random, 7, 8, 4)
    plain = {
        "padding": 0,
        "strideH": 1,
        "strideW": 1,
        "dilationHFactor": 1,
        "dilationWFactor": 1,
        "fusedActivationFunction": 1,
    }
    for op, channels, kind, extra in (
        ("CONV_2D", 6, "Conv2DOptions", {}),
        ("DEPTHWISE_CONV_2D", 12, "DepthwiseConv2DOptions", {"depthMultiplier": 2}),
        ("CONV_2D", 5, "Conv2DOptions", {}),  # with one scale for all filters, which changes how the image is quantised
        ("CONV_2D", 1, "Conv2DOptions", {}),
    ):
        c = net.shape()[3]
        shape, axis = ((channels, 3, 2, c), 0) if op == "CONV_2D" else ((1, 3, 3, channels), 3)
        w = weights_of_bytes(net, shape, channels, axis, channels != 5)
        b = net.add_tensor("b", (channels,), "float32", data=random.normal(0, 0.3, channels).astype(np.float32))
        net.op(op, [net.current, w, b], (1, 7, 8, channels), kind=kind, **plain, **extra)
    return net


@case("DEQUANTIZE-constant", "float32")
def constant_of_bytes(dtype, random):
    """A constant kept as int8 for a layer that has no mixed form."""
    net = start(dtype, random, 5, 6)
    first = net.current
    w = weights_of_bytes(net, (5, 6), 6, 1, True)
    wide = net.op("DEQUANTIZE", [w], (5, 6), dtype="float32", kind="DequantizeOptions")
    net.op("MUL", [first, wide], (1, 5, 6), kind="MulOptions", fusedActivationFunction=0)
    return net


def wide_weights(net, shape, channels, axis, fan_in, scale):
    """int8 weights by channel and an int64 bias for int16 data of ``scale``."""
    scales = (net.random.uniform(0.5, 1.5, channels) * fan_in**-0.5 / 73).astype(np.float32)
    w = net.add_tensor("w", shape, "int8", scales, 0, net.random.integers(-127, 128, shape).astype(np.int8), axis)
    bias = (net.random.normal(0, 2, channels) / (np.float32(scale) * scales)).astype(np.int64)
    return w, net.add_tensor("b", (channels,), "int64", data=bias)


@case("CONV_2D-wide", "int16")
def wide_convolutions(dtype, random):
    net = start(dtype, random, 7, 8, 4, scale=float(2.0**-12 * random.uniform(0.5, 1)))
    for op, channels, kind, extra in (
        ("CONV_2D", 6, "Conv2DOptions", {}),
        ("DEPTHWISE_CONV_2D", 12, "DepthwiseConv2DOptions", {"depthMultiplier": 2}),
        ("CONV_2D", 5, "Conv2DOptions", {}),
    ):
        c = net.shape()[3]
        shape, axis = ((channels, 3, 2, c), 0) if op == "CONV_2D" else ((1, 3, 3, channels), 3)
        w, b = wide_weights(net, shape, channels, axis, 6 * c if op == "CONV_2D" else 9, net.scale())
        options = {"padding": 0, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        options |= {"fusedActivationFunction": int(random.integers(0, 4)), **extra}
        net.op(op, [net.current, w, b], (1, 7, 8, channels), (net.scale() * 1.1, 0), kind=kind, **options)
    for pool in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        net.pool(pool, (3, 2), (2, 1), 0, 1)
    return net


@case("FULLY_CONNECTED-wide", "int16")
def wide_dense(dtype, random):
    net = start(dtype, random, 3, 20)
    net.reshape((3, 20))
    for outputs, activation in ((11, 0), (6, 1)):
        inputs = net.shape()[1]
        w, b = wide_weights(net, (outputs, inputs), outputs, 0, inputs, net.scale())
        options = {"fusedActivationFunction": activation}
        q = (net.scale() * 1.2, 0)
        net.op("FULLY_CONNECTED", [net.current, w, b], (3, outputs), q, kind="FullyConnectedOptions", **options)
    return net


for op in ("ADD", "SUB", "MUL"):
    kind = f"{op.capitalize()}Options"

    @case(f"{op}-wide", "int16")
    def wide_pair(dtype, random, op=op, kind=kind):
        net = start(dtype, random, 3, 4, 5)
        first, other = net.current, net.input((1, 3, 1, 5))
        q = (0.003, 0) if op != "MUL" else (0.0001, 0)
        options = {"fusedActivationFunction": int(random.integers(0, 4))} | (
            {} if op == "MUL" else {"potScaleInt16": False}
        )
        net.op(op, [first, other], net.shape(), q, kind=kind, **options)
        return net


for op in ("LOGISTIC", "TANH"):

    @case(f"{op}-wide", "int16")
    def wide_sigmoid(dtype, random, op=op):
        scale = float(random.choice([2.0**-12, 2.0**-11, random.uniform(1e-5, 1e-3), random.uniform(1e-3, 1e-2)]))
        net = start(dtype, random, 300, scale=scale)
        net.op(op, [net.current], net.shape(), (2.0**-15, 0))
        return net


@case("SOFTMAX-wide", "int16")
def wide_softmax(dtype, random):
    net = start(dtype, random, 9, 11, scale=float(random.uniform(1e-5, 2e-3)))
    net.op("SOFTMAX", [net.current], net.shape(), (2.0**-15, 0), kind="SoftmaxOptions", beta=1.0)
    return net


@case("ADD_N", "float32", "int32")
def add_n(dtype, random):
    net = start(dtype, random, 4, 5)
    first, shape = net.current, net.shape()
    others = [net.input(shape), net.input(shape)]
    net.op("ADD_N", [first, *others], shape, kind="AddNOptions")
    return net


@case("L2_POOL_2D", "float32")
def l2_pool(dtype, random):
    net = start(dtype, random, 6, 5, 3)
    net.pool("L2_POOL_2D", (3, 2), (2, 1), 0, 0)
    return net


@case("ZEROS_LIKE", "float32")
def zeros(dtype, random):
    net = start(dtype, random, 4, 5)
    first, shape = net.current, net.shape()
    nothing = net.op("ZEROS_LIKE", [first], shape, kind="ZerosLikeOptions")
    net.op("MAXIMUM", [first, nothing], shape, kind="MaximumMinimumOptions")
    return net


def svdf(net, units, rank, memory, activation=0):
    """One SVDF layer."""
    _, inputs = net.shape()
    filters = units * rank
    quantised = net.quantised

    def constant(name, shape, dtype, scale):
        if not quantised:
            return net.add_tensor(name, shape, "float32", data=net.random.normal(0, 0.4, shape).astype(np.float32))
        limits = 127 if dtype == "int8" else 3000
        return net.add_tensor(
            name, shape, dtype, scale, 0, net.random.integers(-limits, limits + 1, shape).astype(dtype)
        )

    features = constant("f", (filters, inputs), "int8", 0.01)
    times = constant("t", (filters, memory), "int16", 0.0001)
    state = net.add_tensor(
        "s", (1, filters * memory), "int16" if quantised else "float32", 0.001 if quantised else None
    )
    net.tensors[state].isVariable = True
    bias = net.add_tensor("b", (units,), "int32", 1e-7, 0, net.random.integers(-1000, 1000, units).astype(np.int32))
    if not quantised:
        bias = net.add_tensor("b", (units,), "float32", data=net.random.normal(0, 0.4, units).astype(np.float32))
    options = {"rank": rank, "fusedActivationFunction": activation}
    operands = [net.current, features, times, bias, state]
    return net.op("SVDF", operands, (1, units), (0.02, -5) if quantised else (), kind="SVDFOptions", **options)


@case("SVDF", "float32", "int8")
def svdf_layers(dtype, random):
    net = start(dtype, random, 12)
    svdf(net, 6, 2, 5, 1)
    svdf(net, 4, 1, 3, 1 if dtype == "int8" else 0)  # the reference takes int8 with RELU alone
    return net

"""ONNX operators on values of any rank: dense layers, activations, arithmetic, shapes."""

from __future__ import annotations

from math import prod

import numpy as np

from harness.models.frontends.onnx_graph import Node
from harness.models.frontends.onnx_state import Lowering
from harness.models.frontends.onnx_values import TO_FIRST, TO_LAST, Value, as_image, in_order, reshaped, transposed
from harness.models.ir import Array

_RELU, _RELU_N1, _RELU6 = 1, 2, 3  # TFLite's fused activations
_CLAMPS = {(0.0, None): ("RELU", _RELU), (0.0, 6.0): ("RELU6", _RELU6), (-1.0, 1.0): ("RELU_N1_TO_1", _RELU_N1)}
_FUSING = {*("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div"), *("MaxPool", "AveragePool")}
EXTREMES = {"Max": "MAXIMUM", "Min": "MINIMUM"}
_UNARY = {"Sigmoid": "LOGISTIC", "Tanh": "TANH"}
IMAGE_AXIS = {4: (0, 3, 1, 2), 3: (0, 3, 2)}  # where ONNX's axis stands in [1, H, W, C]


def axis_of(node: Node, axis: int, rank: int) -> int:
    """The axis counted from the front."""
    if not -rank <= axis < rank:
        raise node.refuse("an axis is out of range", expected=f"{-rank}..{rank - 1}", found=axis)
    return axis % rank


def gemm(low: Lowering, node: Node) -> Value:
    """Gemm, and MatMul by a constant matrix: FULLY_CONNECTED. Over a flattened image the weights are permuted instead."""
    weights = low.wanted(node, 1).astype(np.float32)
    if weights.ndim != 2 or node.attributes.get("transA", 0):
        raise node.refuse("only by a constant matrix", expected="[inputs, outputs]", found=list(weights.shape))
    if not node.attributes.get("transB", 0):
        weights = weights.T
    weights = weights * np.float32(node.attributes.get("alpha", 1.0))
    bias = low.given(node, 2)
    value = low.value(node, 0)
    if value.flattened is not None:
        image = value.flattened
        weights = _permuted(weights, image.shape).astype(np.float32)
        source = reshaped(low.writer, image.index, value.shape, node.name)
    else:
        value = in_order(low.writer, value, f"{node.name}.in")
        source = reshaped(low.writer, value.index, (prod(value.shape[:-1]), value.shape[-1]), node.name)
    rows, outputs = low.writer.shape(source)[0], len(weights)
    inputs = [source, low.writer.constant(f"{node.name}.weights", np.ascontiguousarray(weights))]
    if bias is not None:
        whole = np.broadcast_to(bias.astype(np.float32) * np.float32(node.attributes.get("beta", 1.0)), (1, outputs))
        inputs.append(low.writer.constant(f"{node.name}.bias", np.ascontiguousarray(whole).reshape(-1)))
    else:
        inputs.append(-1)
    index = low.writer.operator(
        "FULLY_CONNECTED", inputs, (rows, outputs), node.outputs[0], "FullyConnectedOptions", fusedActivationFunction=0
    )
    shape = (*value.shape[:-1], outputs)
    return Value(shape, reshaped(low.writer, index, shape, node.name))


def _permuted(weights: Array, shape: tuple[int, ...]) -> Array:
    """Columns in the order of an NHWC image instead of ONNX's NCHW."""
    spatial = weights.reshape(len(weights), *shape[1:])
    return np.moveaxis(spatial, 1, -1).reshape(len(weights), -1)


def flatten(low: Lowering, node: Node) -> Value:
    """Flatten; an image is left as it lies until somebody needs its order."""
    value = low.value(node, 0)
    axis = axis_of(node, int(node.attributes.get("axis", 1)), len(value.shape) + 1)
    return reshaped_value(low, node, value, (prod(value.shape[:axis]), prod(value.shape[axis:])))


def reshape(low: Lowering, node: Node) -> Value:
    """Reshape to a constant shape."""
    value = low.value(node, 0)
    asked = [int(n) for n in low.wanted(node, 1).reshape(-1)]
    if not node.attributes.get("allowzero", 0):
        asked = [value.shape[i] if n == 0 else n for i, n in enumerate(asked)]
    known = prod(n for n in asked if n != -1)
    return reshaped_value(low, node, value, tuple(prod(value.shape) // known if n == -1 else n for n in asked))


def squeeze(low: Lowering, node: Node) -> Value:
    """Squeeze and Unsqueeze."""
    value = low.value(node, 0)
    axes = low.numbers(node, 1, "axes")
    if node.op == "Squeeze":
        gone = (
            {i for i, n in enumerate(value.shape) if n == 1}
            if axes is None
            else {axis_of(node, a, len(value.shape)) for a in axes}
        )
        return reshaped_value(low, node, value, tuple(n for i, n in enumerate(value.shape) if i not in gone))
    rank = len(value.shape) + len(axes or [])
    new = {axis_of(node, a, rank) for a in axes or []}
    old = iter(value.shape)
    return reshaped_value(low, node, value, tuple(1 if i in new else next(old) for i in range(rank)))


def reshaped_value(low: Lowering, node: Node, value: Value, shape: tuple[int, ...]) -> Value:
    """The same values in another shape."""
    if prod(shape) != prod(value.shape):
        raise node.refuse("the number of values changes", expected=list(value.shape), found=list(shape))
    if value.is_image and shape == (1, prod(value.shape)):
        return Value(shape, -1, flattened=value)
    value = in_order(low.writer, value, node.name)
    return Value(shape, reshaped(low.writer, value.index, shape, node.name))


def transpose(low: Lowering, node: Node) -> Value:
    """Transpose. Between NCHW and NHWC nothing is moved: only what the axes are called changes."""
    value = low.value(node, 0)
    rank = len(value.shape)
    order = tuple(node.attributes.get("perm", range(rank))[i] for i in range(rank))
    if "perm" not in node.attributes:
        order = tuple(reversed(range(rank)))
    shape = tuple(value.shape[axis] for axis in order)
    if value.is_image and order == TO_LAST:
        return Value(shape, value.index)
    value = in_order(low.writer, value, f"{node.name}.in")
    if order == TO_FIRST:
        return Value(shape, value.index, True)
    return Value(shape, transposed(low.writer, value.index, order, node.name))


def activation(low: Lowering, node: Node) -> Value:
    """Relu, Clip, Sigmoid, Tanh, LeakyRelu, HardSwish."""
    value = stored(low, node)
    shape = low.writer.shape(value.index)
    name = node.outputs[0]
    if node.op in ("Relu", "Clip"):
        op, fused = _clamp(low, node)
        # Not through a Transpose or Reshape, which may share its tensor with other readers.
        computed = low.producer(node.inputs[0]) in _FUSING
        if computed and low.read_once(node.inputs[0]) and low.writer.fuse(value.index, fused):
            return value
        return low.like(value, low.writer.operator(op, [value.index], shape, name))
    if node.op == "LeakyRelu":
        alpha = float(node.attributes.get("alpha", 0.01))
        index = low.writer.operator("LEAKY_RELU", [value.index], shape, name, "LeakyReluOptions", alpha=alpha)
    elif node.op == "HardSwish":
        index = low.writer.operator("HARD_SWISH", [value.index], shape, name, "HardSwishOptions")
    else:
        index = low.writer.operator(_UNARY[node.op], [value.index], shape, name)
    return low.like(value, index)


def stored(low: Lowering, node: Node, position: int = 0) -> Value:
    """A value in whatever order it lies; flattened images are put in order."""
    value = low.value(node, position)
    return in_order(low.writer, value, node.name) if value.flattened is not None else value


def _clamp(low: Lowering, node: Node) -> tuple[str, int]:
    bounds: tuple[float | None, float | None] = (0.0, None)
    if node.op == "Clip":
        low_, high = (low.given(node, i) for i in (1, 2))
        bounds = (None if low_ is None else float(low_), None if high is None else float(high))
    if bounds not in _CLAMPS:
        raise node.refuse("its bounds", expected=" or ".join(str(b) for b in _CLAMPS), found=bounds)
    return _CLAMPS[bounds]


def softmax(low: Lowering, node: Node) -> Value:
    """Softmax over the last axis, or over the channels of an image."""
    value = stored(low, node)
    rank = len(value.shape)
    axis = axis_of(node, int(node.attributes.get("axis", -1 if low.opset >= 13 else 1)), rank)
    if value.is_image and axis != 1:
        value = in_order(low.writer, value, node.name)
    # Before opset 13 everything from the axis on is one row; the same where that is one axis.
    if not value.is_image and axis != rank - 1 and (low.opset >= 13 or prod(value.shape[axis + 1 :]) > 1):
        raise node.refuse("its axis", expected="the last", found=axis)
    shape = low.writer.shape(value.index)
    return low.like(
        value, low.writer.operator("SOFTMAX", [value.index], shape, node.outputs[0], "SoftmaxOptions", beta=1.0)
    )


def arithmetic(low: Lowering, node: Node) -> Value:
    """Add, Sub, Mul, Max and Min of two with broadcasting; Div by a constant becomes a product with its inverse."""
    if node.op == "Div":
        inverse = (np.float32(1) / low.wanted(node, 1).astype(np.float32)).astype(np.float32)
        low.constants[f"{node.name}.inverse"] = inverse
        node = Node("Mul", node.name, (node.inputs[0], f"{node.name}.inverse"), node.outputs, {}, node.proto)
    operands = [stored(low, node, i) for i in (0, 1)]
    shape = tuple(int(n) for n in np.broadcast_shapes(*(v.shape for v in operands)))
    is_image = any(v.is_image for v in operands)
    if is_image and all(v.is_image or node.inputs[i] in low.constants for i, v in enumerate(operands)):
        indices = [v.index if v.is_image else image_constant(low, node, i, len(shape)) for i, v in enumerate(operands)]
    elif is_image and all(len(v.shape) == len(shape) for v in operands):
        indices = [as_image(low.writer, v, f"{node.name}.in{i}").index for i, v in enumerate(operands)]
    else:
        is_image = False
        indices = [in_order(low.writer, v, f"{node.name}.in{i}").index for i, v in enumerate(operands)]
    own = tuple(int(n) for n in np.broadcast_shapes(*(low.writer.shape(i) for i in indices)))
    if node.op in EXTREMES:
        index = low.writer.operator(EXTREMES[node.op], indices, own, node.outputs[0], "MaximumMinimumOptions")
        return Value(shape, index, is_image)
    op = node.op.upper()
    index = low.writer.operator(op, indices, own, node.outputs[0], f"{node.op}Options", fusedActivationFunction=0)
    return Value(shape, index, is_image)


def image_constant(low: Lowering, node: Node, position: int, rank: int) -> int:
    """A constant operand with its axes as an image has them."""
    values = low.constants[node.inputs[position]].astype(np.float32)
    values = values.reshape((1,) * (rank - values.ndim) + values.shape)
    if rank == 3:
        values = values[:, :, np.newaxis]
    return low.writer.constant(node.inputs[position], np.ascontiguousarray(values.transpose(TO_LAST)))


def concat(low: Lowering, node: Node) -> Value:
    """Concat along a constant axis."""
    values = [stored(low, node, i) for i in range(len(node.inputs))]
    rank = len(values[0].shape)
    axis = axis_of(node, int(node.attributes["axis"]), rank)
    is_image = all(v.is_image for v in values)
    if not is_image:
        values = [in_order(low.writer, v, f"{node.name}.in{i}") for i, v in enumerate(values)]
    shape = list(values[0].shape)
    shape[axis] = sum(v.shape[axis] for v in values)
    at = IMAGE_AXIS[rank][axis] if is_image else axis
    own = list(low.writer.shape(values[0].index))
    own[at] = sum(low.writer.shape(v.index)[at] for v in values)
    indices = [v.index for v in values]
    index = low.writer.operator(
        "CONCATENATION", indices, own, node.outputs[0], "ConcatenationOptions", axis=at, fusedActivationFunction=0
    )
    return Value(tuple(shape), index, is_image)


def pad(low: Lowering, node: Node) -> Value:
    """Pad with a constant value."""
    if node.attributes.get("mode", "constant") != "constant":
        raise node.refuse("its mode", expected="constant", found=node.attributes["mode"])
    value = stored(low, node)
    rank = len(value.shape)
    flat = low.numbers(node, 1, "pads") or []
    axes = low.numbers(node, 3, "axes")
    given = list(range(rank)) if axes is None else [axis_of(node, a, rank) for a in axes]
    pads = [(0, 0)] * rank
    for i, axis in enumerate(given):
        pads[axis] = (flat[i], flat[i + len(given)])
    if min(flat, default=0) < 0:
        raise node.refuse("it cuts", expected="paddings of 0 or more", found=flat)
    shape = tuple(e + sum(p) for e, p in zip(value.shape, pads, strict=True))
    own = [(0, 0)] * len(low.writer.shape(value.index))
    for axis, p in enumerate(pads):
        own[IMAGE_AXIS[rank][axis] if value.is_image else axis] = p
    fill = low.given(node, 2)
    inputs = [value.index, low.writer.integers(f"{node.name}.pads", own)]
    target = [e + sum(p) for e, p in zip(low.writer.shape(value.index), own, strict=True)]
    op, table = "PAD", "PadOptions"
    if fill is not None and float(fill.reshape(-1)[0]) != 0:
        inputs.append(low.writer.constant(f"{node.name}.fill", fill.astype(np.float32).reshape(1)))
        op, table = "PADV2", "PadV2Options"
    return Value(shape, low.writer.operator(op, inputs, target, node.outputs[0], table), value.is_image)


def reduce_mean(low: Lowering, node: Node) -> Value:
    """ReduceMean over constant axes."""
    value = stored(low, node)
    rank = len(value.shape)
    axes = sorted({axis_of(node, a, rank) for a in low.numbers(node, 1, "axes") or range(rank)})
    keep = bool(node.attributes.get("keepdims", 1))
    shape = tuple(1 if i in axes else n for i, n in enumerate(value.shape))
    at = sorted(IMAGE_AXIS[rank][a] for a in axes) if value.is_image else axes
    own = [1 if i in at else n for i, n in enumerate(low.writer.shape(value.index))]
    inputs = [value.index, low.writer.integers(f"{node.name}.axes", at)]
    index = low.writer.operator("MEAN", inputs, own, node.outputs[0], "ReducerOptions", keepDims=True)
    result = Value(shape, index, value.is_image)
    if keep:
        return result
    return reshaped_value(low, node, result, tuple(n for i, n in enumerate(shape) if i not in axes))


def arg_max(low: Lowering, node: Node) -> Value:
    """ArgMax; the result is int32 where ONNX has int64, which no board speaks."""
    value = low.ordered(node, 0)
    rank = len(value.shape)
    axis = axis_of(node, int(node.attributes.get("axis", 0)), rank)
    if node.attributes.get("select_last_index", 0):
        raise node.refuse("select_last_index", expected=0, found=1)
    shape = [n for i, n in enumerate(value.shape) if i != axis]
    inputs = [value.index, low.writer.integers(f"{node.name}.axis", [axis])]
    index = low.writer.operator("ARG_MAX", inputs, shape, node.outputs[0], "ArgMaxOptions", "int32", outputType=2)
    if node.attributes.get("keepdims", 1):
        shape.insert(axis, 1)
        index = reshaped(low.writer, index, shape, node.name)
    return Value(tuple(shape), index)


def cut(low: Lowering, node: Node) -> Value:
    """Slice with constant bounds and positive steps."""
    value = low.ordered(node, 0)
    rank = len(value.shape)
    starts, ends = ([int(n) for n in low.wanted(node, i).reshape(-1)] for i in (1, 2))
    axes = low.numbers(node, 3, "axes") or list(range(len(starts)))
    steps = low.numbers(node, 4, "steps") or [1] * len(starts)
    if min(steps) < 1:
        raise node.refuse("it steps backwards", expected="steps of 1 or more", found=steps)
    chosen = [range(n) for n in value.shape]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        at = axis_of(node, axis, rank)
        chosen[at] = range(value.shape[at])[start:end:step]
    return _taken(low, node, value, chosen, node.outputs[0])


def split(low: Lowering, node: Node) -> list[Value]:
    """Split along an axis: one slice for each part."""
    value = low.ordered(node, 0)
    axis = axis_of(node, int(node.attributes.get("axis", 0)), len(value.shape))
    extent, parts = value.shape[axis], len(node.outputs)
    each = -(-extent // parts)
    sizes = low.numbers(node, 1, "split") or [min(each, extent - i * each) for i in range(parts)]
    results, start = [], 0
    for name, size in zip(node.outputs, sizes, strict=True):
        chosen = [range(n) for n in value.shape]
        chosen[axis] = range(start, start + size)
        results.append(_taken(low, node, value, chosen, name))
        start += size
    return results


def _taken(low: Lowering, node: Node, value: Value, chosen: list[range], name: str) -> Value:
    shape = tuple(len(r) for r in chosen)
    bounds = ([r.start for r in chosen], [r.stop for r in chosen], [r.step for r in chosen])
    inputs = [value.index, *(low.writer.integers(f"{node.name}.bounds", b) for b in bounds)]
    return Value(shape, low.writer.operator("STRIDED_SLICE", inputs, shape, name, "StridedSliceOptions"))


HANDLERS = {
    "Add": arithmetic,
    "ArgMax": arg_max,
    "Clip": activation,
    "Concat": concat,
    "Div": arithmetic,
    "Flatten": flatten,
    "Gemm": gemm,
    "HardSwish": activation,
    "LeakyRelu": activation,
    "MatMul": gemm,
    "Mul": arithmetic,
    "Pad": pad,
    "ReduceMean": reduce_mean,
    "Relu": activation,
    "Reshape": reshape,
    "Sigmoid": activation,
    "Slice": cut,
    "Softmax": softmax,
    "Squeeze": squeeze,
    "Sub": arithmetic,
    "Tanh": activation,
    "Transpose": transpose,
    "Unsqueeze": squeeze,
}

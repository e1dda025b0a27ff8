"""ONNX operators that need no layout of their own: functions, comparisons of sizes, reductions, resizing, quantised values."""

from __future__ import annotations

import numpy as np

from harness.models.frontends.onnx_graph import Node
from harness.models.frontends.onnx_plain import (
    EXTREMES,
    IMAGE_AXIS,
    arithmetic,
    axis_of,
    image_constant,
    reshaped_value,
    stored,
)
from harness.models.frontends.onnx_state import Lowering
from harness.models.frontends.onnx_values import Value, in_order

_FUNCTIONS = {
    **{"Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Exp": "EXP", "Floor": "FLOOR", "Log": "LOG", "Neg": "NEG"},
    **{"Round": "ROUND", "Sin": "SIN", "Sqrt": "SQRT"},
}
_REDUCTIONS = {"ReduceMax": "REDUCE_MAX", "ReduceMin": "REDUCE_MIN", "ReduceProd": "REDUCE_PROD", "ReduceSum": "SUM"}


def function(low: Lowering, node: Node) -> Value:
    """One value from one: Abs to Sqrt; Elu of alpha 1; Gelu."""
    value = stored(low, node)
    shape, name = low.writer.shape(value.index), node.outputs[0]
    if node.op == "Elu":
        if float(node.attributes.get("alpha", 1.0)) != 1.0:
            raise node.refuse("its alpha", expected=1.0, found=node.attributes["alpha"])
        return low.like(value, low.writer.operator("ELU", [value.index], shape, name))
    if node.op == "Gelu":
        approximate = node.attributes.get("approximate", "none") == "tanh"
        index = low.writer.operator("GELU", [value.index], shape, name, "GeluOptions", approximate=approximate)
        return low.like(value, index)
    return low.like(value, low.writer.operator(_FUNCTIONS[node.op], [value.index], shape, name))


def log_softmax(low: Lowering, node: Node) -> Value:
    """LogSoftmax over the last axis."""
    value = low.ordered(node, 0)
    rank = len(value.shape)
    axis = axis_of(node, int(node.attributes.get("axis", -1 if low.opset >= 13 else 1)), rank)
    if axis != rank - 1:
        raise node.refuse("its axis", expected="the last", found=axis)
    name = node.outputs[0]
    return low.like(value, low.writer.operator("LOG_SOFTMAX", [value.index], value.shape, name, "LogSoftmaxOptions"))


def extreme(low: Lowering, node: Node) -> Value:
    """Max and Min of any number of values, broadcast."""
    if len(node.inputs) == 2:
        return arithmetic(low, node)
    values = [low.ordered(node, i) for i in range(len(node.inputs))]
    op = EXTREMES[node.op]
    result = values[0]
    for i, other in enumerate(values[1:]):
        shape = tuple(int(n) for n in np.broadcast_shapes(result.shape, other.shape))
        name = node.outputs[0] if i == len(values) - 2 else f"{node.name}.{i}"
        index = low.writer.operator(op, [result.index, other.index], shape, name, "MaximumMinimumOptions")
        result = Value(shape, index)
    return result


def prelu(low: Lowering, node: Node) -> Value:
    """PRelu with constant slopes."""
    value = stored(low, node)
    slopes = low.wanted(node, 1).astype(np.float32)
    own = low.writer.constant(f"{node.name}.slopes", slopes) if not value.is_image else -1
    index = image_constant(low, node, 1, len(value.shape)) if value.is_image else own
    shape = low.writer.shape(value.index)
    return low.like(value, low.writer.operator("PRELU", [value.index, index], shape, node.outputs[0]))


def reduction(low: Lowering, node: Node) -> Value:
    """ReduceMax, ReduceMin, ReduceProd and ReduceSum over constant axes."""
    value = stored(low, node)
    rank = len(value.shape)
    axes = sorted({axis_of(node, a, rank) for a in low.numbers(node, 1, "axes") or range(rank)})
    shape = tuple(1 if i in axes else n for i, n in enumerate(value.shape))
    at = sorted(IMAGE_AXIS[rank][a] for a in axes) if value.is_image else axes
    own = [1 if i in at else n for i, n in enumerate(low.writer.shape(value.index))]
    inputs = [value.index, low.writer.integers(f"{node.name}.axes", at)]
    op = _REDUCTIONS[node.op]
    index = low.writer.operator(op, inputs, own, node.outputs[0], "ReducerOptions", keepDims=True)
    result = Value(shape, index, value.is_image)
    if node.attributes.get("keepdims", 1):
        return result
    return reshaped_value(low, node, result, tuple(n for i, n in enumerate(shape) if i not in axes))


def gather(low: Lowering, node: Node) -> Value:
    """Gather by constant indices."""
    value = stored(low, node)
    places = low.wanted(node, 1).astype(np.int64)
    axis = axis_of(node, int(node.attributes.get("axis", 0)), len(value.shape))
    places = np.where(places < 0, places + value.shape[axis], places).astype(np.int32)
    if value.is_image and places.ndim != 1:
        value = in_order(low.writer, value, node.name)
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    at = IMAGE_AXIS[len(value.shape)][axis] if value.is_image else axis
    own = low.writer.shape(value.index)
    own = (*own[:at], *places.shape, *own[at + 1 :])
    inputs = [value.index, low.writer.constant(f"{node.name}.indices", places)]
    index = low.writer.operator("GATHER", inputs, own, node.outputs[0], "GatherOptions", axis=at)
    return Value(shape, index, value.is_image)


def resize(low: Lowering, node: Node) -> Value:
    """Resize and Upsample of height and width: nearest neighbours (asymmetric, rounded down) or linear."""
    image = low.image(node)
    if len(image.shape) != 4:
        raise node.refuse("it resizes no image", expected="[1, C, H, W]", found=list(image.shape))
    n, channels = image.shape[:2]
    scales, sizes = (low.given(node, 2), low.given(node, 3)) if node.op == "Resize" else (low.given(node, 1), None)
    if sizes is not None and sizes.size:
        target = [int(v) for v in sizes.reshape(-1)]
    elif scales is not None and scales.size == len(image.shape):
        target = [int(np.floor(e * float(s))) for e, s in zip(image.shape, scales.reshape(-1), strict=True)]
    else:
        raise node.refuse("neither sizes nor scales", expected=f"{len(image.shape)} numbers", found=scales)
    if target[:2] != [n, channels]:
        raise node.refuse("it resizes more than height and width", expected=[n, channels], found=target[:2])
    mode = node.attributes.get("mode", "nearest")
    where = node.attributes.get("coordinate_transformation_mode", "half_pixel" if node.op == "Resize" else "asymmetric")
    if mode == "nearest" and (where, node.attributes.get("nearest_mode", "floor")) == ("asymmetric", "floor"):
        op, table, centres, corners = "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions", False, False
    elif mode == "linear" and where in ("half_pixel", "asymmetric", "align_corners"):
        op, table = "RESIZE_BILINEAR", "ResizeBilinearOptions"
        centres, corners = where == "half_pixel", where == "align_corners"
    else:
        raise node.refuse("its mode", expected="nearest (asymmetric, floor) or linear", found=f"{mode}, {where}")
    size = low.writer.integers(f"{node.name}.size", target[2:])
    shape = (n, *target[2:], channels)
    index = low.writer.operator(
        op, [image.index, size], shape, node.outputs[0], table, alignCorners=corners, halfPixelCenters=centres
    )
    return Value((n, channels, *target[2:]), index, True)


def quantised(low: Lowering, node: Node) -> Value:
    """QuantizeLinear: int8 or uint8 of one scale."""
    value = stored(low, node)
    scale, zero, dtype = _scale(low, node)
    shape = low.writer.shape(value.index)
    index = low.writer.operator(
        "QUANTIZE", [value.index], shape, node.outputs[0], "QuantizeOptions", dtype, (scale, zero)
    )
    return low.like(value, index)


def dequantised(low: Lowering, node: Node) -> Value:
    """DequantizeLinear of what QuantizeLinear made."""
    value = stored(low, node)
    shape = low.writer.shape(value.index)
    index = low.writer.operator("DEQUANTIZE", [value.index], shape, node.outputs[0], "DequantizeOptions")
    return low.like(value, index)


def _scale(low: Lowering, node: Node) -> tuple[float, int, str]:
    scale, zero = low.wanted(node, 1).reshape(-1), low.given(node, 2)
    dtype = "uint8" if zero is None else str(zero.dtype)
    if scale.size != 1 or dtype not in ("int8", "uint8"):
        raise node.refuse("its scale", expected="one scale, int8 or uint8", found=f"{scale.size} scales, {dtype}")
    return float(scale[0]), 0 if zero is None else int(zero.reshape(-1)[0]), dtype


def matmul(low: Lowering, node: Node) -> Value:
    """MatMul of two computed values."""
    a, b = (in_order(low.writer, low.value(node, i), f"{node.name}.in{i}") for i in (0, 1))
    if min(len(a.shape), len(b.shape)) < 2 or a.shape[-1] != b.shape[-2]:
        raise node.refuse("its operands", expected="[.., m, k] and [.., k, n]", found=[a.shape, b.shape])
    batch = tuple(int(n) for n in np.broadcast_shapes(a.shape[:-2], b.shape[:-2]))
    shape = (*batch, a.shape[-2], b.shape[-1])
    return Value(
        shape, low.writer.operator("BATCH_MATMUL", [a.index, b.index], shape, node.outputs[0], "BatchMatMulOptions")
    )


HANDLERS = {
    **dict.fromkeys((*_FUNCTIONS, "Elu", "Gelu"), function),
    **dict.fromkeys(_REDUCTIONS, reduction),
    **dict.fromkeys(("Max", "Min"), extreme),
    **dict.fromkeys(("Resize", "Upsample"), resize),
    "DequantizeLinear": dequantised,
    "Gather": gather,
    "LogSoftmax": log_softmax,
    "PRelu": prelu,
    "QuantizeLinear": quantised,
}

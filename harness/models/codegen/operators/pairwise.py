"""Operators on two broadcast operands beside ADD, SUB and MUL; comparisons, which give bools, and what chooses by a bool."""

from __future__ import annotations

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, Kernel, Options, Value, operand, quantized, refuse
from harness.models.codegen.operators.axes import AXES, broadcast_steps, fitted, merged
from harness.models.codegen.operators.window import float_range
from harness.models.ir import Graph, IrTensor, Layer

_SUFFIX = {"float32": "f32", "int8": "s8", "int16": "s16", "int32": "s32", "bool": "u8"}
_LESS, _EQUAL, _GREATER, _UNORDERED = 1, 2, 4, 8
_RELATIONS = {
    "EQUAL": _EQUAL,
    "NOT_EQUAL": _LESS | _GREATER | _UNORDERED,
    "LESS": _LESS,
    "LESS_EQUAL": _LESS | _EQUAL,
    "GREATER": _GREATER,
    "GREATER_EQUAL": _GREATER | _EQUAL,
}
_AS_IT_IS = (1 << 30, -7)  # 2^-8 as multiplier and shift
_SQUARE_SHIFT = 7  # fractional bits of the common scale in hil_nn_squared_difference_s8


def extreme(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """MAXIMUM and MINIMUM of raw values; LiteRT compares them as they are, whatever their scales."""
    dtype, pairs = _pairs(graph, layer, "int8", "int16", "int32", "float32")
    return _kernel(graph, layer, f"extreme_{_SUFFIX[dtype]}", "extreme", pairs | {"greatest": layer.op == "MAXIMUM"})


def logical(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LOGICAL_AND and LOGICAL_OR."""
    _, pairs = _pairs(graph, layer, "bool")
    return _kernel(graph, layer, "logical", "extreme", pairs | {"greatest": layer.op == "LOGICAL_OR"})


def compare(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL. int8 is compared at 2^-8 of its scales; so is the equality
    of int16, whose order LiteRT takes from the raw values."""
    equality = layer.op in ("EQUAL", "NOT_EQUAL")
    dtype, params = _pairs(
        graph, layer, "int8", "int16", "int32", "float32", *(["bool"] if equality else []), result="bool"
    )
    params["relation"] = _RELATIONS[layer.op]
    a, b = (graph.tensor(i) for i in layer.inputs[:2])
    scaled = dtype == "int8" or (dtype == "int16" and equality)
    for name, tensor in (("a", a), ("b", b)):
        if scaled and not quantized(graph, layer, tensor.index).scale < 1:
            raise refuse(layer, "a scale of 1 or more", expected="below 1", found=tensor.scale)
        multiplier, shift = fixedpoint.multiplier_and_shift(tensor.scale) if scaled else _AS_IT_IS
        offset = -tensor.zero_point if scaled else 0
        params |= {f"{name}_offset": offset, f"{name}_multiplier": multiplier, f"{name}_shift": shift}
    return _kernel(graph, layer, f"compare_{_SUFFIX[dtype]}", "compare", params)


def div(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """DIV of float32."""
    _, params = _pairs(graph, layer, "float32")
    params["b_sign"] = 1.0
    params["act_min"], params["act_max"] = float_range(layer)
    return _kernel(graph, layer, "div_f32", "binary_f32", params)


def floored(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """FLOOR_DIV and FLOOR_MOD of int32; a divisor of 0, which LiteRT stops at, gives 0."""
    _, params = _pairs(graph, layer, "int32")
    params |= {"b_sign": 1, "act_min": -(2**31), "act_max": 2**31 - 1}
    return _kernel(graph, layer, f"{layer.op.lower()}_s32", "binary_s32", params)


def squared_difference(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """SQUARED_DIFFERENCE. int8 as TFLite: both operands at 2^-7 of twice the greater scale, multipliers in double."""
    dtype, params = _pairs(graph, layer, "int8", "float32")
    if dtype == "float32":
        params |= {"b_sign": 1.0, "act_min": 0.0, "act_max": 0.0}
        return _kernel(graph, layer, "squared_difference_f32", "binary_f32", params)
    a, b, out = (quantized(graph, layer, i) for i in (*layer.inputs[:2], layer.outputs[0]))
    twice = 2 * max(a.scale, b.scale)
    params |= {"a_offset": -a.zero_point, "b_offset": -b.zero_point, "out_offset": out.zero_point}
    for name, real in (
        ("a", a.scale / twice),
        ("b", b.scale / twice),
        ("out", twice * twice / (float(np.float32(out.scale)) * 2 ** (2 * _SQUARE_SHIFT))),
    ):
        if real >= 1:
            raise refuse(layer, "the output's scale is far below the inputs'", expected="a factor below 1", found=real)
        params[f"{name}_multiplier"], params[f"{name}_shift"] = fixedpoint.multiplier_and_shift(real)
    return _kernel(graph, layer, "squared_difference_s8", "squared_difference_s8", params)


def select(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """SELECT and SELECT_V2: a bool condition, then what it takes where it holds and where not; raw values of one scale."""
    condition, a, b = (graph.tensor(i) for i in layer.inputs)
    out = graph.tensor(layer.outputs[0])
    same = a.dtype == b.dtype == out.dtype and a.quantization == b.quantization == out.quantization
    if condition.dtype != "bool" or not same or out.dtype not in _SUFFIX:
        raise refuse(
            layer,
            "its operands differ in type or scale",
            expected=f"a bool and two of {out.dtype}, {out.quantization}",
            found=[f"{t.dtype}, {t.quantization}" for t in (condition, a, b)],
        )
    walks = [broadcast_steps(t.shape, out.shape) for t in _extended(layer, condition, a, b)]
    extents, found = merged(out.shape, *walks)
    extent, *steps = fitted(layer, AXES, extents, *found)
    params: dict[str, Value] = {"width": np.dtype(out.dtype).itemsize, "extent": extent}
    params |= dict(zip(("step_condition", "step_a", "step_b"), steps, strict=True))
    operands = tuple(operand(graph, i, role) for i, role in zip(layer.inputs, ("c", "a", "b"), strict=True))
    return Kernel(layer, "hil_nn_select", "hil_nn_select_params", params, (), 0, operands=operands)


def _extended(layer: Layer, condition: IrTensor, a: IrTensor, b: IrTensor) -> tuple[IrTensor, IrTensor, IrTensor]:
    """SELECT's condition of one axis chooses whole rows of the others."""
    if layer.op == "SELECT" and len(condition.shape) == 1 and len(a.shape) > 1 and condition.elements > 1:
        raise refuse(layer, "a condition by rows", expected="a condition of the operands' shape", found=condition.shape)
    return condition, a, b


def _pairs(graph: Graph, layer: Layer, *dtypes: str, result: str | None = None) -> tuple[str, dict[str, Value]]:
    """(dtype, the walk over both operands); ``result`` is the output's dtype if it is another."""
    a, b = (graph.tensor(i) for i in layer.inputs[:2])
    out = graph.tensor(layer.outputs[0])
    if a.dtype not in dtypes or b.dtype != a.dtype or out.dtype != (result or a.dtype):
        raise refuse(
            layer,
            "unsupported data types",
            expected=f"two of {' or '.join(dtypes)} to {result or 'the same'}",
            found=f"{a.dtype} and {b.dtype} to {out.dtype}",
        )
    if np.broadcast_shapes(a.shape, b.shape) != out.shape:
        raise refuse(layer, "operands and output do not fit", expected=list(out.shape), found=[a.shape, b.shape])
    extents, walks = merged(out.shape, broadcast_steps(a.shape, out.shape), broadcast_steps(b.shape, out.shape))
    extent, step_a, step_b = fitted(layer, AXES, extents, *walks)
    return a.dtype, {"pairs": {"extent": extent, "step_a": step_a, "step_b": step_b}}


def _kernel(graph: Graph, layer: Layer, name: str, kind: str, params: dict[str, Value]) -> Kernel:
    operands: tuple[int | Constant, ...] = tuple(
        operand(graph, i, r) for i, r in zip(layer.inputs[:2], "ab", strict=True)
    )
    plain = {k: int(v) if isinstance(v, bool) else v for k, v in params.items()}
    return Kernel(layer, f"hil_nn_{name}", f"hil_nn_{kind}_params", plain, (), 0, operands=operands)

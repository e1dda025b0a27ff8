"""ADD, SUB and MUL with broadcasting, int8, float32 and plain int32. One operand may be constant."""

from __future__ import annotations

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, Kernel, Options, Value, operand, quantized, refuse, same_dtype
from harness.models.codegen.operators import wide
from harness.models.codegen.operators.axes import AXES, broadcast_steps, fitted, merged
from harness.models.codegen.operators.window import float_range, raw_range
from harness.models.ir import Graph, Layer

_LEFT_SHIFT_16 = 15  # in hil_nn_add_s16
_LEFT_SHIFT = 20  # fractional bits of the common scale in hil_nn_add_s8


def add(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """ADD and SUB. int8 as TFLite: both operands at 2^-20 of twice the greater scale, multipliers in double."""
    sign = -1 if layer.op == "SUB" else 1
    dtype, params, operands = _common(graph, layer)
    if dtype == "int32":
        params["b_sign"] = sign
        return _kernel(graph, layer, "hil_nn_add_s32", "hil_nn_binary_s32_params", params, operands)
    if dtype == "float32":
        params["b_sign"] = float(sign)
        return _kernel(graph, layer, "hil_nn_add_f32", "hil_nn_binary_f32_params", params, operands)
    a, b, out = (quantized(graph, layer, i) for i in (*layer.inputs[:2], layer.outputs[0]))
    twice = 2 * max(a.scale, b.scale)
    for name, real in (
        ("a", a.scale / twice),
        ("b", b.scale / twice),
        ("out", twice / (2 ** (_LEFT_SHIFT if dtype == "int8" else _LEFT_SHIFT_16) * out.scale)),
    ):
        if real >= 1:
            raise refuse(layer, "the output's scale is far below the inputs'", expected="a factor below 1", found=real)
        params[f"{name}_multiplier"], params[f"{name}_shift"] = fixedpoint.multiplier_and_shift(real)
    params["b_sign"] = sign
    return _kernel(
        graph, layer, f"hil_nn_add_{'s8' if dtype == 'int8' else 's16'}", "hil_nn_add_s8_params", params, operands
    )


def mul(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """MUL. The int8 multiplier is computed in float32, as TFLite does."""
    dtype, params, operands = _common(graph, layer)
    if dtype == "int32":
        params["b_sign"] = 1
        return _kernel(graph, layer, "hil_nn_mul_s32", "hil_nn_binary_s32_params", params, operands)
    if dtype == "float32":
        params["b_sign"] = 1.0
        return _kernel(graph, layer, "hil_nn_mul_f32", "hil_nn_binary_f32_params", params, operands)
    a, b, out = (quantized(graph, layer, i) for i in (*layer.inputs[:2], layer.outputs[0]))
    real = np.float32(a.scale) * np.float32(b.scale) / np.float32(out.scale)
    params["multiplier"], params["shift"] = fixedpoint.multiplier_and_shift(float(real))
    return _kernel(
        graph, layer, f"hil_nn_mul_{'s8' if dtype == 'int8' else 's16'}", "hil_nn_mul_s8_params", params, operands
    )


def _kernel(
    graph: Graph,
    layer: Layer,
    function: str,
    params_type: str,
    params: dict[str, Value],
    operands: tuple[int | Constant, ...],
) -> Kernel:
    return Kernel(layer, function, params_type, params, (), 0, operands=operands, over=_over(graph, layer))


def _over(graph: Graph, layer: Layer) -> dict[int, int]:
    """Operands of the output's shape: each value is read before the output's is written in its place."""
    out = graph.tensor(layer.outputs[0])
    computed = (t for t in map(graph.tensor, layer.inputs[:2]) if t.data is None)
    return {t.index: 0 for t in computed if t.shape == out.shape}


def _common(graph: Graph, layer: Layer) -> tuple[str, dict[str, Value], tuple[int | Constant, ...]]:
    """(dtype, parameters that all forms share, operands)."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32", "int32")
    a, b = (graph.tensor(i) for i in layer.inputs[:2])
    out = graph.tensor(layer.outputs[0])
    if b.dtype != dtype or np.broadcast_shapes(a.shape, b.shape) != out.shape:
        raise refuse(
            layer,
            "operands and output do not fit",
            expected=f"{dtype}{list(out.shape)}",
            found=f"{a.dtype}{list(a.shape)} and {b.dtype}{list(b.shape)}",
        )
    extents, walks = merged(out.shape, broadcast_steps(a.shape, out.shape), broadcast_steps(b.shape, out.shape))
    extent, step_a, step_b = fitted(layer, AXES, extents, *walks)
    params: dict[str, Value] = {"pairs": {"extent": extent, "step_a": step_a, "step_b": step_b}}
    if dtype == "float32":
        params["act_min"], params["act_max"] = float_range(layer)
    elif dtype == "int32":
        low, high = float_range(layer)
        params["act_min"], params["act_max"] = int(max(low, -(2.0**31))), int(min(high, 2**31 - 1))
    else:
        a, b, out = (quantized(graph, layer, i) for i in (*layer.inputs[:2], layer.outputs[0]))
        params |= {"a_offset": -a.zero_point, "b_offset": -b.zero_point, "out_offset": out.zero_point}
        if dtype == "int16":
            for index in (*layer.inputs[:2], layer.outputs[0]):
                wide.symmetric(graph, layer, index)
            if layer.options.get("potScaleInt16", False) and layer.op != "MUL":
                raise refuse(
                    layer, "int16 scales that are powers of two", expected="pot_scale_int16 of false", found=True
                )
        params["act_min"], params["act_max"] = (raw_range if dtype == "int8" else wide.raw_range)(layer, out)
    return dtype, params, (operand(graph, layer.inputs[0], "a"), operand(graph, layer.inputs[1], "b"))

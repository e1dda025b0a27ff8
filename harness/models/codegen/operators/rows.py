"""Operators on whole rows or along one axis: normalisation, running sums, the greatest few; and BATCH_MATMUL, PRELU."""

from __future__ import annotations

from math import prod

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Kernel, Options, Value, integers, operand, quantized, refuse, same_dtype
from harness.models.codegen.operators.axes import AXES, broadcast_steps, fitted, merged, steps
from harness.models.codegen.operators.softmax import scaled_differences
from harness.models.ir import Graph, IrTensor, Layer

_ROW_MAX = 2**14  # int8 values whose squares are summed: below 2^30
_CLASSES_MAX = 2**12  # of a sum of exponentials in Q12.19


def l2_normalization(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """L2_NORMALIZATION over the last axis; the int8 output has scale 1/128 and zero point 0 by TFLite's definition."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if layer.options.get("fusedActivationFunction", 0):
        raise refuse(layer, "a fused activation", expected="none", found=layer.options["fusedActivationFunction"])
    params = _rowwise(source)
    if dtype == "float32":
        return Kernel(layer, "hil_nn_l2_norm_f32", "hil_nn_rowwise_params", params, (), 0)
    quantized(graph, layer, source.index)
    if (quantized(graph, layer, target.index).scale, target.zero_point) != (1 / 128, 0):
        raise refuse(
            layer, "output scale", expected="1/128, zero point 0", found=f"{target.scale}, {target.zero_point}"
        )
    if source.shape[-1] > _ROW_MAX:
        raise refuse(layer, "too long rows", expected=f"at most {_ROW_MAX}", found=source.shape[-1])
    params["in_offset"] = -source.zero_point
    return Kernel(layer, "hil_nn_l2_norm_s8", "hil_nn_rowwise_params", params, (), 0)


def log_softmax(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LOG_SOFTMAX over the last axis; the int8 output has scale 1/16 and zero point 127 by TFLite's definition."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if dtype == "float32":
        return Kernel(layer, "hil_nn_log_softmax_f32", "hil_nn_rowwise_params", _rowwise(source), (), 0)
    scale = quantized(graph, layer, source.index).scale
    if (quantized(graph, layer, target.index).scale, target.zero_point) != (1 / 16, 127):
        raise refuse(
            layer, "output scale", expected="1/16, zero point 127", found=f"{target.scale}, {target.zero_point}"
        )
    if source.shape[-1] >= _CLASSES_MAX:
        raise refuse(layer, "too many classes", expected=f"fewer than {_CLASSES_MAX}", found=source.shape[-1])
    pair = scaled_differences(layer, scale)
    inverse = fixedpoint.multiplier_and_shift(2.0 ** (31 - pair["left_shift"]) / pair["multiplier"])
    params: dict[str, Value] = {"rows": source.elements // source.shape[-1], "classes": source.shape[-1], **pair}
    params |= {"inverse_multiplier": inverse[0], "inverse_shift": inverse[1]}
    return Kernel(layer, "hil_nn_log_softmax_s8", "hil_nn_log_softmax_s8_params", params, (), 0)


def top_part(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """TOPK_V2: values (part 0) or their places (part 1); see the pass ``separate_outputs``."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    part = int(layer.options["part"])
    wanted = source.dtype if part == 0 else "int32"
    if source.dtype not in ("int8", "float32") or target.dtype != wanted:
        raise refuse(layer, "data types", expected=f"int8 or float32, {wanted} out", found=[source.dtype, target.dtype])
    if part == 0 and source.quantization != target.quantization:
        raise refuse(layer, "input and output scales differ", expected=source.quantization, found=target.quantization)
    params = _rowwise(source) | {"few": target.shape[-1]}
    name = f"top_{'places' if part else 'values'}_{'s8' if source.dtype == 'int8' else 'f32'}"
    return Kernel(layer, f"hil_nn_{name}", "hil_nn_rowwise_params", params, (), 0)


def cumsum(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """CUMSUM along a constant axis, float32 and plain int32."""
    dtype = same_dtype(graph, layer, "int32", "float32")
    shape = graph.tensor(layer.inputs[0]).shape
    (given,) = integers(graph, layer, 1)
    axis = given % len(shape)
    params: dict[str, Value] = {"outer": prod(shape[:axis]), "axis": shape[axis], "inner": prod(shape[axis + 1 :])}
    params |= {name: int(layer.options.get(name, 0)) for name in ("exclusive", "reverse")}
    return Kernel(
        layer, f"hil_nn_cumsum_{'f32' if dtype == 'float32' else 's32'}", "hil_nn_cumsum_params", params, (), 0
    )


def prelu(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """PRELU with one slope an element, broadcast."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    source, alpha, target = (graph.tensor(i) for i in (*layer.inputs, layer.outputs[0]))
    if alpha.dtype != dtype or np.broadcast_shapes(source.shape, alpha.shape) != source.shape:
        raise refuse(
            layer, "its slopes", expected=f"{dtype}{list(source.shape)}", found=f"{alpha.dtype}{list(alpha.shape)}"
        )
    extents, walks = merged(source.shape, steps(source.shape), broadcast_steps(alpha.shape, source.shape))
    extent, step_a, step_b = fitted(layer, AXES, extents, *walks)
    params: dict[str, Value] = {"pairs": {"extent": extent, "step_a": step_a, "step_b": step_b}}
    operands = (operand(graph, source.index, "a"), operand(graph, alpha.index, "b"))
    if dtype == "float32":
        params["greatest"] = 0
        return Kernel(layer, "hil_nn_prelu_f32", "hil_nn_extreme_params", params, (), 0, operands=operands)
    for tensor in (source, alpha, target):
        quantized(graph, layer, tensor.index)
    params |= {"in_offset": -source.zero_point, "alpha_offset": -alpha.zero_point, "out_offset": target.zero_point}
    ratio = np.float32(source.scale) / np.float32(target.scale)
    with_alpha = np.float32(source.scale) * np.float32(alpha.scale) / np.float32(target.scale)
    for prefix, real, reach in (("", ratio, 2**8), ("alpha_", with_alpha, 2**16)):
        pair = fixedpoint.multiplier_and_shift(float(real))
        if fixedpoint.accumulator_limit(*pair) < reach:
            raise refuse(layer, "the scales are too far apart", expected="a smaller ratio", found=float(real))
        params[f"{prefix}multiplier"], params[f"{prefix}shift"] = pair
    return Kernel(layer, "hil_nn_prelu_s8", "hil_nn_prelu_s8_params", params, (), 0, operands=operands)


def batch_matmul(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """BATCH_MATMUL with broadcast batches; either side may be transposed, or constant."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    a, b, out = (graph.tensor(i) for i in (*layer.inputs, layer.outputs[0]))
    if b.dtype != dtype:
        raise refuse(layer, "data types", expected=f"{dtype} twice", found=b.dtype)
    turned = [bool(layer.options.get(name, False)) for name in ("adjX", "adjY")]
    rows, columns = out.shape[-2:]
    depth = a.shape[-2] if turned[0] else a.shape[-1]
    batch = out.shape[:-2]
    walks = [
        [step * prod(t.shape[-2:]) for step in broadcast_steps(t.shape[:-2], batch)] if batch else [] for t in (a, b)
    ]
    extents, found = merged(batch, *walks)
    extent, step_a, step_b = fitted(layer, AXES, extents, *found)
    params: dict[str, Value] = {
        "batches": {"extent": extent, "step_a": step_a, "step_b": step_b},
        **{"rows": rows, "columns": columns, "depth": depth},
        **dict(zip(("a_row", "a_depth"), (1, rows) if turned[0] else (depth, 1), strict=True)),
        **dict(zip(("b_depth", "b_column"), (1, depth) if turned[1] else (columns, 1), strict=True)),
    }
    operands = (operand(graph, a.index, "a"), operand(graph, b.index, "b"))
    macs = prod(batch) * rows * columns * depth
    if dtype == "float32":
        params |= dict.fromkeys(("a_offset", "b_offset", "out_offset", "multiplier", "shift"), 0)
        return Kernel(layer, "hil_nn_matmul_f32", "hil_nn_matmul_params", params, (), macs, operands=operands)
    for tensor in (a, b, out):
        quantized(graph, layer, tensor.index)
    pair = fixedpoint.multiplier_and_shift(a.scale * b.scale / out.scale)
    reach = (
        depth
        * max(abs(-128 - a.zero_point), abs(127 - a.zero_point))
        * max(abs(-128 - b.zero_point), abs(127 - b.zero_point))
    )
    if reach > fixedpoint.accumulator_limit(*pair):
        raise refuse(
            layer, "an accumulator could overflow int32", expected=fixedpoint.accumulator_limit(*pair), found=reach
        )
    params |= {"a_offset": -a.zero_point, "b_offset": -b.zero_point, "out_offset": out.zero_point}
    params |= {"multiplier": pair[0], "shift": pair[1]}
    return Kernel(layer, "hil_nn_matmul_s8", "hil_nn_matmul_params", params, (), macs, operands=operands)


def _rowwise(source: IrTensor) -> dict[str, Value]:
    return {"rows": source.elements // source.shape[-1], "values": source.shape[-1], "few": 0, "in_offset": 0}

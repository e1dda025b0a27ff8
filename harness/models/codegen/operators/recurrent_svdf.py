"""SVDF, int8 (with int16 state) and float32: a filter over features, then one over the last steps, which the state holds."""

from __future__ import annotations

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import (
    Constant,
    Kernel,
    Options,
    Scratch,
    Value,
    constant,
    flat,
    optional_bias,
    quantized,
    refuse,
    same_dtype,
)
from harness.models.codegen.operators.window import float_range
from harness.models.ir import Graph, Layer

_STATE = 4
_RELU = 1


def svdf(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """One batch. Formula source: LiteRT's ``svdf`` (scales in double, order of the sums)."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    source, target, state = (graph.tensor(i) for i in (layer.inputs[0], layer.outputs[0], layer.inputs[_STATE]))
    features = constant(graph, layer, 1, dtype)
    times = constant(graph, layer, 2, "int16" if dtype == "int8" else dtype)
    bias = optional_bias(graph, layer, "int32" if dtype == "int8" else dtype, 3)
    if source.shape[0] != 1:
        raise refuse(layer, "only one batch", expected="[1, inputs]", found=list(source.shape))
    rank = int(layer.options["rank"])
    filters, inputs = features.shape
    params: dict[str, Value] = {"inputs": inputs, "filters": filters, "rank": rank, "memory": times.shape[1]}
    macs = filters * (inputs + times.shape[1])
    constants = (
        Constant("w", flat(features, dtype)),
        Constant("t", flat(times, times.dtype)),
        None if bias is None else Constant("b", bias),
    )
    if dtype == "float32":
        params["act_min"], params["act_max"] = float_range(layer)
        scratch = Scratch("float", 4 * filters)
        return Kernel(
            layer, "hil_nn_svdf_f32", "hil_nn_svdf_f32_params", params, constants, macs, scratch, state=state.index
        )
    if int(layer.options.get("fusedActivationFunction", 0)) != _RELU:  # which the zero point then stands for
        raise refuse(layer, "its activation", expected="RELU", found=layer.options["fusedActivationFunction"])
    scales = [quantized(graph, layer, t.index).scale for t in (source, features, state, times, target)]
    if state.dtype != "int16" or state.zero_point or features.zero_point or times.zero_point:
        raise refuse(layer, "its state or weights", expected="int16 state, zero points 0", found=state.dtype)
    pairs = [
        fixedpoint.multiplier_and_shift(float(np.float64(scales[0]) * scales[1] / scales[2])),
        fixedpoint.multiplier_and_shift(float(np.float64(scales[2]) * scales[3] / scales[4])),
    ]
    reach = [
        255 * int(np.abs(flat(features, "int32").reshape(filters, -1)).sum(axis=1).max()),
        2**15 * int(np.abs(flat(times, "int64").reshape(filters // rank, -1)).sum(axis=1).max()),
    ]
    reach[1] += 0 if bias is None else int(np.abs(bias.astype(np.int64)).max())
    for value, pair in zip(reach, pairs, strict=True):
        if value > fixedpoint.accumulator_limit(*pair):
            raise refuse(
                layer, "an accumulator could overflow int32", expected=fixedpoint.accumulator_limit(*pair), found=value
            )
    for name, pair in zip(("feature", "time"), pairs, strict=True):
        params[f"{name}_multiplier"], params[f"{name}_shift"] = pair
    params |= {"in_offset": -source.zero_point, "out_offset": target.zero_point}
    return Kernel(layer, "hil_nn_svdf_s8", "hil_nn_svdf_s8_params", params, constants, macs, state=state.index)

"""FULLY_CONNECTED, int8, float32 and of int8 weights on float32 data."""

from __future__ import annotations

from harness.models.codegen.kernel import (
    Constant,
    Kernel,
    Options,
    Value,
    constant,
    flat,
    optional_bias,
    refuse,
    same_dtype,
)
from harness.models.codegen.operators import hybrid, wide
from harness.models.codegen.operators.weighted import int8_constants
from harness.models.codegen.operators.window import float_range, raw_range
from harness.models.ir import Graph, Layer

_ROUND_ONCE, _ROUND_TWICE = 0, 1  # enum hil_nn_rounding


def lower(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """Weights are [outputs, inputs]; whatever the input's shape, it is read as rows of ``inputs`` values."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32")
    mixed = hybrid.is_hybrid(graph, layer)
    weights = constant(graph, layer, 1, "int8" if mixed or dtype == "int16" else dtype)
    if layer.options.get("weightsFormat", 0) != 0:
        raise refuse(layer, "shuffled weights", expected="weights format 0", found=layer.options["weightsFormat"])
    outputs, inputs = weights.shape
    elements = graph.tensor(layer.inputs[0]).elements
    if inputs == 0 or elements % inputs or max(inputs, outputs) > 0xFFFF:
        raise refuse(
            layer, "input and weights do not fit", expected=f"rows of {inputs} values", found=f"{elements} values"
        )
    rows = elements // inputs
    macs = rows * inputs * outputs
    params: dict[str, Value] = {"rows": rows, "inputs": inputs, "outputs": outputs}
    if mixed:
        return hybrid.dense(graph, layer, params, macs)
    if dtype == "int16":
        return wide.dense(graph, layer, params, macs)
    if dtype == "float32":
        params["act_min"], params["act_max"] = float_range(layer)
        bias = optional_bias(graph, layer, dtype)
        constants = (Constant("w", flat(weights, dtype)), None if bias is None else Constant("b", bias))
        return Kernel(layer, "hil_nn_dense_f32", "hil_nn_dense_f32_params", params, constants, macs)
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    int8 = int8_constants(graph, layer, outputs, 0).constants
    params |= {
        "rounding": _ROUND_TWICE if options.round_dense_twice else _ROUND_ONCE,
        "in_offset": -source.zero_point,
        "out_offset": target.zero_point,
    }
    params["act_min"], params["act_max"] = raw_range(layer, target)
    return Kernel(layer, "hil_nn_dense_s8", "hil_nn_dense_s8_params", params, int8, macs)

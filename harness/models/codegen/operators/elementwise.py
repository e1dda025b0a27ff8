"""Operators on one value at a time. Those from int8 to int8 become a table of 256 outputs, computed here exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, Kernel, Options, quantized, refuse, same_dtype
from harness.models.codegen.operators import wide
from harness.models.codegen.operators.window import FLOAT_MAX
from harness.models.ir import Graph, Layer

_CLAMPS = {
    "RELU": (1, 0.0, FLOAT_MAX),
    "RELU_N1_TO_1": (2, -1.0, 1.0),
    "RELU6": (3, 0.0, 6.0),
}  # fused activation number, real bounds


def logistic(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LOGISTIC; the int8 output has scale 1/256 and zero point -128 by TFLite's definition."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32")
    if dtype == "int16":
        return wide.logistic(graph, layer)
    if dtype == "float32":
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, "hil_nn_logistic_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if (target.scale, target.zero_point) != (1 / 256, -128):
        raise refuse(
            layer, "output scale", expected="1/256, zero point -128", found=f"{target.scale}, {target.zero_point}"
        )
    return table_of(graph, layer, fixedpoint.logistic_table(source.scale, source.zero_point))


def tanh(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """TANH; the int8 output has scale 1/128 and zero point 0 by TFLite's definition."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32")
    if dtype == "int16":
        return wide.logistic(graph, layer)
    if dtype == "float32":
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, "hil_nn_tanh_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if (target.scale, target.zero_point) != (1 / 128, 0):
        raise refuse(
            layer, "output scale", expected="1/128, zero point 0", found=f"{target.scale}, {target.zero_point}"
        )
    return table_of(graph, layer, fixedpoint.tanh_table(source.scale, source.zero_point))


def hard_swish(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """HARD_SWISH."""
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, "hil_nn_hard_swish_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    table = fixedpoint.hard_swish_table(source.scale, source.zero_point, target.scale, target.zero_point)
    return table_of(graph, layer, table)


def leaky_relu(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LEAKY_RELU."""
    alpha = float(layer.options.get("alpha", 0.0))
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        params = {"elements": graph.tensor(layer.outputs[0]).elements, "alpha": alpha}
        return Kernel(layer, "hil_nn_leaky_f32", "hil_nn_leaky_f32_params", params, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    table = fixedpoint.leaky_table(source.scale, source.zero_point, target.scale, target.zero_point, alpha)
    return table_of(graph, layer, table)


def clamp(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """RELU, RELU_N1_TO_1 and RELU6 that could not be fused."""
    activation, low, high = _CLAMPS[layer.op]
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        params = {"elements": graph.tensor(layer.outputs[0]).elements, "act_min": low, "act_max": high}
        return Kernel(layer, "hil_nn_clamp_f32", "hil_nn_clamp_f32_params", params, (), 0)
    return rescaled(graph, layer, activation)


def rescaled(graph: Graph, layer: Layer, activation: int) -> Kernel:
    """int8 to int8 at another scale, with a fused activation's range."""
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    low, high = fixedpoint.activation_range(activation, target.scale, target.zero_point)
    table = fixedpoint.rescaling_table(source.scale, source.zero_point, target.scale, target.zero_point, low, high)
    return table_of(graph, layer, table)


def table_of(graph: Graph, layer: Layer, table: Sequence[int]) -> Kernel:
    """The lookup in 256 raw outputs, for raw inputs -128..127."""
    params = {"elements": graph.tensor(layer.outputs[0]).elements}
    constants = (Constant("t", np.array(table, np.int8)),)
    return Kernel(layer, "hil_nn_lut_s8", "hil_nn_elementwise_params", params, constants, 0, over={layer.inputs[0]: 0})

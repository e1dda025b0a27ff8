"""Operators on one value at a time. Those from int8 to int8 become a table of 256 outputs, computed here exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, Kernel, Options, quantized, refuse, same_dtype
from harness.models.codegen.operators.window import FLOAT_MAX
from harness.models.ir import Graph, Layer

_CLAMPS = {
    "RELU": (1, 0.0, FLOAT_MAX),
    "RELU_N1_TO_1": (2, -1.0, 1.0),
    "RELU6": (3, 0.0, 6.0),
}  # fused activation number, real bounds


def logistic(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LOGISTIC; the int8 output has scale 1/256 and zero point -128 by TFLite's definition."""
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, "hil_nn_logistic_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if (target.scale, target.zero_point) != (1 / 256, -128):
        raise refuse(
            layer, "output scale", expected="1/256, zero point -128", found=f"{target.scale}, {target.zero_point}"
        )
    return _table(graph, layer, fixedpoint.logistic_table(source.scale, source.zero_point))


def tanh(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """TANH; the int8 output has scale 1/128 and zero point 0 by TFLite's definition."""
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, "hil_nn_tanh_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if (target.scale, target.zero_point) != (1 / 128, 0):
        raise refuse(
            layer, "output scale", expected="1/128, zero point 0", found=f"{target.scale}, {target.zero_point}"
        )
    return _table(graph, layer, fixedpoint.tanh_table(source.scale, source.zero_point))


def hard_swish(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """HARD_SWISH."""
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, "hil_nn_hard_swish_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    table = fixedpoint.hard_swish_table(source.scale, source.zero_point, target.scale, target.zero_point)
    return _table(graph, layer, table)


def leaky_relu(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LEAKY_RELU."""
    alpha = float(layer.options.get("alpha", 0.0))
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        params = {"elements": graph.tensor(layer.outputs[0]).elements, "alpha": alpha}
        return Kernel(layer, "hil_nn_leaky_f32", "hil_nn_leaky_f32_params", params, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    table = fixedpoint.leaky_table(source.scale, source.zero_point, target.scale, target.zero_point, alpha)
    return _table(graph, layer, table)


def clamp(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """RELU, RELU_N1_TO_1 and RELU6 that could not be fused."""
    activation, low, high = _CLAMPS[layer.op]
    if same_dtype(graph, layer, "int8", "float32") == "float32":
        params = {"elements": graph.tensor(layer.outputs[0]).elements, "act_min": low, "act_max": high}
        return Kernel(layer, "hil_nn_clamp_f32", "hil_nn_clamp_f32_params", params, (), 0)
    return _rescaled(graph, layer, activation)


def quantize(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """QUANTIZE from float32 or from another int8 scale, to int8."""
    source, target = graph.tensor(layer.inputs[0]), quantized(graph, layer, layer.outputs[0])
    if (source.dtype, target.dtype) == ("int8", "int8"):
        return _rescaled(graph, layer, 0)
    if (source.dtype, target.dtype) != ("float32", "int8"):
        raise refuse(layer, "data types", expected="float32 or int8 to int8", found=f"{source.dtype} to {target.dtype}")
    params = {"elements": target.elements, "scale": target.scale, "zero_point": target.zero_point}
    return Kernel(layer, "hil_nn_quantize_f32_s8", "hil_nn_quantize_params", params, (), 0)


def dequantize(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """DEQUANTIZE from int8 to float32."""
    source, target = quantized(graph, layer, layer.inputs[0]), graph.tensor(layer.outputs[0])
    if (source.dtype, target.dtype) != ("int8", "float32"):
        raise refuse(layer, "data types", expected="int8 to float32", found=f"{source.dtype} to {target.dtype}")
    params = {"elements": source.elements, "scale": source.scale, "zero_point": source.zero_point}
    return Kernel(layer, "hil_nn_dequantize_s8_f32", "hil_nn_quantize_params", params, (), 0)


def _rescaled(graph: Graph, layer: Layer, activation: int) -> Kernel:
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    low, high = fixedpoint.activation_range(activation, target.scale, target.zero_point)
    table = fixedpoint.rescaling_table(source.scale, source.zero_point, target.scale, target.zero_point, low, high)
    return _table(graph, layer, table)


def _table(graph: Graph, layer: Layer, table: Sequence[int]) -> Kernel:
    params = {"elements": graph.tensor(layer.outputs[0]).elements}
    constants = (Constant("t", np.array(table, np.int8)),)
    return Kernel(layer, "hil_nn_lut_s8", "hil_nn_elementwise_params", params, constants, 0)

"""SOFTMAX over the last axis, int8 and float32."""

from __future__ import annotations

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Kernel, Options, Value, quantized, refuse, same_dtype
from harness.models.codegen.operators import wide
from harness.models.ir import Graph, Layer

_INTEGER_BITS = 5  # of the scaled differences: Q5.26
_CLASSES_MAX_S8 = 511  # from 512 on the reference's final shift exceeds 31


def lower(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """The int8 output has scale 1/256 and zero point -128 by TFLite's definition."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32")
    if dtype == "int16":
        return wide.softmax(graph, layer)
    shape = graph.tensor(layer.inputs[0]).shape
    classes = shape[-1]
    rows = graph.tensor(layer.inputs[0]).elements // classes
    beta = float(layer.options.get("beta", 0.0))
    params: dict[str, Value] = {"rows": rows, "classes": classes}
    if dtype == "float32":
        return Kernel(layer, "hil_nn_softmax_f32", "hil_nn_softmax_f32_params", params | {"beta": beta}, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if (target.scale, target.zero_point) != (1 / 256, -128):
        raise refuse(
            layer, "output scale", expected="1/256, zero point -128", found=f"{target.scale}, {target.zero_point}"
        )
    if classes > _CLASSES_MAX_S8:
        raise refuse(layer, "too many classes", expected=f"at most {_CLASSES_MAX_S8}", found=classes)
    params |= scaled_differences(layer, beta * source.scale)
    return Kernel(layer, "hil_nn_softmax_s8", "hil_nn_softmax_s8_params", params, (), 0)


def scaled_differences(layer: Layer, scale: float) -> dict[str, int]:
    """How differences of raw values of that scale become exponents in Q5.26, and from which on e^x counts as 0."""
    real = min(scale * 2 ** (31 - _INTEGER_BITS), 2.0**31 - 1)
    multiplier, left_shift = fixedpoint.multiplier_and_shift(real)
    if left_shift < 1:
        raise refuse(layer, "the input scale is too small", expected="beta * scale * 2^26 > 1", found=real)
    radius = fixedpoint.input_radius(_INTEGER_BITS, left_shift)
    return {"multiplier": multiplier, "left_shift": left_shift, "diff_min": -radius}

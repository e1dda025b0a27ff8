"""MAX_POOL_2D and AVERAGE_POOL_2D, and L2_POOL_2D in float32."""

from __future__ import annotations

from harness.models.codegen.kernel import Kernel, Options, Value, quantized, refuse, same_dtype
from harness.models.codegen.operators import wide
from harness.models.codegen.operators.window import float_range, raw_range, window_of
from harness.models.ir import Graph, Layer


def lower(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """int8 pooling needs the same scale and zero point on both sides, as the converters give it."""
    dtype = same_dtype(graph, layer, "float32", *(["int8", "int16"] if layer.op != "L2_POOL_2D" else []))
    stem = {"MAX_POOL_2D": "maxpool", "AVERAGE_POOL_2D": "avgpool", "L2_POOL_2D": "l2pool"}[layer.op]
    window = window_of(graph, layer, int(layer.options["filterHeight"]), int(layer.options["filterWidth"]))
    if dtype == "int16":
        return wide.pool(graph, layer, window)
    params: dict[str, Value] = {"window": window.as_params()}
    if dtype == "float32":
        params["act_min"], params["act_max"] = float_range(layer)
        return Kernel(layer, f"hil_nn_{stem}_f32", "hil_nn_conv_f32_params", params, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if source.quantization != target.quantization:
        raise refuse(layer, "input and output scales differ", expected=source.quantization, found=target.quantization)
    params["act_min"], params["act_max"] = raw_range(layer, target)
    over = {layer.inputs[0]: window.distance()}
    return Kernel(layer, f"hil_nn_{stem}_s8", "hil_nn_pool_s8_params", params, (), 0, over=over)

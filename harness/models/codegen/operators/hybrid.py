"""int8 weights on float32 data: what converters call dynamic range quantisation. CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""

from __future__ import annotations

import numpy as np

from harness.models.codegen.kernel import Constant, Kernel, Scratch, Value, constant, flat, optional_bias, refuse
from harness.models.codegen.operators.window import Window, float_range
from harness.models.ir import Graph, IrTensor, Layer

_TAPS_MAX = 2**16  # products of at most 255 x 128 in one sum, which then stays below 2^31


def is_hybrid(graph: Graph, layer: Layer) -> bool:
    """Whether the layer's data is float32 and its weights are an int8 constant."""
    source, weights = (graph.tensor(i) for i in layer.inputs[:2])
    return source.dtype == "float32" and weights.dtype == "int8" and weights.data is not None


def dense(graph: Graph, layer: Layer, sizes: dict[str, Value], macs: int) -> Kernel:
    """FULLY_CONNECTED; ``sizes`` are its rows, inputs and outputs."""
    weights = constant(graph, layer, 1, "int8")
    outputs, inputs = weights.shape
    scales = _scales(layer, weights, outputs, 0)
    low, high = float_range(layer)
    params: dict[str, Value] = {
        "dense": {**sizes, "act_min": low, "act_max": high},
        "asymmetric": int(layer.options.get("asymmetricQuantizeInputs", False)),
        "per_channel": int(len(scales) > 1),
    }
    _check_taps(layer, inputs)
    scratch = Scratch("int8_t", inputs)
    constants = _constants(graph, layer, weights, scales)
    return Kernel(layer, "hil_nn_hybrid_dense", "hil_nn_hybrid_dense_params", params, constants, macs, scratch)


def convolution(graph: Graph, layer: Layer, window: Window, groups: int, macs: int) -> Kernel:
    """CONV_2D and DEPTHWISE_CONV_2D. With one scale for all filters (which one filter has anyway) the reference quantises the
    image by its greatest magnitude; a depthwise convolution needs a scale for each channel."""
    depthwise = layer.op == "DEPTHWISE_CONV_2D"
    weights = constant(graph, layer, 1, "int8")
    scales = _scales(layer, weights, window.out_c, 3 if depthwise else 0)
    by_filter = depthwise or len(scales) > 1
    if by_filter and len(scales) != window.out_c:
        raise refuse(layer, "one scale for all channels", expected=f"{window.out_c} scales", found=len(scales))
    if not by_filter and groups > 1:
        raise refuse(layer, "one scale for filters in groups", expected=f"{window.out_c} scales", found=1)
    low, high = float_range(layer)
    params: dict[str, Value] = {
        "conv": {"window": window.as_params(), "act_min": low, "act_max": high},
        "groups": groups,
        "depthwise": int(depthwise),
        "asymmetric": int(by_filter),
    }
    _check_taps(layer, window.k_h * window.k_w * window.in_c // groups)
    scratch = Scratch("int8_t", window.in_h * window.in_w * window.in_c)
    constants = _constants(graph, layer, weights, scales if by_filter else scales * window.out_c)
    return Kernel(layer, "hil_nn_hybrid_conv", "hil_nn_hybrid_conv_params", params, constants, macs, scratch)


def _check_taps(layer: Layer, taps: int) -> None:
    if taps > _TAPS_MAX:
        raise refuse(layer, "too many products in one sum", expected=f"at most {_TAPS_MAX}", found=taps)


def _scales(layer: Layer, weights: IrTensor, channels: int, axis: int) -> tuple[float, ...]:
    q = weights.quantization
    if q is None or any(q.zero_points) or any(s < 0 for s in q.scales):
        raise refuse(layer, "weights must be symmetric", expected="zero point 0", found=q)
    if not q.per_tensor and (len(q.scales) != channels or q.axis != axis):
        raise refuse(
            layer, "weight scales do not match the output channels", expected=f"{channels} along axis {axis}", found=q
        )
    return q.scales


def _constants(graph: Graph, layer: Layer, weights: IrTensor, scales: tuple[float, ...]) -> tuple[Constant | None, ...]:
    bias = optional_bias(graph, layer, "float32")
    return (
        Constant("w", flat(weights, "int8")),
        None if bias is None else Constant("b", bias),
        Constant("f", np.array(scales, np.float32)),
    )

"""CONV_2D and DEPTHWISE_CONV_2D, int8 and float32."""

from __future__ import annotations

from harness.models.codegen.kernel import (
    Constant,
    Kernel,
    Options,
    Scratch,
    Value,
    constant,
    flat,
    optional_bias,
    refuse,
    same_dtype,
)
from harness.models.codegen.operators.weighted import int8_constants
from harness.models.codegen.operators.window import Window, float_range, raw_range, window_of
from harness.models.ir import Graph, Layer

_BLOCK_MIN, _BLOCK_MAX, _SCRATCH_BYTES = 8, 32, 4096


def lower(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """CONV_2D weights are [out, h, w, in], DEPTHWISE_CONV_2D's [1, h, w, out]. Grouped convolutions are refused."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    depthwise = layer.op == "DEPTHWISE_CONV_2D"
    weights = constant(graph, layer, 1, dtype)
    window = window_of(graph, layer, weights.shape[1], weights.shape[2])
    _check_channels(layer, weights.shape, window, depthwise)
    taps = window.k_h * window.k_w * (1 if depthwise else window.in_c)
    macs = window.out_h * window.out_w * window.out_c * taps
    stem = "dwconv" if depthwise else "conv"
    params: dict[str, Value] = {"window": window.as_params()}
    constants: tuple[Constant | None, ...]
    if dtype == "float32":
        params["act_min"], params["act_max"] = float_range(layer)
        bias = optional_bias(graph, layer, dtype)
        constants = (Constant("w", flat(weights, dtype)), None if bias is None else Constant("b", bias))
        return Kernel(layer, f"hil_nn_{stem}_f32", "hil_nn_conv_f32_params", params, constants, macs)
    constants = int8_constants(graph, layer, window.out_c, 3 if depthwise else 0)
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    params |= {"in_offset": -source.zero_point, "out_offset": target.zero_point}
    params["act_min"], params["act_max"] = raw_range(layer, target)
    scratch = None
    if not depthwise:
        params["block"] = block = _block(window.out_h * window.out_w, taps)
        scratch = Scratch("int16_t", _scratch_bytes(taps, block))
    return Kernel(layer, f"hil_nn_{stem}_s8", "hil_nn_conv_s8_params", params, constants, macs, scratch)


def _block(pixels: int, taps: int) -> int:
    """Output pixels gathered at once. Filters are widened once per block, so more is faster; even by contract."""
    room = _SCRATCH_BYTES // (2 * max(taps, 1))
    return min(max(_BLOCK_MIN, min(room, _BLOCK_MAX)), pixels + pixels % 2) // 2 * 2


def _scratch_bytes(taps: int, block: int) -> int:
    """``HIL_NN_CONV_S8_SCRATCH_BYTES``."""
    return -(-taps // 4) * 4 * (2 * block + 5)


def _check_channels(layer: Layer, shape: tuple[int, ...], window: Window, depthwise: bool) -> None:
    expected: list[int]
    if depthwise:
        expected = [1, window.k_h, window.k_w, window.out_c]
        fits = window.out_c % window.in_c == 0
    else:
        expected = [window.out_c, window.k_h, window.k_w, window.in_c]
        fits = True
    if list(shape) != expected or not fits:
        raise refuse(layer, "grouped or misshapen weights", expected=expected, found=list(shape))

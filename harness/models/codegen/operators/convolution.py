"""CONV_2D (grouped too), DEPTHWISE_CONV_2D and TRANSPOSE_CONV, int8 and float32."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

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
from harness.models.codegen.operators import hybrid
from harness.models.codegen.operators import wide as wide16
from harness.models.codegen.operators.weighted import int8_constants
from harness.models.codegen.operators.window import Window, float_range, raw_range, transposed_window, window_of
from harness.models.ir import Graph, Layer

_BLOCK_MIN, _BLOCK_MAX, _SCRATCH_BYTES = 8, 24, 4096
_FRUGAL = 2  # by contract
_TILE_BYTES, _BLOCK_LIMIT = 2048, 0xFFFF


def lower(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """CONV_2D weights are [out, h, w, in / groups], DEPTHWISE_CONV_2D's [1, h, w, out]."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32")
    depthwise = layer.op == "DEPTHWISE_CONV_2D"
    mixed = hybrid.is_hybrid(graph, layer)
    weights = constant(graph, layer, 1, "int8" if mixed or dtype == "int16" else dtype)
    window = window_of(graph, layer, weights.shape[1], weights.shape[2])
    groups = _groups(layer, weights.shape, window, depthwise)
    depth = 1 if depthwise else window.in_c // groups
    taps = window.k_h * window.k_w * depth
    macs = window.out_h * window.out_w * window.out_c * taps
    if mixed:
        return hybrid.convolution(graph, layer, window, groups, macs)
    if dtype == "int16":
        return wide16.convolution(graph, layer, window, groups, macs)
    stem = "dwconv" if depthwise else "conv" if groups == 1 else "grouped_conv"
    params, constants, wide = _finish(graph, layer, dtype, window, (1, 2, 3 if depthwise else 0))
    suffix = "f32" if dtype == "float32" else "s8"
    if wide:  # beyond what the fast kernels' rescaling takes
        if depthwise:  # [h, w, out] becomes [out, h, w]
            by_filter = np.moveaxis(flat(weights, dtype).reshape(window.k_h, window.k_w, window.out_c), -1, 0)
            constants = (Constant("w", np.ascontiguousarray(by_filter).reshape(-1)), *constants[1:])
        stem = "grouped_conv"
    if stem == "grouped_conv":
        params = {"conv": params, "groups": groups}
        kind = f"hil_nn_grouped_conv_{suffix}_params"
    else:
        kind = f"hil_nn_conv_{suffix}_params"
    scratch, over = None, {}
    if (stem, suffix) == ("conv", "s8"):
        params["block"] = block = _block(window.out_h * window.out_w, taps)
        scratch = Scratch("int16_t", _scratch_bytes(taps, block))
        over = {layer.inputs[0]: window.distance()}
    elif (stem, suffix) == ("dwconv", "s8"):
        rows, columns = _tile(window)
        params["block"] = rows * columns
        scratch = Scratch("int8_t", _tile_bytes(window, rows, columns))
        if window.out_c == window.in_c:
            over = {layer.inputs[0]: window.distance(whole_pixels=True)}
    elif suffix == "f32" and stem != "grouped_conv":
        over = {layer.inputs[0]: 4 * window.distance()}
    return Kernel(layer, f"hil_nn_{stem}_{suffix}", kind, params, constants, macs, scratch, over=over)


def transposed(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """TRANSPOSE_CONV: inputs are the output's shape, weights [out, h, w, in], the image and an optional bias."""
    target, source = graph.tensor(layer.outputs[0]), graph.tensor(layer.inputs[2])
    dtype = target.dtype
    weights = constant(graph, layer, 1, dtype)
    if source.dtype != dtype or dtype not in ("int8", "float32"):
        raise refuse(layer, "unsupported data types", expected="int8 or float32 in and out", found=source.dtype)
    if len(source.shape) != 4 or weights.shape[3] != source.shape[3]:
        raise refuse(layer, "input and weights do not fit", expected=list(weights.shape), found=list(source.shape))
    window = transposed_window(layer, source, target, weights.shape[1], weights.shape[2])
    macs = window.in_h * window.in_w * window.in_c * window.k_h * window.k_w * window.out_c
    params, constants, _ = _finish(graph, layer, dtype, window, (1, 3, 0), image=2)
    suffix = "f32" if dtype == "float32" else "s8"
    return Kernel(
        layer,
        f"hil_nn_transpose_conv_{suffix}",
        f"hil_nn_conv_{suffix}_params",
        params,
        constants,
        macs,
        operands=(source.index,),
    )


def _finish(
    graph: Graph, layer: Layer, dtype: str, window: Window, places: tuple[int, int, int], image: int = 0
) -> tuple[dict[str, Value], tuple[Constant | None, ...], bool]:
    """(parameters, constants, whether accumulators may reach 2^30); ``places`` are the inputs that hold weights and bias, and
    the weights' channel axis."""
    at_weights, at_bias, axis = places
    params: dict[str, Value] = {"window": window.as_params()}
    if dtype == "float32":
        params["act_min"], params["act_max"] = float_range(layer)
        bias = optional_bias(graph, layer, dtype, at_bias)
        weights = flat(constant(graph, layer, at_weights, dtype), dtype)
        return params, (Constant("w", weights), None if bias is None else Constant("b", bias)), False
    weighted = int8_constants(graph, layer, window.out_c, axis, image=image, bias_at=at_bias)
    source, target = graph.tensor(layer.inputs[image]), graph.tensor(layer.outputs[0])
    params |= {"in_offset": -source.zero_point, "out_offset": target.zero_point}
    params["act_min"], params["act_max"] = raw_range(layer, target)
    return params, weighted.constants, weighted.wide


def _block(pixels: int, taps: int) -> int:
    """Output pixels gathered at once. Filters are widened once per block, so more is faster; even by contract."""
    room = _SCRATCH_BYTES // (2 * max(taps, 1)) - 2
    return max(_FRUGAL, min(max(_BLOCK_MIN, min(room, _BLOCK_MAX)), pixels + pixels % 2) // 2 * 2)


def _scratch_bytes(taps: int, block: int) -> int:
    """``HIL_NN_CONV_S8_SCRATCH_BYTES``."""
    return -(-taps // 4) * 4 * (5 if block == _FRUGAL else 2 * block + 9)


def _tile(window: Window) -> tuple[int, int]:
    """Rows and columns of the output pixels that a depthwise convolution gathers for at once: rows, or a part of one."""
    for rows in range(window.out_h, 0, -1):
        if _tile_bytes(window, rows, window.out_w) <= _TILE_BYTES and rows * window.out_w <= _BLOCK_LIMIT:
            return rows, window.out_w
    for columns in range(window.out_w, 1, -1):
        if _tile_bytes(window, 1, columns) <= _TILE_BYTES:
            return 1, columns
    return 1, 1


def _tile_bytes(window: Window, rows: int, columns: int) -> int:
    """``HIL_NN_DWCONV_S8_SCRATCH_BYTES``."""
    in_rows = (rows - 1) * window.stride_h + (window.k_h - 1) * window.dilation_h + 1
    in_columns = (columns - 1) * window.stride_w + (window.k_w - 1) * window.dilation_w + 1
    return 4 * in_rows * in_columns


def frugal(kernel: Kernel) -> Kernel:
    """A convolution that takes two pixels at a time, slower and with little scratch memory; another kernel as it is."""
    if kernel.function != "hil_nn_conv_s8" or kernel.scratch is None:
        return kernel
    scratch = Scratch(kernel.scratch.ctype, _scratch_bytes(_taps(kernel), _FRUGAL))
    return replace(kernel, params={**kernel.params, "block": _FRUGAL}, scratch=scratch)


def _taps(kernel: Kernel) -> int:
    window = kernel.params["window"]
    assert isinstance(window, Mapping)
    return math.prod(int(str(window[axis])) for axis in ("k_h", "k_w", "in_c"))


def _groups(layer: Layer, shape: tuple[int, ...], window: Window, depthwise: bool) -> int:
    """In how many groups the channels are; the input's channels for a depthwise convolution."""
    expected: list[int]
    if depthwise:
        groups = window.in_c
        expected = [1, window.k_h, window.k_w, window.out_c]
    else:
        groups = window.in_c // shape[3] if shape[3] else 0
        expected = [window.out_c, window.k_h, window.k_w, window.in_c // max(groups, 1)]
    if list(shape) != expected or groups < 1 or window.in_c % groups or window.out_c % groups:
        raise refuse(layer, "misshapen weights", expected=expected, found=list(shape))
    return groups

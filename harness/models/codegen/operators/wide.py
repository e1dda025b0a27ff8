"""int16 data with int8 weights, which converters call 16x8: zero points are 0, accumulators int64."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from harness.models.codegen import fixedpoint, tables16
from harness.models.codegen.kernel import Constant, Kernel, Value, constant, flat, quantized, refuse
from harness.models.codegen.operators.weighted import weight_scales
from harness.models.codegen.operators.window import Window, activation
from harness.models.ir import Array, Graph, IrTensor, Layer

_Wide = npt.NDArray[np.int64]
_ACC_MAX = 2**46  # of an accumulator, for its product with 15 bits to stay within int64
_SHIFT_MAX = 7
_INPUT_BITS = 12  # fractional bits that the logistic function and tanh want


def raw_range(layer: Layer, output: IrTensor) -> tuple[int, int]:
    """The int16 bounds of the layer's fused activation."""
    low, high = {0: (None, None), 1: (0.0, None), 2: (-1.0, 1.0), 3: (0.0, 6.0)}[activation(layer)]

    def raw(real: float) -> int:
        steps = float(np.float32(real) / np.float32(output.scale))
        return int(math.copysign(math.floor(abs(steps) + 0.5), steps))

    least, most = -(2**15), 2**15 - 1
    return least if low is None else max(least, raw(low)), most if high is None else min(most, raw(high))


def symmetric(graph: Graph, layer: Layer, index: int) -> IrTensor:
    """The int16 tensor of that index, whose zero point must be 0."""
    tensor = quantized(graph, layer, index)
    if tensor.dtype != "int16" or tensor.zero_point:
        raise refuse(
            layer,
            f"tensor {tensor.name!r}",
            expected="int16, zero point 0",
            found=f"{tensor.dtype}, {tensor.zero_point}",
        )
    return tensor


def convolution(graph: Graph, layer: Layer, window: Window, groups: int, macs: int) -> Kernel:
    """CONV_2D and DEPTHWISE_CONV_2D."""
    source, target = symmetric(graph, layer, layer.inputs[0]), symmetric(graph, layer, layer.outputs[0])
    depthwise = layer.op == "DEPTHWISE_CONV_2D"
    weights = constant(graph, layer, 1, "int8")
    axis = 3 if depthwise else 0
    scales = weight_scales(layer, weights, window.out_c, axis)
    pairs = [fixedpoint.multiplier_and_shift(source.scale * s / target.scale) for s in scales]
    bias = _bias(graph, layer)
    reach = _reach(weights, axis, bias)
    if int(reach.max()) >= _ACC_MAX or max(shift for _, shift in pairs) > _SHIFT_MAX:
        raise refuse(
            layer, "an accumulator or a scale is too great", expected="below 2^46, a ratio below 2^7", found=reach.max()
        )
    least, most = raw_range(layer, target)
    for channel, (multiplier, shift) in enumerate(pairs):
        if int(reach[channel]) * multiplier >> (31 - shift) >= 2**31:
            raise refuse(
                layer, f"channel {channel} leaves int32 when rescaled", expected="below 2^31", found=int(reach[channel])
            )
    params: dict[str, Value] = {
        "window": window.as_params(),
        **{"groups": groups, "depthwise": int(depthwise), "act_min": least, "act_max": most},
    }
    constants = (
        Constant("w", flat(weights, "int8")),
        None if bias is None else Constant("b", _words(bias)),
        Constant("m", np.array([m for m, _ in pairs], np.int32)),
        Constant("s", np.array([s for _, s in pairs], np.int8)),
    )
    return Kernel(layer, "hil_nn_conv_s16", "hil_nn_conv_s16_params", params, constants, macs)


def dense(graph: Graph, layer: Layer, sizes: dict[str, Value], macs: int) -> Kernel:
    """FULLY_CONNECTED; ``sizes`` are its rows, inputs and outputs."""
    source, target = symmetric(graph, layer, layer.inputs[0]), symmetric(graph, layer, layer.outputs[0])
    weights = constant(graph, layer, 1, "int8")
    scales = weight_scales(layer, weights, weights.shape[0], 0)
    bias = _bias(graph, layer)
    if int(_reach(weights, 0, bias).max()) >= _ACC_MAX:
        raise refuse(
            layer, "an accumulator is too great", expected="below 2^46", found=int(_reach(weights, 0, bias).max())
        )
    least, most = raw_range(layer, target)
    constants = (
        Constant("w", flat(weights, "int8")),
        None if bias is None else Constant("b", _words(bias)),
        Constant("f", _words(np.array([source.scale * s / target.scale for s in scales], np.float64))),
    )
    params = {**sizes, "act_min": least, "act_max": most}
    return Kernel(layer, "hil_nn_dense_s16", "hil_nn_dense_s16_params", params, constants, macs)


def _words(values: Array) -> Array:
    """64 bits a value as two words, the lower one first."""
    little = values.astype(values.dtype.newbyteorder("<"))
    return np.frombuffer(little.tobytes(), "<i4").astype(np.int32)


def _reach(weights: IrTensor, axis: int, bias: _Wide | None) -> _Wide:
    """The largest magnitude of each channel's accumulator."""
    assert weights.data is not None
    by_channel = np.moveaxis(np.abs(weights.data.astype(np.int64)), axis, -1)
    sums: _Wide = by_channel.reshape(-1, by_channel.shape[-1]).sum(axis=0) * 2**15
    return sums if bias is None else sums + np.abs(bias)


def pool(graph: Graph, layer: Layer, window: Window) -> Kernel:
    """MAX_POOL_2D and AVERAGE_POOL_2D, of one scale."""
    source, target = symmetric(graph, layer, layer.inputs[0]), symmetric(graph, layer, layer.outputs[0])
    if source.quantization != target.quantization:
        raise refuse(layer, "input and output scales differ", expected=source.quantization, found=target.quantization)
    least, most = raw_range(layer, target)
    params: dict[str, Value] = {
        "window": window.as_params(),
        "groups": 1,
        "depthwise": 0,
        "act_min": least,
        "act_max": most,
    }
    name = "maxpool" if layer.op == "MAX_POOL_2D" else "avgpool"
    return Kernel(layer, f"hil_nn_{name}_s16", "hil_nn_conv_s16_params", params, (), 0)


def logistic(graph: Graph, layer: Layer) -> Kernel:
    """LOGISTIC and TANH, whose output has scale 2^-15."""
    source, target = symmetric(graph, layer, layer.inputs[0]), symmetric(graph, layer, layer.outputs[0])
    if target.scale != 2.0**-15:
        raise refuse(layer, "output scale", expected="2^-15", found=target.scale)
    multiplier, shift = _sigmoid_scale(layer, source.scale, layer.op)
    params = {"elements": target.elements, "multiplier": multiplier, "shift": shift}
    name = "logistic" if layer.op == "LOGISTIC" else "tanh"
    constants = (Constant("t", tables16.logistic()),)
    return Kernel(layer, f"hil_nn_{name}_s16", "hil_nn_sigmoid_s16_params", params, constants, 0)


def softmax(graph: Graph, layer: Layer) -> Kernel:
    """SOFTMAX over the last axis, to scale 2^-15."""
    source, target = symmetric(graph, layer, layer.inputs[0]), symmetric(graph, layer, layer.outputs[0])
    if target.scale != 2.0**-15:
        raise refuse(layer, "output scale", expected="2^-15", found=target.scale)
    beta = np.float32(layer.options.get("beta", 0.0))
    multiplier, shift = fixedpoint.multiplier_and_shift(float(np.float32(source.scale) * beta) / (10.0 / 65535.0))
    if fixedpoint.accumulator_limit(multiplier, shift) < 2**16 + 2**15 or source.shape[-1] >= 2**15:
        raise refuse(
            layer, "its scale or size", expected="usual scales, below 2^15 classes", found=[source.scale, source.shape]
        )
    params: dict[str, Value] = {"rows": source.elements // source.shape[-1], "classes": source.shape[-1]}
    params |= {"multiplier": multiplier, "left_shift": shift, "diff_min": 0}
    constants = (Constant("t", tables16.softmax()),)
    return Kernel(layer, "hil_nn_softmax_s16", "hil_nn_softmax_s8_params", params, constants, 0)


def _sigmoid_scale(layer: Layer, scale: float, op: str) -> tuple[int, int]:
    """To 3 / 4 of Q3.12: directly for a power of two that fits, else by a multiplier of 15 bits."""
    exponent = round(math.log2(scale))
    shift = _INPUT_BITS + exponent
    if scale == 2.0**exponent and shift in ((0, 1) if op == "TANH" else (0,)):
        return 3 << shift, 0
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        shift += 1
        multiplier *= 2.0
    if not 1 <= multiplier < 2**15:
        raise refuse(layer, "the input's scale", expected="below 2.6", found=scale)
    return int(multiplier), shift


def _bias(graph: Graph, layer: Layer) -> _Wide | None:
    if len(layer.inputs) <= 2 or layer.inputs[2] < 0:
        return None
    tensor = graph.tensor(layer.inputs[2])
    if tensor.data is None or tensor.dtype not in ("int64", "int32"):
        raise refuse(layer, "the bias", expected="an int64 or int32 constant", found=tensor.dtype)
    return np.ascontiguousarray(tensor.data, np.int64).reshape(-1)

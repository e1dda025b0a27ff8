"""Geometry shared by convolutions and pooling, and the ranges of fused activations."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import refuse
from harness.models.ir import Graph, IrTensor, Layer

FLOAT_MAX = 3.4028234663852886e38
_SAME = 0
# TFLite's ActivationFunctionType: the bounds in real numbers.
_FLOAT_RANGES = {0: (-FLOAT_MAX, FLOAT_MAX), 1: (0.0, FLOAT_MAX), 2: (-1.0, 1.0), 3: (0.0, 6.0)}
_DIM_MAX = 0xFFFF
_STEP_MAX = 0xFF


@dataclass(frozen=True)
class Window:
    """``hil_nn_window``, field by field."""

    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    k_h: int
    k_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int

    def as_params(self) -> dict[str, int]:
        """The initialiser of the C struct."""
        return asdict(self)

    def distance(self, *, whole_pixels: bool = False) -> int:
        """How many values an image must begin above the output, at least, so that the output may be written over it pixel by
        pixel: a pixel's place then ends before the first value that it or a later one reads. A multiple of 8, and with
        ``whole_pixels`` of the output's pixels."""
        rows = np.maximum(np.arange(self.out_h) * self.stride_h - self.pad_top, 0)
        columns = np.maximum(np.arange(self.out_w) * self.stride_w - self.pad_left, 0)
        first = (rows[:, None] * self.in_w + columns) * self.in_c
        needed = np.minimum.accumulate(first.reshape(-1)[::-1])[::-1]
        written = np.arange(1, needed.size + 1) * self.out_c
        step = math.lcm(8, self.out_c) if whole_pixels else 8
        return -(-max(0, int((written - needed).max())) // step) * step


def window_of(graph: Graph, layer: Layer, k_h: int, k_w: int) -> Window:
    """The window of a layer with a k_h x k_w kernel on each image, padded as TFLite pads (the odd element goes to the end)."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    for tensor in (source, target):
        if len(tensor.shape) != 4:
            raise refuse(layer, "only images", expected="[n, h, w, c]", found=list(tensor.shape))
    stride_h, stride_w = int(layer.options["strideH"]), int(layer.options["strideW"])
    dilation_h = int(layer.options.get("dilationHFactor", 1))
    dilation_w = int(layer.options.get("dilationWFactor", 1))
    (_, in_h, in_w, in_c), (_, out_h, out_w, out_c) = source.shape, target.shape
    same = layer.options["padding"] == _SAME
    expected_h, pad_top = _axis(in_h, k_h, stride_h, dilation_h, same)
    expected_w, pad_left = _axis(in_w, k_w, stride_w, dilation_w, same)
    if (expected_h, expected_w) != (out_h, out_w):
        raise refuse(
            layer, "the output's size contradicts the window", expected=[expected_h, expected_w], found=[out_h, out_w]
        )
    return _checked(
        layer,
        Window(
            *(in_h, in_w, in_c, out_h, out_w, out_c, k_h, k_w),
            *(stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left),
        ),
    )


def transposed_window(layer: Layer, source: IrTensor, target: IrTensor, k_h: int, k_w: int) -> Window:
    """The window of a TRANSPOSE_CONV: padded as the convolution from its output to its input would be."""
    stride_h, stride_w = int(layer.options["strideH"]), int(layer.options["strideW"])
    (_, in_h, in_w, in_c), (_, out_h, out_w, out_c) = source.shape, target.shape
    same = layer.options["padding"] == _SAME
    back_h, pad_top = _axis(out_h, k_h, stride_h, 1, same)
    back_w, pad_left = _axis(out_w, k_w, stride_w, 1, same)
    if (back_h, back_w) != (in_h, in_w):
        raise refuse(layer, "the output's size contradicts the window", expected=[in_h, in_w], found=[back_h, back_w])
    return _checked(
        layer,
        Window(in_h, in_w, in_c, out_h, out_w, out_c, k_h, k_w, stride_h, stride_w, 1, 1, pad_top, pad_left),
    )


def _checked(layer: Layer, result: Window) -> Window:
    for name, value in result.as_params().items():
        limit = _STEP_MAX if name.startswith(("stride", "dilation")) else _DIM_MAX
        if not 0 <= value <= limit:
            raise refuse(layer, f"{name} is out of range", expected=f"0..{limit}", found=value)
    return result


def _axis(extent: int, taps: int, stride: int, dilation: int, same: bool) -> tuple[int, int]:
    """(output size, padding before) along one axis."""
    reach = (taps - 1) * dilation + 1
    if not same:
        return -(-(extent - reach + 1) // stride), 0
    out = -(-extent // stride)
    return out, max(0, (out - 1) * stride + reach - extent) // 2


def raw_range(layer: Layer, output: IrTensor) -> tuple[int, int]:
    """The int8 bounds of the layer's fused activation."""
    return fixedpoint.activation_range(activation(layer), output.scale, output.zero_point)


def float_range(layer: Layer) -> tuple[float, float]:
    """The float32 bounds of the layer's fused activation."""
    return _FLOAT_RANGES[activation(layer)]


def activation(layer: Layer) -> int:
    """TFLite's number of the fused activation, of those that clamp."""
    given = int(layer.options.get("fusedActivationFunction", 0))
    if given not in _FLOAT_RANGES:
        raise refuse(layer, "unsupported fused activation", expected="none, RELU, RELU_N1_TO_1 or RELU6", found=given)
    return given

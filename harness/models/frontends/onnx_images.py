"""ONNX operators on images: convolutions, pooling, normalisation. Everything here is [1, H, W, C]."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.models.frontends.onnx_graph import Node, norm_factors
from harness.models.frontends.onnx_state import Lowering
from harness.models.frontends.onnx_values import Value, image_shape

SAME, VALID = 0, 1
_LOWEST = np.float32(-3.4028234663852886e38)
_NEVER_NEGATIVE = {"Relu", "Sigmoid"}


class _Window:
    """Kernel, strides, dilations and paddings of a node as (height, width); rank 3 counts as height 1."""

    def __init__(self, node: Node, shape: tuple[int, ...], kernel: tuple[int, ...]) -> None:
        flat = len(shape) == 3

        def pair(values: list[int]) -> tuple[int, int]:
            return (1, values[0]) if flat else (values[0], values[1])

        n = len(shape) - 2
        self.kernel = pair(list(kernel))
        self.stride = pair(list(node.attributes.get("strides", [1] * n)))
        self.dilation = pair(list(node.attributes.get("dilations", [1] * n)))
        self.extent = image_shape(shape)[1:3]
        pads = list(node.attributes.get("pads", [0] * 2 * n))
        self.before = (0, pads[0]) if flat else (pads[0], pads[1])
        self.after = (0, pads[1]) if flat else (pads[2], pads[3])
        auto = node.attributes.get("auto_pad", "NOTSET")
        if auto == "SAME_UPPER":
            self.before, self.after = (tuple(p[i] for p in map(self._same, (0, 1))) for i in (0, 1))  # type: ignore[assignment]
        elif auto not in ("NOTSET", "VALID", ""):
            raise node.refuse("auto_pad", expected="NOTSET, VALID or SAME_UPPER", found=auto)
        if node.attributes.get("ceil_mode", 0) and any(
            (e + b + a - r) % s
            for e, b, a, r, s in zip(self.extent, self.before, self.after, self.reach, self.stride, strict=True)
        ):
            raise node.refuse("ceil_mode", expected=0, found=1)

    @property
    def reach(self) -> tuple[int, int]:
        """Extent of the dilated kernel."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))  # type: ignore[return-value]

    @property
    def out(self) -> tuple[int, int]:
        """Height and width of the result."""
        return tuple(
            (e + b + a - r) // s + 1
            for e, b, a, r, s in zip(self.extent, self.before, self.after, self.reach, self.stride, strict=True)
        )

    @property
    def padded(self) -> bool:
        """Whether any padding is asked for."""
        return any((*self.before, *self.after))

    def is_same(self) -> bool:
        """Whether TFLite's SAME pads exactly so, as far as the window looks."""
        for axis in (0, 1):
            before, after = self._same(axis)
            if self.out[axis] != -(-self.extent[axis] // self.stride[axis]) or self.before[axis] != before:
                return False
            if self.after[axis] < after:
                return False
        return True

    def is_centred(self) -> bool:
        """Whether with stride 1 TFLite's SAME would pad so before, and no window begins beyond the image."""
        return all(
            self.before[i] == (self.reach[i] - 1) // 2 and (self.out[i] - 1) * self.stride[i] < self.extent[i]
            for i in (0, 1)
        )

    def _same(self, axis: int) -> tuple[int, int]:
        out = -(-self.extent[axis] // self.stride[axis])
        total = max(0, (out - 1) * self.stride[axis] + self.reach[axis] - self.extent[axis])
        return total // 2, total - total // 2


def _prepared(low: Lowering, node: Node, image: Value, window: _Window, fill: np.float32 | None) -> tuple[int, int]:
    """(tensor, padding scheme): a PAD of its own where TFLite's schemes do not pad as the node does. ``fill`` None is 0."""
    if not window.padded:
        return image.index, VALID
    if window.is_same():
        return image.index, SAME
    pads = [(0, 0), *zip(window.before, window.after, strict=True), (0, 0)]
    shape = [e + sum(p) for e, p in zip(image_shape(image.shape), pads, strict=True)]
    inputs = [image.index, low.writer.integers(f"{node.name}.pads", pads)]
    if fill is None:
        return low.writer.operator("PAD", inputs, shape, f"{node.name}.padded", "PadOptions"), VALID
    inputs.append(low.writer.constant(f"{node.name}.fill", np.array([fill], np.float32)))
    return low.writer.operator("PADV2", inputs, shape, f"{node.name}.padded", "PadV2Options"), VALID


def conv(low: Lowering, node: Node) -> Value:
    """Conv: plain, depthwise or grouped."""
    image = low.image(node)
    weights = low.wanted(node, 1).astype(np.float32)
    if weights.ndim == 3:
        weights = weights[:, :, np.newaxis]
    window = _Window(node, image.shape, weights.shape[2:] if len(image.shape) == 4 else weights.shape[3:])
    bias = low.given(node, 2)
    bias = np.zeros(len(weights), np.float32) if bias is None else bias.astype(np.float32)
    source, padding = _prepared(low, node, image, window, None)
    channels, out = image.shape[1], len(weights)
    groups = int(node.attributes.get("group", 1))
    if groups < 1 or weights.shape[1] * groups != channels or out % groups:
        raise node.refuse(
            "weights and groups do not fit the input",
            expected=f"weights for {channels} channels in {groups} groups",
            found=list(weights.shape),
        )
    common: dict[str, Any] = {
        "padding": padding,
        "strideH": window.stride[0],
        "strideW": window.stride[1],
        "dilationHFactor": window.dilation[0],
        "dilationWFactor": window.dilation[1],
        "fusedActivationFunction": 0,
    }
    shape = (1, *window.out, out)
    inputs_to = [source]
    if groups == channels and groups > 1 and out % groups == 0:
        moved = np.ascontiguousarray(weights.transpose(1, 2, 3, 0))
        op, table = "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"
        common["depthMultiplier"] = out // groups
    else:
        moved = np.ascontiguousarray(weights.transpose(0, 2, 3, 1))
        op, table = "CONV_2D", "Conv2DOptions"
    inputs_to += [
        low.writer.constant(f"{node.name}.weights", moved),
        low.writer.constant(f"{node.name}.bias", bias),
    ]
    index = low.writer.operator(op, inputs_to, shape, node.outputs[0], table, **common)
    result = (1, out, *window.out) if len(image.shape) == 4 else (1, out, window.out[1])
    return Value(result, index, True)


def conv_transpose(low: Lowering, node: Node) -> Value:
    """ConvTranspose: without padding by TRANSPOSE_CONV, then cut to size."""
    image = low.image(node)
    weights = low.wanted(node, 1).astype(np.float32)
    if len(image.shape) != 4 or node.attributes.get("group", 1) != 1:
        raise node.refuse("only 2-D without groups", expected="rank 4, group 1", found=list(image.shape))
    if any(d != 1 for d in node.attributes.get("dilations", [1])) or "output_shape" in node.attributes:
        raise node.refuse("dilations or output_shape", expected="none", found=node.attributes)
    _, h, w, _ = image_shape(image.shape)
    kernel, stride = weights.shape[2:], node.attributes.get("strides", [1, 1])
    pads, more = node.attributes.get("pads", [0] * 4), node.attributes.get("output_padding", [0, 0])
    full = [(e - 1) * s + k for e, s, k in zip((h, w), stride, kernel, strict=True)]
    made = [e * s + max(k - s, 0) for e, s, k in zip((h, w), stride, kernel, strict=True)]  # VALID in TFLite
    size = [f - pads[i] - pads[i + 2] + more[i] for i, f in enumerate(full)]
    if any(p + n > m for p, n, m in zip(pads, size, made, strict=False)):
        raise node.refuse("output_padding", expected=f"at most {made}", found=size)
    out = weights.shape[1]
    bias = low.given(node, 2)
    inputs = [
        low.writer.integers(f"{node.name}.shape", [1, *made, out]),
        low.writer.constant(f"{node.name}.weights", np.ascontiguousarray(weights.transpose(1, 2, 3, 0))),
        image.index,
    ]
    if bias is not None:
        inputs.append(low.writer.constant(f"{node.name}.bias", bias.astype(np.float32)))
    fields: dict[str, Any] = {"padding": VALID, "strideH": int(stride[0]), "strideW": int(stride[1])}
    shape = [1, *made, out]
    index = low.writer.operator("TRANSPOSE_CONV", inputs, shape, node.outputs[0], "TransposeConvOptions", **fields)
    if size != made:
        begin, end = [0, pads[0], pads[1], 0], [1, pads[0] + size[0], pads[1] + size[1], out]
        cut = [index, *(low.writer.integers(f"{node.name}.cut", v) for v in (begin, end, [1] * 4))]
        index = low.writer.operator("STRIDED_SLICE", cut, [1, *size, out], f"{node.name}.cut", "StridedSliceOptions")
    return Value((1, out, size[0], size[1]), index, True)


def pool(low: Lowering, node: Node) -> Value:
    """MaxPool and AveragePool."""
    image = low.image(node)
    window = _Window(node, image.shape, tuple(node.attributes["kernel_shape"]))
    if window.dilation != (1, 1):
        raise node.refuse("dilations", expected=1, found=window.dilation)
    fill: np.float32 | None = None
    if node.op == "MaxPool":
        # 0 is as good as minus infinity where nothing is negative, and can be quantised.
        fill = None if low.producer(node.inputs[0]) in _NEVER_NEGATIVE else _LOWEST
    elif window.padded and not node.attributes.get("count_include_pad", 0) and not window.is_same():
        raise node.refuse("padding that is not counted", expected="none, or as TFLite's SAME", found=window.before)
    if fill is not None and window.padded and not window.is_same() and window.is_centred():
        return _max_then_thinned(low, node, image, window)
    if node.op == "AveragePool" and window.padded and node.attributes.get("count_include_pad", 0):
        window_before = window.before
        pads = [(0, 0), *zip(window_before, window.after, strict=True), (0, 0)]
        shape = [e + sum(p) for e, p in zip(image_shape(image.shape), pads, strict=True)]
        inputs = [image.index, low.writer.integers(f"{node.name}.pads", pads)]
        source, padding = low.writer.operator("PAD", inputs, shape, f"{node.name}.padded", "PadOptions"), VALID
    else:
        source, padding = _prepared(low, node, image, window, fill)
    fields: dict[str, Any] = {
        "padding": padding,
        "strideH": window.stride[0],
        "strideW": window.stride[1],
        "filterHeight": window.kernel[0],
        "filterWidth": window.kernel[1],
        "fusedActivationFunction": 0,
    }
    channels = image.shape[1]
    op = "MAX_POOL_2D" if node.op == "MaxPool" else "AVERAGE_POOL_2D"
    index = low.writer.operator(op, [source], (1, *window.out, channels), node.outputs[0], "Pool2DOptions", **fields)
    return Value((1, channels, *window.out[2 - (len(image.shape) - 2) :]), index, True)


def _max_then_thinned(low: Lowering, node: Node, image: Value, window: _Window) -> Value:
    """A padded MaxPool as one of stride 1, which TFLite pads with nothing, and every stride-th value of it.

    A border of minus infinity would do with less arithmetic, but no quantizer gives it a scale.
    """
    _, h, w, c = image_shape(image.shape)
    fields: dict[str, Any] = {"padding": SAME, "strideH": 1, "strideW": 1, "fusedActivationFunction": 0}
    fields |= {"filterHeight": window.kernel[0], "filterWidth": window.kernel[1]}
    name = node.outputs[0]
    index = low.writer.operator("MAX_POOL_2D", [image.index], (1, h, w, c), f"{name}.dense", "Pool2DOptions", **fields)
    end = [(n - 1) * s + 1 for n, s in zip(window.out, window.stride, strict=True)]
    bounds = ([0] * 4, [1, *end, c], [1, *window.stride, 1])
    inputs = [index, *(low.writer.integers(f"{node.name}.bounds", b) for b in bounds)]
    index = low.writer.operator("STRIDED_SLICE", inputs, (1, *window.out, c), name, "StridedSliceOptions")
    return Value((1, c, *window.out[4 - len(image.shape) :]), index, True)


def global_pool(low: Lowering, node: Node) -> Value:
    """GlobalAveragePool and GlobalMaxPool."""
    image = low.image(node)
    _, h, w, c = image_shape(image.shape)
    shape = (1, c, *[1] * (len(image.shape) - 2))
    if node.op == "GlobalAveragePool":
        inputs = [image.index, low.writer.integers(f"{node.name}.axes", [1, 2])]
        index = low.writer.operator("MEAN", inputs, (1, 1, 1, c), node.outputs[0], "ReducerOptions", keepDims=True)
    else:
        fields: dict[str, Any] = {"padding": VALID, "strideH": h, "strideW": w, "filterHeight": h, "filterWidth": w}
        index = low.writer.operator(
            "MAX_POOL_2D",
            [image.index],
            (1, 1, 1, c),
            node.outputs[0],
            "Pool2DOptions",
            fusedActivationFunction=0,
            **fields,
        )
    return Value(shape, index, True)


def batch_norm(low: Lowering, node: Node) -> Value:
    """BatchNormalization that no convolution before it could take in: MUL and ADD."""
    value = low.value(node, 0)
    scale, offset = (v.astype(np.float32) for v in norm_factors(node, low.constants))
    value = low.image(node) if len(value.shape) > 2 else low.ordered(node, 0)
    for op, factor, name in (("MUL", scale, "scaled"), ("ADD", offset, "shifted")):
        inputs = [value.index, low.writer.constant(f"{node.name}.{name}", factor)]
        shape = low.writer.shape(value.index)
        index = low.writer.operator(
            op, inputs, shape, f"{node.name}.{name}", f"{op.capitalize()}Options", fusedActivationFunction=0
        )
        value = low.like(value, index)
    return value


HANDLERS = {
    "AveragePool": pool,
    "BatchNormalization": batch_norm,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "MaxPool": pool,
}

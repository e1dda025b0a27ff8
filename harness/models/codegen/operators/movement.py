"""Operators that move values without changing them: PAD, TRANSPOSE, slices, splits, CONCATENATION; any dtype."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from harness.models.codegen.kernel import (
    TYPES,
    Constant,
    Kernel,
    Options,
    Value,
    flat,
    integers,
    operand,
    quantized,
    refuse,
)
from harness.models.codegen.operators.axes import COPY_AXES, fitted, merged, steps
from harness.models.ir import Graph, IrTensor, Layer
from harness.models.slicing import chosen, foreign_masks

_SCALED = ("int8", "uint8", "int16")


def pad(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """PAD (with real 0) and PADV2 (with a constant). Negative paddings are refused."""
    source, target = ends(graph, layer)
    before = integers(graph, layer, 1)[::2]
    sums = [e + b + a for e, b, a in zip(source.shape, before, integers(graph, layer, 1)[1::2], strict=True)]
    if min(integers(graph, layer, 1)) < 0 or tuple(sums) != target.shape:
        raise refuse(layer, "paddings and shapes do not fit", expected=list(target.shape), found=sums)
    value = target.zero_point
    if layer.op == "PADV2":
        given = graph.tensor(layer.inputs[2])
        if given.data is None or given.dtype != target.dtype or given.quantization != target.quantization:
            raise refuse(layer, "the value to pad with", expected=f"a {target.dtype} constant", found=given)
        value = int(flat(given, given.dtype).view(f"i{np.dtype(given.dtype).itemsize}")[0])
    walk = steps(target.shape)
    start = sum(b * step for b, step in zip(before, walk, strict=True))
    fill = {"fill_elements": target.elements, "fill": value, "out_start": start}
    return copied(layer, source, source.shape, steps(source.shape), walk, fill)


def transpose(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """TRANSPOSE by a constant permutation."""
    source, target = ends(graph, layer)
    order = [axis % len(source.shape) for axis in integers(graph, layer, 1)]
    walk = steps(source.shape)
    return copied(layer, source, target.shape, [walk[axis] for axis in order], steps(target.shape))


def strided_slice(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """STRIDED_SLICE with constant bounds; begin, end, shrink and offset masks, negative strides; no new axes."""
    source, target = ends(graph, layer)
    if masks := foreign_masks(layer):
        raise refuse(layer, "ellipses and new axes", expected="masks of 0", found=masks)
    begin, end, stride = (integers(graph, layer, position) for position in (1, 2, 3))
    taken = chosen(layer, source.shape, begin, end, stride)
    starts = [one if isinstance(one, int) else one.start for one in taken]
    extents = [1 if isinstance(one, int) else len(one) for one in taken]
    jumps = [stride[axis] if axis < len(stride) else 1 for axis in range(len(source.shape))]
    return _sliced(layer, source, target, starts, extents, jumps)


def plain_slice(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """SLICE with constant begin and size."""
    source, target = ends(graph, layer)
    begin, size = integers(graph, layer, 1), integers(graph, layer, 2)
    extents = [extent - b if n == -1 else n for extent, b, n in zip(source.shape, begin, size, strict=True)]
    return _sliced(layer, source, target, begin, extents, [1] * len(source.shape))


def split_part(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """One output of SPLIT, SPLIT_V or UNPACK; ``options`` of the layer tell which (see the pass ``separate_outputs``)."""
    source, target = ends(graph, layer)
    axis, start = int(layer.options["axis"]), int(layer.options["start"])
    extents = list(source.shape)
    extents[axis] = int(layer.options["extent"])
    starts = [start if i == axis else 0 for i in range(len(extents))]
    return _sliced(layer, source, target, starts, extents, [1] * len(extents))


def concatenate(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """CONCATENATION and PACK; int8 inputs must have the output's scale, as TFLite demands."""
    target = graph.tensor(layer.outputs[0])
    sources = [graph.tensor(i) for i in layer.inputs]
    axis = int(layer.options.get("axis", 0)) % len(target.shape)
    for tensor in sources:
        if tensor.dtype != target.dtype or (tensor.dtype in _SCALED and tensor.quantization != target.quantization):
            raise refuse(layer, "input and output differ in type or scale", expected=target, found=tensor)
    if layer.options.get("fusedActivationFunction", 0):
        raise refuse(layer, "a fused activation", expected="none", found=layer.options["fusedActivationFunction"])
    rows = prod(target.shape[:axis])
    pieces = np.array([t.n_bytes // rows for t in sources], np.int32)
    params = {"inputs": len(sources), "rows": rows}
    operands = tuple(operand(graph, i, f"c{n}_") for n, i in enumerate(layer.inputs))
    constants = (Constant("t", pieces),)
    return Kernel(
        layer, "hil_nn_concat", "hil_nn_concat_params", params, constants, 0, operands=operands, gathered=True
    )


def assign(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """ASSIGN_VARIABLE, at the end of a run: the value goes to the state's memory."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if source.dtype != target.dtype or source.dtype not in TYPES or source.elements != target.elements:
        raise refuse(layer, "its value and its variable differ", expected=target, found=source)
    return copied(layer, source, source.shape, steps(source.shape), steps(source.shape))


def add_n(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """ADD_N of float32 or plain int32 tensors of one shape."""
    target = graph.tensor(layer.outputs[0])
    sources = [graph.tensor(i) for i in layer.inputs]
    if target.dtype not in ("float32", "int32") or any(
        (t.dtype, t.shape) != (target.dtype, target.shape) for t in sources
    ):
        raise refuse(layer, "its operands", expected=f"float32 or int32 {list(target.shape)}", found=sources)
    params = {"elements": target.elements, "inputs": len(sources)}
    operands = tuple(operand(graph, i, f"c{n}_") for n, i in enumerate(layer.inputs))
    name = f"hil_nn_add_n_{'f32' if target.dtype == 'float32' else 's32'}"
    return Kernel(layer, name, "hil_nn_add_n_params", params, (), 0, operands=operands, gathered=True)


def ends(graph: Graph, layer: Layer) -> tuple[IrTensor, IrTensor]:
    """(input, output), which must agree in type and scale."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if source.dtype != target.dtype or source.dtype not in TYPES:
        raise refuse(
            layer,
            "unsupported data types",
            expected=f"one of {', '.join(TYPES)}, the same in and out",
            found=f"{source.dtype} in, {target.dtype} out",
        )
    if source.dtype in _SCALED and (
        quantized(graph, layer, source.index).quantization != quantized(graph, layer, target.index).quantization
    ):
        raise refuse(layer, "input and output scales differ", expected=source.quantization, found=target.quantization)
    return source, target


def _sliced(
    layer: Layer,
    source: IrTensor,
    target: IrTensor,
    starts: Sequence[int],
    extents: Sequence[int],
    jumps: Sequence[int],
) -> Kernel:
    if prod(extents) != target.elements:
        raise refuse(layer, "the output's size contradicts the slice", expected=list(target.shape), found=list(extents))
    walk = steps(source.shape)
    start = sum(s * step for s, step in zip(starts, walk, strict=True))
    strided = [step * jump for step, jump in zip(walk, jumps, strict=True)]
    return copied(layer, source, extents, strided, steps(extents), {"in_start": start})


def copied(
    layer: Layer,
    source: IrTensor,
    extents: Sequence[int],
    in_walk: Sequence[int],
    out_walk: Sequence[int],
    more: dict[str, int] | None = None,
) -> Kernel:
    """hil_nn_copy over ``extents`` elements with these steps; ``more`` are parameters beside."""
    short, walks = merged(extents, in_walk, out_walk)
    extent, in_step, out_step = fitted(layer, COPY_AXES, short, *walks)
    params: dict[str, Value] = {"width": np.dtype(source.dtype).itemsize, "in_start": 0, "out_start": 0}
    params |= {
        "fill_elements": 0,
        "fill": 0,
        "extent": extent,
        "in_step": in_step,
        "out_step": out_step,
        **(more or {}),
    }
    name = "hil_nn_copy_s16" if params["width"] == 2 else "hil_nn_copy"
    return Kernel(layer, name, "hil_nn_copy_params", params, (), 0)

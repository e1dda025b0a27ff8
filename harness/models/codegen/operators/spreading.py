"""Operators that move elements further apart, together or several times; tables say from where, computed here.

Where steps are enough, ``hil_nn_copy`` moves; else ``hil_nn_spread`` with one table an axis; rows that come from nowhere
(padding of SPACE_TO_BATCH_ND) need ``hil_nn_rows``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from harness.models.codegen.kernel import TYPES, Constant, Kernel, Options, Value, integers, operand, refuse
from harness.models.codegen.operators.axes import COPY_AXES, broadcast_steps, fitted, steps
from harness.models.codegen.operators.movement import copied, ends
from harness.models.ir import Graph, Layer

_TABLES = 4  # of hil_nn_spread
_REFLECT = 0  # TFLite's MirrorPadMode
_F = np.float32
_Neighbours = Callable[[int, int, bool, bool], Sequence[tuple[int, int, float]]]


def mirror_pad(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """MIRROR_PAD: REFLECT leaves the edge out, SYMMETRIC repeats it."""
    source, _ = ends(graph, layer)
    inner = 1 if layer.options.get("mode", _REFLECT) == _REFLECT else 0
    pairs = np.array(integers(graph, layer, 1)).reshape(-1, 2)
    found = []
    for extent, (before, after) in zip(source.shape, pairs.tolist(), strict=True):
        if max(before, after) > extent - inner:
            raise refuse(layer, "more padding than there is to mirror", expected=extent - inner, found=[before, after])
        left = [before - 1 - i + inner for i in range(before)]
        right = [extent - 1 - inner - i for i in range(after)]
        found.append([*left, *range(extent), *right])
    return _spread(graph, layer, found)


def tile(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """TILE by constant multiples."""
    source, _ = ends(graph, layer)
    times = integers(graph, layer, 1)
    return _spread(graph, layer, [list(range(e)) * n for e, n in zip(source.shape, times, strict=True)])


def gather(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """GATHER along one axis, and EMBEDDING_LOOKUP; indices constant, or int32 computed at run time."""
    at_data, at_indices = (1, 0) if layer.op == "EMBEDDING_LOOKUP" else (0, 1)
    source, indices, target = (
        graph.tensor(i) for i in (layer.inputs[at_data], layer.inputs[at_indices], layer.outputs[0])
    )
    _check_same(layer, source.dtype, target.dtype, source.quantization == target.quantization)
    batched = int(layer.options.get("batchDims", 0)) % max(len(indices.shape), 1)
    axis = int(layer.options.get("axis", 0)) % len(source.shape)
    given = operand(graph, indices.index, "i")
    if isinstance(given, Constant):
        places = given.values.astype(np.int64)
        if places.size and not 0 <= int(places.min()) <= int(places.max()) < source.shape[axis]:
            raise refuse(
                layer, "an index out of range", expected=f"0..{source.shape[axis] - 1}", found=places.tolist()[:8]
            )
        given = Constant("i", places.astype(np.int32))
    elif indices.dtype != "int32":
        raise refuse(layer, "indices computed at run time", expected="int32", found=indices.dtype)
    params: dict[str, Value] = {
        "bytes": prod(source.shape[axis + 1 :]) * np.dtype(source.dtype).itemsize,
        "batches": prod(source.shape[:batched]),
        "outer": prod(source.shape[batched:axis]),
        "axis": source.shape[axis],
        "count": prod(indices.shape[batched:]),
    }
    data = operand(graph, source.index, "d")
    return Kernel(layer, "hil_nn_gather", "hil_nn_gather_params", params, (), 0, operands=(data, given))


def update(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """DYNAMIC_UPDATE_SLICE; where the update goes is constant, or int32 computed at run time."""
    source, _ = ends(graph, layer)
    part, start = (graph.tensor(i) for i in layer.inputs[1:])
    _check_same(layer, source.dtype, part.dtype, source.quantization == part.quantization)
    given = operand(graph, start.index, "i")
    if isinstance(given, Constant):
        limits = np.iinfo(np.int32)
        given = Constant("i", given.values.clip(limits.min, limits.max).astype(np.int32))
    elif start.dtype != "int32":
        raise refuse(layer, "indices computed at run time", expected="int32", found=start.dtype)
    extents, whole = list(part.shape), list(source.shape)
    extent, filled = fitted(layer, COPY_AXES, extents, whole)
    params: dict[str, Value] = {
        "bytes": np.dtype(source.dtype).itemsize,
        "elements": source.elements,
        "rank": len(whole),
        "extent": extent,
        "whole": [1] * (COPY_AXES - len(whole)) + filled[COPY_AXES - len(whole) :],
    }
    operands = (operand(graph, source.index, "d"), operand(graph, part.index, "u"), given)
    return Kernel(layer, "hil_nn_update", "hil_nn_update_params", params, (), 0, operands=operands)


def gather_nd(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """GATHER_ND by constant indices."""
    source, _ = ends(graph, layer)
    indices = graph.tensor(layer.inputs[1])
    at = np.array(integers(graph, layer, 1), np.int64).reshape(-1, indices.shape[-1])
    walk = np.array(steps(source.shape)[: at.shape[1]], np.int64)
    if at.size and not (np.all(at >= 0) and np.all(at < np.array(source.shape[: at.shape[1]]))):
        raise refuse(layer, "an index out of range", expected=list(source.shape), found=at.tolist()[:4])
    return _rows(graph, layer, (at * walk).sum(axis=1).tolist(), prod(source.shape[at.shape[1] :]))


def reverse(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """REVERSE_V2 along constant axes."""
    source, _ = ends(graph, layer)
    gone = {axis % len(source.shape) for axis in integers(graph, layer, 1)}
    walk = steps(source.shape)
    start = sum((source.shape[axis] - 1) * walk[axis] for axis in gone)
    back = [-step if axis in gone else step for axis, step in enumerate(walk)]
    return copied(layer, source, source.shape, back, walk, {"in_start": start})


def broadcast_to(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """BROADCAST_TO a constant shape."""
    source, target = ends(graph, layer)
    return copied(layer, source, target.shape, broadcast_steps(source.shape, target.shape), steps(target.shape))


def space_to_depth(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """SPACE_TO_DEPTH: blocks of pixels become channels."""
    source, target = ends(graph, layer)
    n = int(layer.options["blockSize"])
    batch, h, w, c = target.shape[0], target.shape[1], target.shape[2], source.shape[3]
    extents = (batch, h, w, n, n, c)
    row = source.shape[2] * c
    walk = (source.shape[1] * row, n * row, n * c, row, c, 1)
    return copied(layer, source, extents, walk, steps(extents))


def depth_to_space(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """DEPTH_TO_SPACE: channels become blocks of pixels."""
    source, target = ends(graph, layer)
    n = int(layer.options["blockSize"])
    batch, h, w, c = source.shape[0], source.shape[1], source.shape[2], target.shape[3]
    extents = (batch, h, n, w, n, c)
    pixel = source.shape[3]
    walk = (h * w * pixel, w * pixel, n * c, pixel, c, 1)
    return copied(layer, source, extents, walk, steps(extents))


def space_to_batch(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """SPACE_TO_BATCH_ND of images and signals, by constant blocks and paddings."""
    source, target = ends(graph, layer)
    block, pads = integers(graph, layer, 1), integers(graph, layer, 2)[::2]
    spatial = len(block)
    offsets = []
    for place in np.ndindex(*target.shape[: spatial + 1]):
        turn, batch = divmod(place[0], source.shape[0])
        parts = np.unravel_index(turn, block)
        at = [place[i + 1] * block[i] + int(parts[i]) - pads[i] for i in range(spatial)]
        offsets.append(_offset(batch, at, source.shape))
    return _rows(graph, layer, offsets, prod(source.shape[spatial + 1 :]), source.zero_point)


def batch_to_space(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """BATCH_TO_SPACE_ND of images and signals, by constant blocks and crops."""
    source, target = ends(graph, layer)
    block, crops = integers(graph, layer, 1), integers(graph, layer, 2)[::2]
    spatial = len(block)
    offsets = []
    for place in np.ndindex(*target.shape[: spatial + 1]):
        whole = [divmod(place[i + 1] + crops[i], block[i]) for i in range(spatial)]
        turn = int(np.ravel_multi_index([part for _, part in whole], block))
        offsets.append(_offset(turn * target.shape[0] + place[0], [at for at, _ in whole], source.shape))
    return _rows(graph, layer, offsets, prod(source.shape[spatial + 1 :]))


def resize_nearest(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """RESIZE_NEAREST_NEIGHBOR, in float32 as the reference finds its neighbours."""
    source, target = ends(graph, layer)
    found = [list(range(e)) for e in source.shape]
    corners, centres = (bool(layer.options.get(name, False)) for name in ("alignCorners", "halfPixelCenters"))
    for axis in (1, 2):
        n_in, n_out = source.shape[axis], target.shape[axis]
        scale = _F(n_in - 1) / _F(n_out - 1) if corners and n_out > 1 else _F(n_in) / _F(n_out)
        places = []
        for i in range(n_out):
            at = float((_F(i) + _F(0.5 if centres else 0)) * scale)
            places.append(max(0, min(int(np.floor(at + 0.5) if corners else np.floor(at)), n_in - 1)))
        found[axis] = places
    return _spread(graph, layer, found)


def resize_bilinear(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """RESIZE_BILINEAR: the two neighbours of each output row and column, and the second one's share, as the reference has them."""
    source, target = ends(graph, layer)
    if source.dtype not in ("int8", "float32"):
        raise refuse(layer, "its input", expected="int8 or float32", found=source.dtype)
    corners, centres = (bool(layer.options.get(name, False)) for name in ("alignCorners", "halfPixelCenters"))
    neighbours: _Neighbours = _neighbours if source.dtype == "float32" else _neighbours_of_1024
    lines: list[int] = []
    shares: list[float] = []
    for axis, step in ((1, source.shape[2] * source.shape[3]), (2, source.shape[3])):
        for first, second, share in neighbours(source.shape[axis], target.shape[axis], corners, centres):
            lines += [first * step, second * step]
            shares.append(share)
    dtype = np.float32 if source.dtype == "float32" else np.int32
    params: dict[str, Value] = {"out_h": target.shape[1], "out_w": target.shape[2], "channels": target.shape[3]}
    constants = (Constant("l", np.array(lines, np.int32)), Constant("s", np.array(shares, dtype)))
    suffix = "f32" if source.dtype == "float32" else "s8"
    return Kernel(layer, f"hil_nn_resize_bilinear_{suffix}", "hil_nn_resize_params", params, constants, 0)


def cast(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """CAST between float32, the integers and bool."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if source.dtype not in TYPES or target.dtype not in TYPES:
        raise refuse(
            layer, "data types", expected=f"two of {', '.join(TYPES)}", found=f"{source.dtype} to {target.dtype}"
        )
    params: dict[str, Value] = {"elements": target.elements}
    params |= {"in_type": TYPES[source.dtype], "out_type": TYPES[target.dtype]}
    return Kernel(layer, "hil_nn_cast", "hil_nn_cast_params", params, (), 0)


def _neighbours(n_in: int, n_out: int, corners: bool, centres: bool) -> list[tuple[int, int, float]]:
    scale = _F(n_in - 1) / _F(n_out - 1) if corners and n_out > 1 else _F(n_in) / _F(n_out)
    found = []
    for i in range(n_out):
        at = (_F(i) + _F(0.5)) * scale - _F(0.5) if centres else _F(i) * scale
        first = max(int(np.floor(at)), 0)
        found.append((first, min(int(np.ceil(at)), n_in - 1), float(at - _F(first))))
    return found


def _neighbours_of_1024(n_in: int, n_out: int, corners: bool, centres: bool) -> list[tuple[int, int, int]]:
    scale = (1024 * n_in + n_out // 2) // n_out
    if corners and n_out > 1:
        scale = (1024 * (n_in - 1) + (n_out - 1) // 2) // (n_out - 1)
    found = []
    for i in range(n_out):
        at = i * scale + (scale // 2 - 512 if centres else 0)
        first = max(int(at / 1024), 0)  # towards zero
        found.append((first, min(int((at + 1023) / 1024), n_in - 1), at - 1024 * first))
    return found


def _offset(batch: int, at: Sequence[int], shape: Sequence[int]) -> int:
    """The place of a row in elements; -1 outside."""
    if any(not 0 <= one < extent for one, extent in zip(at, shape[1:], strict=False)):
        return -1
    walk = steps(shape)
    return int(batch * walk[0] + sum(one * step for one, step in zip(at, walk[1:], strict=False)))


def _spread(graph: Graph, layer: Layer, places: Sequence[Sequence[int]]) -> Kernel:
    """``places``: for each axis of the output, the index along the same axis of the input."""
    source, target = ends(graph, layer)
    if [len(along) for along in places] != list(target.shape):
        raise refuse(
            layer,
            "the output's size contradicts the operator",
            expected=[len(a) for a in places],
            found=list(target.shape),
        )
    width = np.dtype(source.dtype).itemsize
    tables = [[i * step * width for i in along] for along, step in zip(places, steps(source.shape), strict=True)]
    piece = width
    while (
        tables
        and tables[-1] == [i * piece for i in range(len(tables[-1]))]
        and (len(tables) == 1 or len(tables[-1]) == source.shape[len(tables) - 1])
    ):
        piece *= len(tables.pop())
    tables = [along for along in tables if along != [0]]
    if len(tables) > _TABLES:
        raise refuse(layer, "too many axes that change", expected=_TABLES, found=len(tables))
    tables = [[0]] * (_TABLES - len(tables)) + tables
    params: dict[str, Value] = {"bytes": piece, "extent": [len(along) for along in tables]}
    constants = (Constant("o", np.array([at for along in tables for at in along], np.int32)),)
    return Kernel(layer, "hil_nn_spread", "hil_nn_spread_params", params, constants, 0)


def _rows(graph: Graph, layer: Layer, offsets: Sequence[int], row: int, fill: int = 0) -> Kernel:
    """``offsets`` in elements by row of the output, -1 for ``fill``."""
    source, target = ends(graph, layer)
    if len(offsets) * row != target.elements:
        raise refuse(
            layer, "the output's size contradicts the operator", expected=len(offsets) * row, found=target.elements
        )
    width = np.dtype(source.dtype).itemsize
    if min(offsets, default=0) < 0 and fill and width > 1:
        raise refuse(layer, "a zero point of a wide type", expected=0, found=fill)
    params: dict[str, Value] = {"bytes": row * width, "rows": len(offsets), "fill": fill}
    constants = (Constant("o", np.array([at * width if at >= 0 else -1 for at in offsets], np.int32)),)
    return Kernel(layer, "hil_nn_rows", "hil_nn_rows_params", params, constants, 0)


def _check_same(layer: Layer, source: str, target: str, scales: bool) -> None:
    if source != target or source not in TYPES or not (scales or source in ("float32", "int32", "bool")):
        raise refuse(layer, "input and output differ in type or scale", expected=source, found=target)

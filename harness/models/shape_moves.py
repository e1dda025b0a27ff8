"""The shapes that operators make which reduce, join, divide or move what they are given."""

from __future__ import annotations

from math import prod

from harness.models.shape_call import Call, Rule, Shape, demand
from harness.models.slicing import chosen, foreign_masks


def reduced(call: Call) -> list[Shape] | None:
    """MEAN and the other reductions."""
    axes = call.numbers(1)
    if axes is None:
        return None
    source = call.shape(0)
    gone = {call.axis(axis, len(source)) for axis in axes}
    if call.option("keepDims"):
        return [tuple(1 if i in gone else extent for i, extent in enumerate(source))]
    return [tuple(extent for i, extent in enumerate(source) if i not in gone)]


def arg(call: Call) -> list[Shape] | None:
    """ARG_MAX, ARG_MIN."""
    axes = call.numbers(1)
    if axes is None:
        return None
    demand(len(axes) == 1, "one axis", axes)
    gone = call.axis(axes[0], len(call.shape(0)))
    return [tuple(extent for i, extent in enumerate(call.shape(0)) if i != gone)]


def concatenated(call: Call) -> list[Shape]:
    """CONCATENATION."""
    shapes = [call.shape(i) for i in range(len(call.layer.inputs))]
    axis = call.axis(call.option("axis"), len(shapes[0]))
    for shape in shapes:
        rest = [s[:axis] + s[axis + 1 :] for s in (shape, shapes[0])]
        demand(
            len(shape) == len(shapes[0]) and rest[0] == rest[1], f"like {list(shapes[0])} but axis {axis}", list(shape)
        )
    return [(*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])]


def packed(call: Call) -> list[Shape]:
    """PACK."""
    shapes = {call.shape(i) for i in range(len(call.layer.inputs))}
    demand(len(shapes) == 1, "inputs of one shape", sorted(map(list, shapes)))
    (shape,) = shapes
    axis = call.axis(call.option("axis"), len(shape) + 1)
    return [(*shape[:axis], len(call.layer.inputs), *shape[axis:])]


def unpacked(call: Call) -> list[Shape]:
    """UNPACK."""
    shape = call.shape(0)
    axis = call.axis(call.option("axis"), len(shape))
    return [shape[:axis] + shape[axis + 1 :]] * shape[axis]


def padded(call: Call) -> list[Shape] | None:
    """PAD, PADV2."""
    shape, pairs = call.shape(0), call.numbers(1)
    if pairs is None:
        return None
    demand(len(pairs) == 2 * len(shape) and min(pairs, default=0) >= 0, f"2 x {len(shape)} paddings from 0 on", pairs)
    return [tuple(e + b + a for e, b, a in zip(shape, pairs[::2], pairs[1::2], strict=True))]


def permuted(call: Call) -> list[Shape] | None:
    """TRANSPOSE."""
    shape, order = call.shape(0), call.numbers(1)
    if order is None:
        return None
    axes = [call.axis(axis, len(shape)) for axis in order]
    demand(sorted(axes) == list(range(len(shape))), f"an order of {len(shape)} axes", order)
    return [tuple(shape[axis] for axis in axes)]


def sliced(call: Call) -> list[Shape] | None:
    """SLICE."""
    shape, begin, size = call.shape(0), call.numbers(1), call.numbers(2)
    if begin is None or size is None:
        return None
    demand(len(begin) == len(size) == len(shape), f"begin and size for {len(shape)} axes", [begin, size])
    sizes = [extent - b if n == -1 else n for extent, b, n in zip(shape, begin, size, strict=True)]
    for extent, b, n in zip(shape, begin, sizes, strict=True):
        demand(b >= 0 and n >= 1 and b + n <= extent, f"values within {list(shape)}", f"begin {begin}, size {size}")
    return [tuple(sizes)]


def strided(call: Call) -> list[Shape] | None:
    """STRIDED_SLICE."""
    shape = call.shape(0)
    bounds = [call.numbers(position) for position in (1, 2, 3)]
    begin, end, stride = bounds
    if begin is None or end is None or stride is None:
        return None
    demand(len(begin) == len(end) == len(stride) <= len(shape), f"bounds for at most {len(shape)} axes", bounds)
    demand(0 not in stride, "strides other than 0", stride)
    if foreign_masks(call.layer):
        return None
    shrunk = call.option("shrinkAxisMask")
    for axis, at in enumerate(begin):
        if shrunk >> axis & 1:
            call.axis(at, shape[axis])
    taken = chosen(call.layer, shape, begin, end, stride)
    return [tuple(len(one) for one in taken if isinstance(one, range))]


def split(call: Call) -> list[Shape] | None:
    """SPLIT."""
    axes, shape = call.numbers(0), call.shape(1)
    if axes is None:
        return None
    demand(len(axes) == 1, "one axis", axes)
    axis, parts = call.axis(axes[0], len(shape)), call.positive("numSplits")
    demand(shape[axis] % parts == 0, f"an extent that {parts} divides", shape[axis])
    return [(*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])] * parts


def split_by_sizes(call: Call) -> list[Shape] | None:
    """SPLIT_V."""
    shape, sizes, axes = call.shape(0), call.numbers(1), call.numbers(2)
    if sizes is None or axes is None:
        return None
    demand(len(axes) == 1, "one axis", axes)
    axis = call.axis(axes[0], len(shape))
    rest = shape[axis] - sum(n for n in sizes if n != -1)
    whole = [rest if n == -1 else n for n in sizes]
    fits = sizes.count(-1) <= 1 and sum(whole) == shape[axis] and min(whole, default=0) >= 1
    demand(fits, f"sizes whose sum is {shape[axis]}", sizes)
    return [(*shape[:axis], n, *shape[axis + 1 :]) for n in whole]


def reshaped(call: Call) -> list[Shape] | None:
    """RESHAPE."""
    source = call.shape(0)
    wanted = call.numbers(1) if call.given(1) else list(call.layer.lists.get("newShape", ()))
    stored = call.graph.tensor(call.layer.outputs[0]).shape
    if wanted is None or (not wanted and prod(stored) == prod(source)):
        demand(prod(stored) == prod(source), f"{prod(source)} values, as in {list(source)}", list(stored))
        return None
    known = prod(n for n in wanted if n != -1)
    fits = wanted.count(-1) <= 1 and min(wanted, default=1) >= -1 and known >= 1 and prod(source) % known == 0
    demand(fits and (-1 in wanted or known == prod(source)), f"a shape of {prod(source)} values", wanted)
    return [tuple(prod(source) // known if n == -1 else n for n in wanted)]


def squeezed(call: Call) -> list[Shape]:
    """SQUEEZE."""
    shape = call.shape(0)
    given = {call.axis(axis, len(shape)) for axis in call.layer.lists.get("squeezeDims", ())}
    gone = given or {i for i, extent in enumerate(shape) if extent == 1}
    demand(all(shape[axis] == 1 for axis in gone), f"extents of 1 along {sorted(gone)}", list(shape))
    return [tuple(extent for i, extent in enumerate(shape) if i not in gone)]


def expanded(call: Call) -> list[Shape] | None:
    """EXPAND_DIMS."""
    shape, axes = call.shape(0), call.numbers(1)
    if axes is None:
        return None
    demand(len(axes) == 1, "one axis", axes)
    axis = call.axis(axes[0], len(shape) + 1)
    return [(*shape[:axis], 1, *shape[axis:])]


def of_stated_shape(position: int) -> Rule:
    """FILL and BROADCAST_TO: the input at ``position`` is the shape."""

    def rule(call: Call) -> list[Shape] | None:
        shape = call.numbers(position)
        return None if shape is None else [tuple(shape)]

    return rule


def lstm(call: Call) -> list[Shape]:
    """UNIDIRECTIONAL_SEQUENCE_LSTM."""
    source, weights = call.shape(0), call.shape(2)
    demand(len(source) == 3, "three axes in input 0", list(source))
    demand(len(weights) == 2 and weights[1] == source[2], f"weights [cells, {source[2]}]", list(weights))
    return [(*source[:2], weights[0])]


def rnn(call: Call) -> list[Shape]:
    """UNIDIRECTIONAL_SEQUENCE_RNN."""
    source, weights, recurrent, bias, state = (call.shape(i) for i in range(5))
    demand(len(source) == 3, "three axes in input 0", list(source))
    demand(len(weights) == 2 and weights[1] == source[2], f"weights [units, {source[2]}]", list(weights))
    units, batches = weights[0], source[1 if call.option("timeMajor") else 0]
    demand(recurrent == (units, units) and bias == (units,), f"{units} units", [list(recurrent), list(bias)])
    demand(state == (batches, units), f"a state [{batches}, {units}]", list(state))
    return [(*source[:2], units)]


def mirrored(call: Call) -> list[Shape] | None:
    """MIRROR_PAD: no axis can give more than it has, or one less where the edge is left out."""
    shape, pairs = call.shape(0), call.numbers(1)
    if pairs is not None and len(pairs) == 2 * len(shape):
        inner = 1 if call.option("mode") == 0 else 0
        fits = all(n <= extent - inner for extent, n in zip((e for e in shape for _ in "ba"), pairs, strict=True))
        demand(fits, f"paddings of at most {[e - inner for e in shape]}", pairs)
    return padded(call)


def tiled(call: Call) -> list[Shape] | None:
    """TILE."""
    shape, times = call.shape(0), call.numbers(1)
    if times is None:
        return None
    demand(len(times) == len(shape) and min(times, default=1) >= 1, f"{len(shape)} multiples from 1 on", times)
    return [tuple(e * n for e, n in zip(shape, times, strict=True))]


def gathered(call: Call) -> list[Shape]:
    """GATHER; data and indices begin with the same batch dimensions, if there are any."""
    shape, indices = call.shape(0), call.shape(1)
    batched = call.axis(call.option("batchDims"), len(indices)) if call.option("batchDims") else 0
    axis = call.axis(call.option("axis"), len(shape))
    demand(batched <= axis, f"an axis from {batched} on", axis)
    demand(shape[:batched] == indices[:batched], f"indices of {list(shape[:batched])} and more", list(indices))
    return [(*shape[:axis], *indices[batched:], *shape[axis + 1 :])]


def updated(call: Call) -> list[Shape]:
    """DYNAMIC_UPDATE_SLICE."""
    shape, part, start = (call.shape(i) for i in range(3))
    demand(len(part) == len(shape) and len(start) == 1, f"an update of {len(shape)} axes", [list(part), list(start)])
    demand(start[0] == len(shape), f"{len(shape)} indices", start[0])
    demand(all(p <= e for p, e in zip(part, shape, strict=True)), f"at most {list(shape)}", list(part))
    return [shape]


def looked_up(call: Call) -> list[Shape]:
    """EMBEDDING_LOOKUP."""
    ids, table = call.shape(0), call.shape(1)
    demand(len(ids) == 1 and len(table) >= 2, "a row of ids and a table of rows", [list(ids), list(table)])
    return [(ids[0], *table[1:])]


def gathered_nd(call: Call) -> list[Shape]:
    """GATHER_ND."""
    shape, indices = call.shape(0), call.shape(1)
    demand(len(indices) >= 1 and 1 <= indices[-1] <= len(shape), f"indices of 1 to {len(shape)} axes", list(indices))
    return [(*indices[:-1], *shape[indices[-1] :])]


def reversed_along(call: Call) -> list[Shape]:
    """REVERSE_V2."""
    shape = call.shape(0)
    for axis in call.numbers(1) or ():
        call.axis(axis, len(shape))
    return [shape]


def to_depth(call: Call) -> list[Shape]:
    """SPACE_TO_DEPTH."""
    n, h, w, c = call.image(0)
    block = call.positive("blockSize")
    demand(h % block == 0 and w % block == 0, f"height and width that {block} divides", [h, w])
    return [(n, h // block, w // block, c * block * block)]


def to_space(call: Call) -> list[Shape]:
    """DEPTH_TO_SPACE."""
    n, h, w, c = call.image(0)
    block = call.positive("blockSize")
    demand(c % (block * block) == 0, f"channels that {block * block} divides", c)
    return [(n, h * block, w * block, c // (block * block))]


def _blocks(call: Call) -> tuple[list[int], list[int]] | None:
    block, edges = call.numbers(1), call.numbers(2)
    if block is None or edges is None:
        return None
    spatial = len(call.shape(0)) - 2
    demand(spatial in (1, 2) and len(block) == spatial and min(block) >= 1, "one or two blocks from 1 on", block)
    demand(len(edges) == 2 * spatial and min(edges) >= 0, f"2 x {spatial} edges from 0 on", edges)
    return block, edges


def to_batch(call: Call) -> list[Shape] | None:
    """SPACE_TO_BATCH_ND."""
    found, shape = _blocks(call), call.shape(0)
    if found is None:
        return None
    block, pads = found
    whole = [e + b + a for e, b, a in zip(shape[1:], pads[::2], pads[1::2], strict=False)]
    demand(all(e % n == 0 for e, n in zip(whole, block, strict=True)), f"padded extents that {block} divides", whole)
    return [(shape[0] * prod(block), *(e // n for e, n in zip(whole, block, strict=True)), shape[-1])]


def from_batch(call: Call) -> list[Shape] | None:
    """BATCH_TO_SPACE_ND."""
    found, shape = _blocks(call), call.shape(0)
    if found is None:
        return None
    block, crops = found
    demand(shape[0] % prod(block) == 0, f"a batch that {prod(block)} divides", shape[0])
    whole = [e * n - b - a for e, n, b, a in zip(shape[1:], block, crops[::2], crops[1::2], strict=False)]
    demand(min(whole) >= 1, "something left after cropping", whole)
    return [(shape[0] // prod(block), *whole, shape[-1])]


def resized(call: Call) -> list[Shape] | None:
    """RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR."""
    image, size = call.image(0), call.numbers(1)
    demand(not (call.option("alignCorners") and call.option("halfPixelCenters")), "one of two alignments", "both")
    if size is None:
        return None
    demand(len(size) == 2 and min(size) >= 1, "a height and a width from 1 on", size)
    return [(image[0], *size, image[3])]


def top(call: Call) -> list[Shape] | None:
    """TOPK_V2."""
    shape, few = call.shape(0), call.numbers(1)
    if few is None:
        return None
    demand(len(few) == 1 and len(shape) >= 1 and 1 <= few[0] <= shape[-1], f"1..{shape[-1:]} of each row", few)
    return [(*shape[:-1], few[0])] * 2


def running(call: Call) -> list[Shape]:
    """CUMSUM."""
    axes = call.numbers(1)
    if axes is not None:
        demand(len(axes) == 1, "one axis", axes)
        call.axis(axes[0], len(call.shape(0)))
    return [call.shape(0)]

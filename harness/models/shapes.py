"""The shape of every operator's outputs, from its inputs and options alone: what a file states must be the same.

The rules are those by which LiteRT's kernels resize their outputs (``Prepare`` in each of tflite/kernels). One function an
operator; a new operator needs a line in ``_RULES``. An operator without one is left to whoever refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from harness.errors import PlanError
from harness.models.ir import Graph, Layer
from harness.models.slicing import chosen, foreign_masks
from harness.models.wellformed import AGAIN

Shape = tuple[int, ...]
_SAME = 0  # TFLite's Padding


class _Contradiction(Exception):
    """What an operator cannot compute: what it needs, what the file has."""

    def __init__(self, expected: object, found: object) -> None:
        super().__init__(expected, found)
        self.expected, self.found = expected, found


@dataclass(frozen=True)
class _Call:
    """One operator with its tensors at hand."""

    graph: Graph
    layer: Layer

    def shape(self, position: int) -> Shape:
        return self.graph.tensor(self.layer.inputs[position]).shape

    def image(self, position: int) -> Shape:
        """The shape of an input that must have four axes."""
        shape = self.shape(position)
        _demand(len(shape) == 4, f"four axes in input {position}", list(shape))
        return shape

    def given(self, position: int) -> bool:
        return position < len(self.layer.inputs) and self.layer.inputs[position] >= 0

    def numbers(self, position: int) -> list[int] | None:
        """The values of an integer input; None where they are computed at run time."""
        tensor = self.graph.tensor(self.layer.inputs[position])
        _demand(tensor.dtype in ("int32", "int64"), f"integers in input {position}", tensor.dtype)
        if tensor.data is None:
            return None if tensor.elements else []
        return [int(v) for v in tensor.data.reshape(-1)]

    def option(self, name: str, default: int = 0) -> int:
        return int(self.layer.options.get(name, default))

    def positive(self, name: str, default: int | None = None) -> int:
        value = self.option(name, 0 if default is None else default)
        _demand(value >= 1, f"{name} of 1 and more", value)
        return value

    def axis(self, value: int, rank: int) -> int:
        _demand(-rank <= value < rank, f"an axis in {-rank}..{rank - 1}", value)
        return value % rank


_Rule = Callable[[_Call], Sequence[Shape] | None]  # None: not known before the network runs


def check_shapes(graph: Graph, where: str) -> None:
    """Raises PlanError for the first layer whose stored output shapes are not those that it computes, or that cannot compute
    any (a stride of 0, weights that do not fit), naming file (``where``), layer and tensor. ``graph`` must be well formed."""
    for layer in graph.layers:
        rule = _RULES.get(layer.op)
        if rule is None:
            continue
        at = f"{where}, {layer.describe()}"
        try:
            shapes = rule(_Call(graph, layer))
        except _Contradiction as wrong:
            name = graph.tensor(layer.outputs[0]).name
            raise PlanError(
                f"the model file contradicts itself: {layer.op} cannot compute tensor {layer.outputs[0]} {name!r}",
                where=at,
                expected=wrong.expected,
                found=wrong.found,
                next_step=AGAIN,
            ) from None
        if shapes is None:
            continue
        if len(shapes) != len(layer.outputs):
            raise PlanError(
                f"the model file contradicts itself: the outputs of {layer.op}",
                where=at,
                expected=f"{len(shapes)} tensors",
                found=len(layer.outputs),
                next_step=AGAIN,
            )
        for index, shape in zip(layer.outputs, shapes, strict=True):
            stored = graph.tensor(index)
            if stored.shape != tuple(shape) or min(shape, default=1) < 1:
                raise PlanError(
                    f"the model file contradicts itself: the shape of tensor {index} {stored.name!r}",
                    where=at,
                    expected=f"{list(shape)}, which {layer.op} makes of its inputs",
                    found=list(stored.shape),
                    next_step=AGAIN,
                )


def _demand(holds: bool, expected: object, found: object) -> None:
    if not holds:
        raise _Contradiction(expected, found)


def _unchanged(call: _Call) -> list[Shape]:
    return [call.shape(0)]


def _broadcast(call: _Call) -> list[Shape]:
    try:
        return [np.broadcast_shapes(call.shape(0), call.shape(1))]
    except ValueError:
        raise _Contradiction("shapes that can be broadcast", [list(call.shape(0)), list(call.shape(1))]) from None


def _slid(call: _Call, extents: Sequence[int], taps: Sequence[int]) -> list[int]:
    """How many steps a window of ``taps`` makes along height and width."""
    same = call.option("padding") == _SAME
    steps = []
    for extent, n, letter in zip(extents, taps, "HW", strict=True):
        _demand(n >= 1, "a window of one tap and more", n)
        stride, dilation = call.positive(f"stride{letter}"), call.positive(f"dilation{letter}Factor", 1)
        reach = (n - 1) * dilation + 1
        steps.append(-(-(extent if same else extent - reach + 1) // stride))
        _demand(steps[-1] >= 1, f"an input of at least {reach} along {letter}", extent)
    return steps


def _bias(call: _Call, position: int, n: int) -> None:
    if call.given(position):
        _demand(prod(call.shape(position)) == n, f"a bias for each of {n} outputs", list(call.shape(position)))


def _conv(call: _Call) -> list[Shape]:
    image, weights = call.image(0), call.image(1)
    _demand(image[3] % weights[3] == 0, f"weights for {image[3]} channels or a divisor of them", list(weights))
    groups = image[3] // weights[3]
    _demand(weights[0] % groups == 0, f"outputs in {groups} groups", weights[0])
    _bias(call, 2, weights[0])
    return [(image[0], *_slid(call, image[1:3], weights[1:3]), weights[0])]


def _depthwise(call: _Call) -> list[Shape]:
    image, weights = call.image(0), call.image(1)
    _demand(weights[0] == 1 and weights[3] % image[3] == 0, f"[1, h, w, n x {image[3]}] weights", list(weights))
    _bias(call, 2, weights[3])
    return [(image[0], *_slid(call, image[1:3], weights[1:3]), weights[3])]


def _transposed_conv(call: _Call) -> list[Shape] | None:
    target, weights, image = call.numbers(0), call.image(1), call.image(2)
    _demand(weights[3] == image[3], f"weights for {image[3]} channels", list(weights))
    _bias(call, 3, weights[0])
    if target is None:
        return None
    _demand(len(target) == 4 and target[3] == weights[0], f"an output of {weights[0]} channels", target)
    back = _slid(call, target[1:3], weights[1:3])
    _demand(back == list(image[1:3]), f"an input of {back}, from which that output comes", list(image[1:3]))
    return [tuple(target)]


def _pool(call: _Call) -> list[Shape]:
    image = call.image(0)
    taps = (call.positive("filterHeight"), call.positive("filterWidth"))
    return [(image[0], *_slid(call, image[1:3], taps), image[3])]


def _dense(call: _Call) -> list[Shape]:
    source, weights = call.shape(0), call.shape(1)
    _demand(len(weights) == 2, "weights [outputs, inputs]", list(weights))
    outputs, inputs = weights
    _demand(prod(source) % inputs == 0, f"rows of {inputs} values", list(source))
    _bias(call, 2, outputs)
    if call.option("keepNumDims"):
        _demand(len(source) > 0 and source[-1] == inputs, f"{inputs} values along the last axis", list(source))
        return [(*source[:-1], outputs)]
    return [(prod(source) // inputs, outputs)]


def _softmax(call: _Call) -> list[Shape]:
    _demand(len(call.shape(0)) >= 1, "at least one axis", list(call.shape(0)))
    return [call.shape(0)]


def _mean(call: _Call) -> list[Shape] | None:
    axes = call.numbers(1)
    if axes is None:
        return None
    source = call.shape(0)
    gone = {call.axis(axis, len(source)) for axis in axes}
    if call.option("keepDims"):
        return [tuple(1 if i in gone else extent for i, extent in enumerate(source))]
    return [tuple(extent for i, extent in enumerate(source) if i not in gone)]


def _arg(call: _Call) -> list[Shape] | None:
    axes = call.numbers(1)
    if axes is None:
        return None
    _demand(len(axes) == 1, "one axis", axes)
    gone = call.axis(axes[0], len(call.shape(0)))
    return [tuple(extent for i, extent in enumerate(call.shape(0)) if i != gone)]


def _concatenated(call: _Call) -> list[Shape]:
    shapes = [call.shape(i) for i in range(len(call.layer.inputs))]
    axis = call.axis(call.option("axis"), len(shapes[0]))
    for shape in shapes:
        rest = [s[:axis] + s[axis + 1 :] for s in (shape, shapes[0])]
        _demand(
            len(shape) == len(shapes[0]) and rest[0] == rest[1], f"like {list(shapes[0])} but axis {axis}", list(shape)
        )
    return [(*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])]


def _packed(call: _Call) -> list[Shape]:
    shapes = {call.shape(i) for i in range(len(call.layer.inputs))}
    _demand(len(shapes) == 1, "inputs of one shape", sorted(map(list, shapes)))
    (shape,) = shapes
    axis = call.axis(call.option("axis"), len(shape) + 1)
    return [(*shape[:axis], len(call.layer.inputs), *shape[axis:])]


def _unpacked(call: _Call) -> list[Shape]:
    shape = call.shape(0)
    axis = call.axis(call.option("axis"), len(shape))
    return [shape[:axis] + shape[axis + 1 :]] * shape[axis]


def _padded(call: _Call) -> list[Shape] | None:
    shape, pairs = call.shape(0), call.numbers(1)
    if pairs is None:
        return None
    _demand(len(pairs) == 2 * len(shape) and min(pairs, default=0) >= 0, f"2 x {len(shape)} paddings from 0 on", pairs)
    return [tuple(e + b + a for e, b, a in zip(shape, pairs[::2], pairs[1::2], strict=True))]


def _permuted(call: _Call) -> list[Shape] | None:
    shape, order = call.shape(0), call.numbers(1)
    if order is None:
        return None
    axes = [call.axis(axis, len(shape)) for axis in order]
    _demand(sorted(axes) == list(range(len(shape))), f"an order of {len(shape)} axes", order)
    return [tuple(shape[axis] for axis in axes)]


def _sliced(call: _Call) -> list[Shape] | None:
    shape, begin, size = call.shape(0), call.numbers(1), call.numbers(2)
    if begin is None or size is None:
        return None
    _demand(len(begin) == len(size) == len(shape), f"begin and size for {len(shape)} axes", [begin, size])
    sizes = [extent - b if n == -1 else n for extent, b, n in zip(shape, begin, size, strict=True)]
    for extent, b, n in zip(shape, begin, sizes, strict=True):
        _demand(b >= 0 and n >= 1 and b + n <= extent, f"values within {list(shape)}", f"begin {begin}, size {size}")
    return [tuple(sizes)]


def _strided(call: _Call) -> list[Shape] | None:
    shape = call.shape(0)
    bounds = [call.numbers(position) for position in (1, 2, 3)]
    begin, end, stride = bounds
    if begin is None or end is None or stride is None:
        return None
    _demand(len(begin) == len(end) == len(stride) <= len(shape), f"bounds for at most {len(shape)} axes", bounds)
    _demand(0 not in stride, "strides other than 0", stride)
    if foreign_masks(call.layer):
        return None
    shrunk = call.option("shrinkAxisMask")
    for axis, at in enumerate(begin):
        if shrunk >> axis & 1:
            call.axis(at, shape[axis])
    taken = chosen(call.layer, shape, begin, end, stride)
    return [tuple(len(one) for one in taken if isinstance(one, range))]


def _split(call: _Call) -> list[Shape] | None:
    axes, shape = call.numbers(0), call.shape(1)
    if axes is None:
        return None
    _demand(len(axes) == 1, "one axis", axes)
    axis, parts = call.axis(axes[0], len(shape)), call.positive("numSplits")
    _demand(shape[axis] % parts == 0, f"an extent that {parts} divides", shape[axis])
    return [(*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])] * parts


def _split_by_sizes(call: _Call) -> list[Shape] | None:
    shape, sizes, axes = call.shape(0), call.numbers(1), call.numbers(2)
    if sizes is None or axes is None:
        return None
    _demand(len(axes) == 1, "one axis", axes)
    axis = call.axis(axes[0], len(shape))
    rest = shape[axis] - sum(n for n in sizes if n != -1)
    whole = [rest if n == -1 else n for n in sizes]
    fits = sizes.count(-1) <= 1 and sum(whole) == shape[axis] and min(whole, default=0) >= 1
    _demand(fits, f"sizes whose sum is {shape[axis]}", sizes)
    return [(*shape[:axis], n, *shape[axis + 1 :]) for n in whole]


def _reshaped(call: _Call) -> list[Shape] | None:
    source = call.shape(0)
    wanted = call.numbers(1) if call.given(1) else list(call.layer.lists.get("newShape", ()))
    stored = call.graph.tensor(call.layer.outputs[0]).shape
    if wanted is None or (not wanted and prod(stored) == prod(source)):
        _demand(prod(stored) == prod(source), f"{prod(source)} values, as in {list(source)}", list(stored))
        return None
    known = prod(n for n in wanted if n != -1)
    fits = wanted.count(-1) <= 1 and min(wanted, default=1) >= -1 and known >= 1 and prod(source) % known == 0
    _demand(fits and (-1 in wanted or known == prod(source)), f"a shape of {prod(source)} values", wanted)
    return [tuple(prod(source) // known if n == -1 else n for n in wanted)]


def _squeezed(call: _Call) -> list[Shape]:
    shape = call.shape(0)
    given = {call.axis(axis, len(shape)) for axis in call.layer.lists.get("squeezeDims", ())}
    gone = given or {i for i, extent in enumerate(shape) if extent == 1}
    _demand(all(shape[axis] == 1 for axis in gone), f"extents of 1 along {sorted(gone)}", list(shape))
    return [tuple(extent for i, extent in enumerate(shape) if i not in gone)]


def _expanded(call: _Call) -> list[Shape] | None:
    shape, axes = call.shape(0), call.numbers(1)
    if axes is None:
        return None
    _demand(len(axes) == 1, "one axis", axes)
    axis = call.axis(axes[0], len(shape) + 1)
    return [(*shape[:axis], 1, *shape[axis:])]


def _of_stated_shape(position: int) -> _Rule:
    """FILL and BROADCAST_TO: the input at ``position`` is the shape."""

    def rule(call: _Call) -> list[Shape] | None:
        shape = call.numbers(position)
        return None if shape is None else [tuple(shape)]

    return rule


def _lstm(call: _Call) -> list[Shape]:
    source, weights = call.shape(0), call.shape(2)
    _demand(len(source) == 3, "three axes in input 0", list(source))
    _demand(len(weights) == 2 and weights[1] == source[2], f"weights [cells, {source[2]}]", list(weights))
    return [(*source[:2], weights[0])]


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(("ADD", "SUB", "MUL"), _broadcast),
    **dict.fromkeys(("LOGISTIC", "TANH", "HARD_SWISH", "LEAKY_RELU", "RELU", "RELU6", "RELU_N1_TO_1"), _unchanged),
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE"), _unchanged),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pool),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), _arg),
    **dict.fromkeys(("PAD", "PADV2"), _padded),
    "BROADCAST_TO": _of_stated_shape(1),
    "CONCATENATION": _concatenated,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "EXPAND_DIMS": _expanded,
    "FILL": _of_stated_shape(0),
    "FULLY_CONNECTED": _dense,
    "MEAN": _mean,
    "PACK": _packed,
    "RESHAPE": _reshaped,
    "SHAPE": lambda call: [(len(call.shape(0)),)],
    "SLICE": _sliced,
    "SOFTMAX": _softmax,
    "SPLIT": _split,
    "SPLIT_V": _split_by_sizes,
    "SQUEEZE": _squeezed,
    "STRIDED_SLICE": _strided,
    "TRANSPOSE": _permuted,
    "TRANSPOSE_CONV": _transposed_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "UNPACK": _unpacked,
}

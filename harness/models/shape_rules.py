"""The shapes that operators with windows or weights, and those on single values, make of their inputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from harness.models.shape_call import Call, Contradiction, Shape, demand

_SAME = 0  # TFLite's Padding


def unchanged(call: Call) -> list[Shape]:
    """Any operator on one value at a time."""
    return [call.shape(0)]


def broadcast(call: Call) -> list[Shape]:
    """Any operator on two values at a time."""
    try:
        return [np.broadcast_shapes(call.shape(0), call.shape(1))]
    except ValueError:
        raise Contradiction("shapes that can be broadcast", [list(call.shape(0)), list(call.shape(1))]) from None


def chosen(call: Call) -> list[Shape]:
    """SELECT, SELECT_V2."""
    shapes = [call.shape(i) for i in range(3)]
    try:
        return [np.broadcast_shapes(*shapes)]
    except ValueError:
        raise Contradiction("shapes that can be broadcast", [list(s) for s in shapes]) from None


def slid(call: Call, extents: Sequence[int], taps: Sequence[int]) -> list[int]:
    """How many steps a window of ``taps`` makes along height and width."""
    same = call.option("padding") == _SAME
    steps = []
    for extent, n, letter in zip(extents, taps, "HW", strict=True):
        demand(n >= 1, "a window of one tap and more", n)
        stride, dilation = call.positive(f"stride{letter}"), call.positive(f"dilation{letter}Factor", 1)
        reach = (n - 1) * dilation + 1
        steps.append(-(-(extent if same else extent - reach + 1) // stride))
        demand(steps[-1] >= 1, f"an input of at least {reach} along {letter}", extent)
    return steps


def bias(call: Call, position: int, n: int) -> None:
    """Demands ``n`` values in the bias, if there is one."""
    if call.given(position):
        demand(prod(call.shape(position)) == n, f"a bias for each of {n} outputs", list(call.shape(position)))


def conv(call: Call) -> list[Shape]:
    """CONV_2D."""
    image, weights = call.image(0), call.image(1)
    demand(image[3] % weights[3] == 0, f"weights for {image[3]} channels or a divisor of them", list(weights))
    groups = image[3] // weights[3]
    demand(weights[0] % groups == 0, f"outputs in {groups} groups", weights[0])
    bias(call, 2, weights[0])
    return [(image[0], *slid(call, image[1:3], weights[1:3]), weights[0])]


def depthwise(call: Call) -> list[Shape]:
    """DEPTHWISE_CONV_2D."""
    image, weights = call.image(0), call.image(1)
    demand(weights[0] == 1 and weights[3] % image[3] == 0, f"[1, h, w, n x {image[3]}] weights", list(weights))
    bias(call, 2, weights[3])
    return [(image[0], *slid(call, image[1:3], weights[1:3]), weights[3])]


def transposed_conv(call: Call) -> list[Shape] | None:
    """TRANSPOSE_CONV."""
    target, weights, image = call.numbers(0), call.image(1), call.image(2)
    demand(weights[3] == image[3], f"weights for {image[3]} channels", list(weights))
    bias(call, 3, weights[0])
    if target is None:
        return None
    wanted = f"an output of {weights[0]} channels, {image[0]} images"
    demand(len(target) == 4 and (target[0], target[3]) == (image[0], weights[0]), wanted, target)
    back = slid(call, target[1:3], weights[1:3])
    demand(back == list(image[1:3]), f"an input of {back}, from which that output comes", list(image[1:3]))
    return [tuple(target)]


def pool(call: Call) -> list[Shape]:
    """AVERAGE_POOL_2D, MAX_POOL_2D."""
    image = call.image(0)
    taps = (call.positive("filterHeight"), call.positive("filterWidth"))
    return [(image[0], *slid(call, image[1:3], taps), image[3])]


def dense(call: Call) -> list[Shape]:
    """FULLY_CONNECTED."""
    source, weights = call.shape(0), call.shape(1)
    demand(len(weights) == 2, "weights [outputs, inputs]", list(weights))
    outputs, inputs = weights
    demand(prod(source) % inputs == 0, f"rows of {inputs} values", list(source))
    bias(call, 2, outputs)
    if call.option("keepNumDims"):
        demand(len(source) > 0 and source[-1] == inputs, f"{inputs} values along the last axis", list(source))
        return [(*source[:-1], outputs)]
    return [(prod(source) // inputs, outputs)]


def softmax(call: Call) -> list[Shape]:
    """SOFTMAX."""
    demand(len(call.shape(0)) >= 1, "at least one axis", list(call.shape(0)))
    return [call.shape(0)]


def sloped(call: Call) -> list[Shape]:
    """PRELU."""
    try:
        fits = np.broadcast_shapes(call.shape(0), call.shape(1)) == call.shape(0)
    except ValueError:
        fits = False
    demand(fits, f"slopes for {list(call.shape(0))}", list(call.shape(1)))
    return [call.shape(0)]


def multiplied(call: Call) -> list[Shape]:
    """BATCH_MATMUL."""
    a, b = call.shape(0), call.shape(1)
    demand(min(len(a), len(b)) >= 2, "two axes and more", [list(a), list(b)])
    rows, depth = (a[-1], a[-2]) if call.option("adjX") else (a[-2], a[-1])
    again, columns = (b[-1], b[-2]) if call.option("adjY") else (b[-2], b[-1])
    demand(depth == again, f"{depth} rows in input 1", again)
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise Contradiction("batches that can be broadcast", [list(a), list(b)]) from None
    return [(*batch, rows, columns)]


def alike(call: Call) -> list[Shape]:
    """ADD_N."""
    shapes = {call.shape(i) for i in range(len(call.layer.inputs))}
    demand(len(shapes) == 1, "inputs of one shape", sorted(map(list, shapes)))
    return [call.shape(0)]


def filtered(call: Call) -> list[Shape]:
    """SVDF: features [filters, inputs], times [filters, memory], a state of filters x memory, ``rank`` filters a unit."""
    source, features, times, state = (call.shape(i) for i in (0, 1, 2, 4))
    rank = call.positive("rank")
    demand(len(source) == 2 and len(features) == 2 and len(times) == 2, "two axes each", [source, features, times])
    demand(features[1] == source[1], f"weights for {source[1]} values", list(features))
    demand(features[0] % rank == 0 and times[0] == features[0], f"filters in groups of {rank}", [features, times])
    demand(prod(state) == source[0] * times[0] * times[1], f"a state of {source[0] * times[0] * times[1]}", list(state))
    bias(call, 3, features[0] // rank)
    return [(source[0], features[0] // rank)]

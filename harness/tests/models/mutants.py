"""Damaged .tflite files: one or two statements of a good one changed, drawn from a seed."""

from __future__ import annotations

import copy
import random

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

EXTENTS = (-1, 0, 1, 2, 3, 7, 255, 65536, 2**31 - 1)


def mutant(content: bytes, seed: int) -> bytes:
    """``content`` with one statement changed, or two, or (one in eight) with a few bytes overwritten."""
    draw = random.Random(seed)
    if draw.randrange(8) == 0:
        damaged = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            damaged[draw.randrange(8, len(damaged))] = draw.randrange(256)
        return bytes(damaged)
    model = schema.ModelT.InitFromPackedBuf(content)
    for _ in range(draw.randint(1, 2)):
        draw.choice(CHANGES)(model, draw)
    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except TypeError:  # a value that the format itself cannot hold
        return mutant(content, seed + 2**32)
    return bytes(builder.Output())


def _tensor(model, draw):
    return draw.choice(model.subgraphs[0].tensors)


def _operator(model, draw):
    return draw.choice(model.subgraphs[0].operators)


def extent(model, draw):
    tensor = _tensor(model, draw)
    shape = [int(n) for n in tensor.shape] if tensor.shape is not None else []
    if shape:
        at = draw.randrange(len(shape))
        shape[at] = draw.choice((*EXTENTS, shape[at] + 1, shape[at] - 1))
    tensor.shape = shape


def rank(model, draw):
    tensor = _tensor(model, draw)
    shape = [int(n) for n in tensor.shape] if tensor.shape is not None else []
    tensor.shape = draw.choice((shape[1:], shape[:-1], [1, *shape], [*shape, 1], shape[::-1]))


def dtype(model, draw):
    _tensor(model, draw).type = draw.randrange(18)


def no_data(model, draw):
    _tensor(model, draw).buffer = draw.choice((0, draw.randrange(len(model.buffers))))


def less_data(model, draw):
    buffer = draw.choice(model.buffers)
    if buffer.data is not None and len(buffer.data):
        buffer.data = np.asarray(buffer.data)[: draw.randrange(len(buffer.data))]


def other_values(model, draw):
    """Of a small constant: axes, shapes, paddings; weights stay as they are nine times in ten."""
    buffer = draw.choice(model.buffers)
    if buffer.data is not None and 0 < len(buffer.data) <= (10**6 if draw.randrange(10) == 0 else 64):
        data = np.array(buffer.data, np.uint8)
        data[draw.randrange(len(data))] = draw.choice((0, 1, 2, 3, 127, 128, 255))
        buffer.data = data


def ends(model, draw):
    """Inputs or outputs of an operator: one gone, one more, one other."""
    operator, name = _operator(model, draw), draw.choice(("inputs", "outputs"))
    indices = [int(i) for i in getattr(operator, name)]
    other = draw.choice(
        (-2, -1, draw.randrange(len(model.subgraphs[0].tensors)), len(model.subgraphs[0].tensors), 2**30)
    )
    at = draw.randrange(len(indices)) if indices else 0
    choices = [[], [*indices, other], indices[:at] + indices[at + 1 :], [*indices[:at], other, *indices[at + 1 :]]]
    setattr(operator, name, draw.choice(choices))


def order(model, draw):
    draw.shuffle(model.subgraphs[0].operators)


def fewer(model, draw):
    operators = model.subgraphs[0].operators
    del operators[draw.randrange(len(operators))]
    if not operators:
        model.subgraphs[0].operators = []


def twice(model, draw):
    model.subgraphs[0].operators.append(copy.copy(_operator(model, draw)))


def option(model, draw):
    options = _operator(model, draw).builtinOptions
    numbers = [k for k, v in vars(options).items() if isinstance(v, (int, np.integer))] if options is not None else []
    if numbers:
        setattr(options, draw.choice(numbers), draw.choice((0, 1, 2, 3, 5, 100)))


def no_options(model, draw):
    operator = _operator(model, draw)
    operator.builtinOptions, operator.builtinOptionsType = None, 0


def other_operator(model, draw):
    code = draw.choice(model.operatorCodes)
    code.builtinCode = draw.randrange(160)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def scale(model, draw):
    q = _tensor(model, draw).quantization
    if q is not None and q.scale is not None and len(q.scale):
        scales = np.array(q.scale, np.float32)
        scales[draw.randrange(len(scales))] = draw.choice((0.0, -1.0, np.nan, np.inf, 1e-30, 1e30, 0.05))
        q.scale = draw.choice((scales, scales, scales[:-1]))


def zero_point(model, draw):
    q = _tensor(model, draw).quantization
    if q is not None and q.zeroPoint is not None and len(q.zeroPoint):
        points = np.array(q.zeroPoint, np.int64)
        points[draw.randrange(len(points))] = draw.choice((-129, -128, 0, 1, 127, 128, 2**40))
        q.zeroPoint = draw.choice((points, points, points[:-1]))


def axis(model, draw):
    q = _tensor(model, draw).quantization
    if q is not None:
        q.quantizedDimension = draw.choice((-1, 0, 1, 2, 3, 4))


def network_ends(model, draw):
    graph, name = model.subgraphs[0], draw.choice(("inputs", "outputs"))
    setattr(graph, name, draw.choice(([], [-1], [len(graph.tensors)], [draw.randrange(len(graph.tensors))])))


CHANGES = (
    *(extent, extent, extent, rank, rank, dtype, no_data, less_data, other_values, other_values, ends, ends, order),
    *(fewer, twice, option, option, option, no_options, other_operator, scale, zero_point, axis, network_ends),
)

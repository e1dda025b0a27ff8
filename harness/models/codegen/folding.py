"""Computes at once what depends on shapes and constants alone.

A network whose batch was left open when it was exported computes its shapes as it runs (SHAPE, STRIDED_SLICE, PACK) and
fills its first recurrent state with zeros (FILL). Every shape is static here, so all of that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.models.codegen.kernel import refuse
from harness.models.ir import Array, Graph, IrTensor, Layer
from harness.models.slicing import chosen, foreign_masks

# From the layer, its constant inputs and its output's tensor to the output's values.
Fold = Callable[[Layer, Sequence[Array], IrTensor], Array]


def fold_constants(graph: Graph) -> Graph:
    """The graph without layers that only move constants; their outputs become constants. Values are not changed: a layer
    between int8 tensors of different scales stays."""
    tensors = list(graph.tensors)
    layers = []
    for layer in graph.layers:
        values = _folded(layer, tensors)
        if values is None:
            layers.append(layer)
        else:
            index = layer.outputs[0]
            tensors[index] = replace(tensors[index], data=values, shape=values.shape)
    return replace(graph, tensors=tuple(tensors), layers=tuple(layers))


def _folded(layer: Layer, tensors: Sequence[IrTensor]) -> Array | None:
    """The values of the layer's only output, None where they are not known now."""
    if not layer.outputs or not layer.inputs or min(layer.inputs) < 0:
        return None
    target = tensors[layer.outputs[0]]
    sources = [tensors[i] for i in layer.inputs]
    if layer.op == "SHAPE":  # of any tensor, constant or not
        return np.array(sources[0].shape, target.dtype)
    if layer.op == "ZEROS_LIKE" and target.dtype in ("int32", "int64", "float32"):
        return np.zeros(target.shape, target.dtype)
    fold = _FOLDS.get(layer.op)
    constants = [s.data for s in sources if s.data is not None]
    unknown = fold is None or len(constants) < len(sources) or bool(foreign_masks(layer))
    if fold is None or unknown or not _same_scale(layer, sources, target):
        return None
    try:
        values = fold(layer, constants, target)
    except (ValueError, IndexError, TypeError) as error:  # what numpy says of sizes that do not fit
        raise refuse(layer, "its constants do not fit each other", expected=list(target.shape), found=error) from error
    if values.shape != target.shape:
        raise refuse(layer, "its constants have another shape", expected=list(target.shape), found=list(values.shape))
    return np.asarray(values, target.dtype)


def _same_scale(layer: Layer, sources: Sequence[IrTensor], target: IrTensor) -> bool:
    """Whether the values that move keep their meaning; sizes, axes and bounds have no scale."""
    moved = sources if layer.op in ("PACK", "CONCATENATION") else sources[1:2] if layer.op == "FILL" else sources[:1]
    return all(s.dtype == target.dtype and s.quantization == target.quantization for s in moved)


def _slice(layer: Layer, given: Sequence[Array], target: IrTensor) -> Array:
    source, begin, end, stride = given[0], *([int(v) for v in bounds.reshape(-1)] for bounds in given[1:4])
    taken = chosen(layer, source.shape, begin, end, stride)
    result = source
    for axis in range(len(taken) - 1, -1, -1):  # from the last on: an axis that goes leaves those before it in place
        one = taken[axis]
        result = np.take(result, one if isinstance(one, int) else list(one), axis)
    return result


_FOLDS: Mapping[str, Fold] = {
    "BROADCAST_ARGS": lambda _, given, target: np.array(
        np.broadcast_shapes(*(tuple(int(n) for n in shape) for shape in given)), target.dtype
    ),
    "BROADCAST_TO": lambda _, given, target: np.broadcast_to(given[0], target.shape),
    "CONCATENATION": lambda layer, given, _: np.concatenate(given, int(layer.options.get("axis", 0))),
    "EXPAND_DIMS": lambda _, given, target: given[0].reshape(target.shape),
    "FILL": lambda _, given, __: np.broadcast_to(given[1].reshape(-1)[0], tuple(int(n) for n in given[0])),
    "PACK": lambda layer, given, _: np.stack(given, int(layer.options.get("axis", 0))),
    "RESHAPE": lambda _, given, target: given[0].reshape(target.shape),
    "SQUEEZE": lambda _, given, target: given[0].reshape(target.shape),
    "STRIDED_SLICE": _slice,
    "TRANSPOSE": lambda _, given, __: given[0].transpose([int(axis) for axis in given[1].reshape(-1)]),
}
#: Operators that leave no code behind where what they hang on is constant.
FOLDED = frozenset({*_FOLDS, "SHAPE", "ZEROS_LIKE"})

"""Rewrites of the graph before C is made of it. Each keeps every remaining tensor's values bit for bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import PlanError
from harness.models.codegen.folding import fold_constants
from harness.models.ir import Array, Graph, IrTensor, Layer
from harness.models.shapes import check_shapes
from harness.models.variables import ASSIGN

# TFLite's ActivationFunctionType numbers, by the operator that does the same on its own.
NO_ACTIVATION = 0
_ACTIVATION_OPERATORS = {"RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
_CAN_FUSE = {
    *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D"),
    *("ADD", "SUB", "MUL"),
}
# Operators with several outputs, and which of their inputs is the data.
_SPLITTING = {"SPLIT": 1, "SPLIT_V": 0, "TOPK_V2": 0, "UNPACK": 0}
# Operators that change the shape and nothing else. Shapes are static, so a second input (the new shape) is redundant.
SHAPE_ONLY = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"}


@dataclass(frozen=True)
class Program:
    """A graph without shape-only layers. ``storage[t]`` is the tensor whose memory ``t`` shares (mostly itself): layers
    may read a tensor that none writes, in its own shape, where a reshape was."""

    graph: Graph
    storage: Mapping[int, int]

    @property
    def states(self) -> tuple[int, ...]:
        """The tensors that some layer reads or writes and that keep their content from run to run."""
        used = {self.storage[i] for layer in self.graph.layers for i in (*layer.inputs, *layer.outputs) if i >= 0}
        return tuple(i for i in sorted(used) if self.graph.tensor(i).state is not None)


def simplified(graph: Graph) -> Program:
    """All passes in the order in which they help each other."""
    graph = with_filter_states(fold_constants(fold_half_constants(graph)))
    check_shapes(graph, "after folding what is constant")  # sizes that the file computes are known only now
    graph, storage = fold_reshapes(separate_outputs(graph))
    return Program(drop_dead(fuse_activations(graph, storage), storage), storage)


def fold_half_constants(graph: Graph) -> Graph:
    """Weights stored as float16 or int8 become the float32 that their DEQUANTIZE layer makes of them: exact, and no layer."""
    tensors = list(graph.tensors)
    layers = []
    for layer in graph.layers:
        source = graph.tensor(layer.inputs[0]) if layer.op == "DEQUANTIZE" and layer.inputs else None
        values = None if source is None else _dequantised(source)
        if values is None:
            layers.append(layer)
        else:
            index = layer.outputs[0]
            tensors[index] = replace(tensors[index], data=values)
    return replace(graph, tensors=tuple(tensors), layers=tuple(layers))


def _dequantised(source: IrTensor) -> Array | None:
    if source.data is None:
        return None
    if source.dtype == "float16":
        return source.data.astype(np.float32)
    q = source.quantization
    if source.dtype != "int8" or q is None:
        return None
    along = [1] * len(source.shape)
    if not q.per_tensor:
        along[q.axis] = len(q.scales)
    points = np.array(q.zero_points, np.int32).reshape(along)
    scales = np.array(q.scales, np.float32).reshape(along)
    values: Array = scales * (source.data.astype(np.int32) - points).astype(np.float32)
    return values


def with_filter_states(graph: Graph) -> Graph:
    """The states of SVDF and plain recurrent layers get memory of their own, zero at first."""
    tensors = list(graph.tensors)
    for layer in graph.layers:
        if layer.op in ("SVDF", "UNIDIRECTIONAL_SEQUENCE_RNN"):
            state = tensors[layer.inputs[4]]
            if not state.variable:
                raise PlanError(
                    f"the engine cannot translate {layer.op}: its state is no variable tensor",
                    where=f"layer {layer.index}",
                )
            tensors[state.index] = replace(state, state=np.zeros(state.shape, state.dtype))
    return replace(graph, tensors=tuple(tensors))


def separate_outputs(graph: Graph) -> Graph:
    """One layer for each output of SPLIT, SPLIT_V, TOPK_V2 and UNPACK, with its ``part`` and, of those that divide, what it
    takes of the input in its options: the ``axis``, the ``start`` and the ``extent`` along it."""
    layers: list[Layer] = []
    for layer in graph.layers:
        data_at = _SPLITTING.get(layer.op)
        if data_at is None:
            layers.append(layer)
            continue
        source = graph.tensor(layer.inputs[data_at])
        if layer.op == "TOPK_V2":  # values and places are found twice
            for part, output in enumerate(layer.outputs):
                layers.append(replace(layer, outputs=(output,), options={**layer.options, "part": part}))
            continue
        axis = _split_axis(graph, layer) % len(source.shape)
        start = 0
        for part, output in enumerate(layer.outputs):
            extent = 1 if layer.op == "UNPACK" else graph.tensor(output).shape[axis]
            options = {**layer.options, "part": part, "axis": axis, "start": start, "extent": extent}
            layers.append(replace(layer, inputs=(source.index,), outputs=(output,), options=options))
            start += extent
    return replace(graph, layers=tuple(layers))


def _split_axis(graph: Graph, layer: Layer) -> int:
    if layer.op == "UNPACK":
        return int(layer.options.get("axis", 0))
    given = graph.tensor(layer.inputs[0 if layer.op == "SPLIT" else 2]).data
    if given is None:
        raise PlanError(
            f"the engine cannot translate {layer.op}: its axis is computed at run time", where=f"layer {layer.index}"
        )
    return int(given.reshape(-1)[0])


def fold_reshapes(graph: Graph) -> tuple[Graph, dict[int, int]]:
    """The graph without shape-only layers, and whose memory each tensor shares. What computed the shape is dead."""
    storage = {t.index: t.index for t in graph.tensors}
    layers = []
    for layer in graph.layers:
        if layer.op in SHAPE_ONLY:
            storage[layer.outputs[0]] = storage[layer.inputs[0]]
        else:
            layers.append(layer)
    return replace(graph, layers=tuple(layers)), storage


def fuse_activations(graph: Graph, storage: Mapping[int, int]) -> Graph:
    """A RELU of its own becomes the range of the layer before, if nobody else reads that layer and scales are the same.

    Exact: with equal scale and zero point the reference's RELU only clamps, to the same bounds as the fused one.
    """
    readers = Counter(storage[i] for layer in graph.layers for i in layer.inputs if i >= 0)
    readers.update(storage[i] for i in graph.outputs)
    producers: dict[int, Layer] = {}
    for layer in graph.layers:
        if (activation := _ACTIVATION_OPERATORS.get(layer.op)) is not None:
            source = layer.inputs[0]
            before = producers.get(source)  # none for a reshaped tensor: the shape would be lost
            if (
                before is not None
                and readers[source] == 1
                and before.op in _CAN_FUSE
                and before.options.get("fusedActivationFunction") == NO_ACTIVATION
                and graph.tensor(source).quantization == graph.tensor(layer.outputs[0]).quantization
            ):
                del producers[source]
                options = {**before.options, "fusedActivationFunction": activation}
                layer = replace(before, outputs=layer.outputs, options=options)
        producers[layer.outputs[0]] = layer  # a state has no other producer than its one assignment
    # An activation follows its producer, so insertion order is still an execution order.
    return replace(graph, layers=tuple(producers.values()))


def drop_dead(graph: Graph, storage: Mapping[int, int]) -> Graph:
    """The graph without layers whose outputs nothing reads."""
    needed = {storage[i] for i in graph.outputs}
    needed.update(layer.outputs[0] for layer in graph.layers if layer.op == ASSIGN)
    alive = []
    for layer in reversed(graph.layers):
        if needed.intersection(layer.outputs):
            alive.append(layer)
            needed.update(storage[i] for i in layer.inputs if i >= 0)
    return replace(graph, layers=tuple(reversed(alive)))

"""ONNX nodes to TFLite operators: the walk over the graph. The operators themselves are in onnx_images and onnx_plain."""

from __future__ import annotations

import numpy as np

from harness.errors import PlanError
from harness.models.frontends import onnx_images, onnx_more, onnx_plain
from harness.models.frontends.onnx_graph import Node, OnnxGraph, evaluated
from harness.models.frontends.onnx_state import Handler, Lowering

HANDLERS: dict[str, Handler] = {**onnx_images.HANDLERS, **onnx_plain.HANDLERS, **onnx_more.HANDLERS}


def lowered(graph: OnnxGraph) -> bytes:
    """The .tflite file of a folded graph. PlanError naming the node that cannot be translated."""
    low = Lowering(graph)
    for node in graph.nodes:
        with node.misfits_in_words():
            _lower(low, graph, node)
    return low.content()


def _lower(low: Lowering, graph: OnnxGraph, node: Node) -> None:
    if all(not name or name in low.constants for name in node.inputs):
        low.constants.update(evaluated(graph, _renamed(node), low.constants))
    elif node.op == "Shape":
        low.constants[node.outputs[0]] = np.array(low.value(node, 0).shape, np.int64)
    elif node.op == "Split":
        low.values.update(zip(node.outputs, onnx_plain.split(low, node), strict=True))
    elif node.op == "MatMul" and node.inputs[1] not in low.constants:
        low.values[node.outputs[0]] = onnx_more.matmul(low, node)
    elif (handler := HANDLERS.get(node.op)) is not None:
        low.values[node.outputs[0]] = handler(low, node)
    else:
        raise PlanError(
            f"the importer has no operator {node.op}",
            where=f"node {node.name!r}",
            expected=f"one of {', '.join(sorted({*HANDLERS, 'Shape', 'Split', 'Constant', 'Identity', 'Dropout'}))}",
            found=node.op,
        )


def _renamed(node: Node) -> Node:
    del node.proto.input[:]
    node.proto.input.extend(node.inputs)
    return node

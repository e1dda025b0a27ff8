"""What an ONNX conversion has made so far: the values, the constants, and the file that is written. Handlers work on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.errors import PlanError
from harness.models.frontends import turned
from harness.models.frontends.onnx_graph import Node, OnnxGraph
from harness.models.frontends.onnx_values import Value, as_image, image_shape, in_order, reshaped
from harness.models.frontends.writer import Writer
from harness.models.ir import Array


class Lowering:
    """One conversion. ``values`` holds what was computed so far, ``constants`` what is known."""

    def __init__(self, graph: OnnxGraph) -> None:
        self.writer = Writer()
        self.opset = graph.opset
        self.constants = dict(graph.constants)
        self.values: dict[str, Value] = {}
        self._graph = graph
        self._readers = graph.readers()
        self._inputs: dict[str, int] = {}
        for name, shape in graph.inputs.items():
            self.values[name] = self._input(name, shape)

    def content(self) -> bytes:
        """The .tflite file of what was made, once every output of the graph is there."""
        outputs = {name: self._output(name) for name in self._graph.outputs}
        return self.writer.content(self._inputs, outputs, turned.note(self._graph.inputs))

    def value(self, node: Node, position: int) -> Value:
        """The computed input at ``position``; a constant there becomes a tensor."""
        name = node.inputs[position]
        if name not in self.values:
            if name not in self.constants:
                raise node.refuse("an input comes from nowhere", expected="a value computed before", found=name)
            values = self.constants[name]
            if values.dtype not in (np.float32, np.float64):
                raise node.refuse("a constant's type", expected="float32", found=values.dtype)
            return Value(values.shape, self.writer.constant(name, values.astype(np.float32)))
        return self.values[name]

    def ordered(self, node: Node, position: int) -> Value:
        """The input in ONNX's order."""
        return in_order(self.writer, self.value(node, position), f"{node.name}.in{position}")

    def image(self, node: Node, position: int = 0) -> Value:
        """The input with the channels last; refused unless it is of rank 3 or 4."""
        value = self.value(node, position)
        if len(value.shape) not in (3, 4):
            raise node.refuse("the input is no image", expected="rank 3 or 4", found=list(value.shape))
        return as_image(self.writer, value, f"{node.name}.in{position}")

    def given(self, node: Node, position: int) -> Array | None:
        """The constant input at ``position``, None where it is left out; refused when it is computed at run time."""
        if len(node.inputs) <= position or not node.inputs[position]:
            return None
        name = node.inputs[position]
        if name not in self.constants:
            raise node.refuse(f"input {position} must be constant", expected="a constant", found=name)
        return self.constants[name]

    def wanted(self, node: Node, position: int) -> Array:
        """As ``given``, but it must be there."""
        values = self.given(node, position)
        if values is None:
            raise node.refuse(f"input {position} is missing")
        return values

    def numbers(self, node: Node, position: int, attribute: str) -> list[int] | None:
        """Integers that are an input in newer opsets and an attribute in older ones; None where left out."""
        values = self.given(node, position)
        if values is not None:
            return [int(v) for v in values.reshape(-1)]
        found = node.attributes.get(attribute)
        return None if found is None else [int(v) for v in found]

    def producer(self, name: str) -> str:
        """The operator that computes a value, "" for an input of the network."""
        return next((node.op for node in self._graph.nodes if name in node.outputs), "")

    def read_once(self, name: str) -> bool:
        """Whether only one node reads the value."""
        return self._readers[name] == 1

    def like(self, value: Value, index: int) -> Value:
        """A new value of the same shape and order."""
        return Value(value.shape, index, value.is_image)

    def _input(self, name: str, shape: Sequence[int]) -> Value:
        if len(shape) < 3:
            index = self._inputs[name] = self.writer.tensor(name, shape)
            return Value(tuple(shape), index)
        if len(shape) > 4:
            raise PlanError("an input has too many axes", where=f"input {name!r}", expected="4", found=list(shape))
        image = image_shape(shape)
        own = image if len(shape) == 4 else (image[0], *image[2:])
        index = self._inputs[name] = self.writer.tensor(name, own)
        return Value(tuple(shape), reshaped(self.writer, index, image, name), True)

    def _output(self, name: str) -> int:
        if name not in self.values:
            raise PlanError("an output of the model is a constant", where=f"output {name!r}")
        value = self.values[name]
        if value.is_image:
            return value.index if len(value.shape) == 4 else self._squeezed(value, name)
        return in_order(self.writer, value, name).index

    def _squeezed(self, value: Value, name: str) -> int:
        n, _, w, c = image_shape(value.shape)
        return reshaped(self.writer, value.index, (n, w, c), name)


#: From the conversion and a node to what the node computes.
Handler = Callable[[Lowering, Node], Value]

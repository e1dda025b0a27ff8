"""``.onnx``: read, checked, folded and lowered to a float32 .tflite. The extra ``[onnx]``.

What ONNX lays out as NCHW becomes NHWC: inputs and outputs of rank 4 too. Gemm's weights are permuted to match, so that
no data is moved at run time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import PlanError
from harness.models.ir import Array

OPSETS = (7, 23)
_OLDEST = 11  # what the importer knows by itself; what is older, onnx's own converter brings there
Factors = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Node:
    """One ONNX operator. ``inputs`` has "" for optional ones left out."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    proto: Any = field(default=None, compare=False, repr=False)

    def refuse(self, what: str, *, expected: object = None, found: object = None) -> PlanError:
        """The error for what cannot be translated."""
        return PlanError(
            f"the importer cannot translate {self.op}: {what}",
            where=f"node {self.name!r}",
            expected=expected,
            found=found,
        )

    @contextmanager
    def misfits_in_words(self) -> Iterator[None]:
        """A node whose inputs, attributes or constants contradict each other ends in whatever onnx, numpy or a look-up says;
        whoever reads the message wants to know the node."""
        try:
            yield
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise self.refuse(
                "its inputs and attributes do not fit each other", found=f"{type(error).__name__}: {error}"
            ) from error


@dataclass(frozen=True)
class OnnxGraph:
    """The nodes in execution order, constants by name, static shapes of inputs (batch 1)."""

    opset: int
    nodes: tuple[Node, ...]
    constants: dict[str, Array]
    inputs: dict[str, tuple[int, ...]]
    outputs: tuple[str, ...]

    def readers(self) -> Counter[str]:
        """How many read each value; the network's user counts as one."""
        found = Counter(name for node in self.nodes for name in node.inputs)
        found.update(self.outputs)
        return found


def read(path: Path) -> OnnxGraph:
    """The graph of a file. PlanError when the ``onnx`` package is missing, the file is damaged, or its opset is not one
    of ``OPSETS``. Opsets 7 to 10 go through onnx's version converter."""
    onnx = package()
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model, full_check=True)
        model = _newer(onnx, model)
        constants = {entry.name: onnx.numpy_helper.to_array(entry) for entry in model.graph.initializer}
    except Exception as error:
        # protobuf and the checker have no common base class.
        raise PlanError("the .onnx file is damaged", where=str(path), found=str(error)) from error
    opset = _opset(model)
    if not OPSETS[0] <= opset <= OPSETS[1]:
        raise PlanError(
            "the model's opset is not supported",
            where=str(path),
            expected=f"{OPSETS[0]} to {OPSETS[1]}",
            found=opset,
            next_step="export it with another opset_version",
        )
    graph = model.graph
    inputs = {entry.name: _shape(entry, path) for entry in graph.input if entry.name not in constants}
    nodes = tuple(_node(onnx, i, entry) for i, entry in enumerate(graph.node))
    return OnnxGraph(opset, nodes, constants, inputs, tuple(entry.name for entry in graph.output))


def _opset(model: Any) -> int:
    return next((int(entry.version) for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)


def _newer(onnx: Any, model: Any) -> Any:
    """The model in an opset that the importer knows, where it is older than that."""
    if not OPSETS[0] <= _opset(model) < _OLDEST:
        return model
    # Older files list their weights among the inputs, which the converter would then take for inputs.
    weights = {entry.name for entry in model.graph.initializer}
    kept = [entry for entry in model.graph.input if entry.name not in weights]
    if model.ir_version >= 4:
        del model.graph.input[:]
        model.graph.input.extend(kept)
    return onnx.version_converter.convert_version(model, _OLDEST)


def package() -> Any:
    """The ``onnx`` package, with its parts that are not loaded by itself."""
    try:
        import onnx
        import onnx.checker
        import onnx.numpy_helper
        import onnx.reference
        import onnx.version_converter
    except ImportError as error:
        raise PlanError(
            "reading .onnx files needs the onnx package, which is not installed", next_step="pip install 'hil[onnx]'"
        ) from error
    return onnx


def folded(graph: OnnxGraph) -> OnnxGraph:
    """Constants computed, copies removed, BatchNormalization and biases moved into the layer before."""
    return _merged_biases(_merged_norms(_without_copies(graph)))


def evaluated(graph: OnnxGraph, node: Node, constants: dict[str, Array]) -> dict[str, Array]:
    """The outputs of a node whose inputs are all constant, by onnx's reference evaluator."""
    onnx = package()
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            [node.proto],
            "constant",
            [
                onnx.helper.make_tensor_value_info(
                    name, onnx.helper.np_dtype_to_tensor_dtype(constants[name].dtype), constants[name].shape
                )
                for name in dict.fromkeys(node.inputs)
                if name
            ],
            [onnx.helper.make_empty_tensor_value_info(name) for name in node.outputs if name],
        ),
        opset_imports=[onnx.helper.make_opsetid("", graph.opset)],
    )
    results = onnx.reference.ReferenceEvaluator(model).run(None, {n: constants[n] for n in node.inputs if n})
    return {name: np.asarray(r) for name, r in zip((n for n in node.outputs if n), results, strict=True)}


def _shape(entry: Any, path: Path) -> tuple[int, ...]:
    dims = entry.type.tensor_type.shape.dim
    shape = [d.dim_value for d in dims]
    if shape and (dims[0].dim_param or shape[0] in (0, -1)):
        shape[0] = 1
    if any(extent <= 0 for extent in shape) or (shape and shape[0] != 1):
        raise PlanError(
            "an input's shape is not static with batch 1",
            where=f"{path}, input {entry.name!r}",
            expected="[1 or a symbol, sizes ...]",
            found=[d.dim_param or d.dim_value for d in dims],
            next_step="export the model with fixed sizes",
        )
    return tuple(shape)


def _node(onnx: Any, index: int, entry: Any) -> Node:
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in entry.attribute}
    attributes = {k: v.decode() if isinstance(v, bytes) else v for k, v in attributes.items()}
    name = entry.name or f"{entry.op_type}_{index}"
    return Node(entry.op_type, name, tuple(entry.input), tuple(entry.output), attributes, entry)


def _without_copies(graph: OnnxGraph) -> OnnxGraph:
    """Identity and Dropout are nothing at inference; what depends on constants alone is one."""
    constants, nodes = dict(graph.constants), []
    same: dict[str, str] = {}
    for node in graph.nodes:
        with node.misfits_in_words():
            node = replace(node, inputs=tuple(same.get(name, name) for name in node.inputs))
            if node.op in ("Identity", "Dropout") and node.inputs[0] not in constants:
                same[node.outputs[0]] = node.inputs[0]
            elif node.op in ("Identity", "Dropout"):
                constants[node.outputs[0]] = constants[node.inputs[0]]
            elif all(not name or name in constants for name in node.inputs):
                del node.proto.input[:]
                node.proto.input.extend(node.inputs)
                constants.update(evaluated(graph, node, constants))
            else:
                nodes.append(node)
        outputs = tuple(same.get(name, name) for name in graph.outputs)
    return replace(graph, nodes=tuple(nodes), constants=constants, outputs=outputs)


def _merged_norms(graph: OnnxGraph) -> OnnxGraph:
    """BatchNormalization after a Conv that nobody else reads scales the Conv's weights: y = s * conv(x) + t."""
    readers, constants = graph.readers(), dict(graph.constants)
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        with node.misfits_in_words():
            before = nodes.get(node.inputs[0]) if node.op == "BatchNormalization" else None
            if (
                before is None
                or before.op != "Conv"
                or readers[node.inputs[0]] != 1
                or any(name not in constants for name in (*before.inputs[1:], *node.inputs[1:]) if name)
            ):
                nodes[node.outputs[0]] = node
                continue
            scale, offset = norm_factors(node, constants)
            weights = constants[before.inputs[1]].astype(np.float64)
            has_bias = len(before.inputs) > 2 and before.inputs[2]
            bias = constants[before.inputs[2]].astype(np.float64) if has_bias else np.zeros(len(scale))
            w_name, b_name = f"{node.name}.weights", f"{node.name}.bias"
            # Folded in double: the product is rounded once.
            constants[w_name] = (weights * scale.reshape(-1, *[1] * (weights.ndim - 1))).astype(np.float32)
            constants[b_name] = (bias * scale + offset).astype(np.float32)
            del nodes[node.inputs[0]]
            nodes[node.outputs[0]] = replace(before, inputs=(before.inputs[0], w_name, b_name), outputs=node.outputs)
    return replace(graph, nodes=tuple(nodes.values()), constants=constants)


def norm_factors(node: Node, constants: dict[str, Array]) -> tuple[Factors, Factors]:
    """(scale, offset) float64 per channel of a BatchNormalization at inference."""
    gamma, beta, mean, variance = (constants[name].astype(np.float64) for name in node.inputs[1:5])
    scale = gamma / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return scale, beta - mean * scale


def _merged_biases(graph: OnnxGraph) -> OnnxGraph:
    """MatMul with constant weights followed by an Add of one value per output becomes Gemm, which has a bias."""
    readers, constants = graph.readers(), graph.constants
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        with node.misfits_in_words():
            if node.op == "Add":
                for data, other in (node.inputs, node.inputs[::-1]):
                    before = nodes.get(data)
                    if (
                        before is not None
                        and before.op == "MatMul"
                        and readers[data] == 1
                        and before.inputs[1] in constants
                        and constants[before.inputs[1]].ndim == 2
                        and other in constants
                        and constants[other].size == constants[before.inputs[1]].shape[1]
                        and constants[other].shape[-1:] == constants[before.inputs[1]].shape[1:]
                    ):
                        del nodes[data]
                        node = replace(before, inputs=(*before.inputs, other), outputs=node.outputs)
                        break
            nodes[node.outputs[0]] = node
    return replace(graph, nodes=tuple(nodes.values()))

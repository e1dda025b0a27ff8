"""Reads a .tflite file into the IR, through the schema module that ai-edge-litert ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from harness.errors import PlanError
from harness.models.ir import Array, Graph, IrTensor, Layer, Quantization
from harness.models.shapes import check_shapes
from harness.models.variables import HANDLES, Subgraph, renamed_outputs, shared_names, with_states
from harness.models.wellformed import check_structure
from harness.paths import read_file

_MAGIC = b"TFL3"  # the flatbuffer file identifier, at offset 4
_NUMPY = {"BFLOAT16": "uint16", "BOOL": "bool"}
_CALLERS = {"WHILE", "IF"}
_OPERATORS: dict[int, str] = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int) and name.isupper()
}
_TYPES: dict[int, str] = {
    code: name for name, code in vars(schema.TensorType).items() if isinstance(code, int) and name.isupper()
}


def read(path: Path) -> Graph:
    """The network of a .tflite file.

    Raises PlanError when the file is missing, is no .tflite, holds several subgraphs or a custom operator, or contradicts
    itself (``wellformed``, ``shapes``).
    """
    try:
        content = read_file(path)
    except OSError as error:
        raise PlanError("the model file cannot be read", where=str(path), found=error.strerror) from error
    return parse(content, str(path))


def parse(content: bytes, where: str) -> Graph:
    """The network in ``content``, well formed and of the shapes it states; ``where`` names it in messages. Errors as ``read``."""
    if content[4:8] != _MAGIC:
        raise PlanError(
            "the file is not a .tflite model",
            where=where,
            expected="the identifier TFL3 at byte 4",
            found=repr(content[4:8]),
            next_step="convert .onnx, .keras and .h5 files first: `hil model convert FILE -o OUT.tflite`",
        )
    try:
        graph = _graph(schema.ModelT.InitFromPackedBuf(content), where)
    except PlanError:
        raise
    except Exception as error:
        # The flatbuffer reader does not check offsets: a truncated file ends in whatever struct or numpy raise.
        raise PlanError("the .tflite file is damaged", where=where, found=f"{type(error).__name__}: {error}") from error
    check_structure(graph, where)
    check_shapes(graph, where)
    return graph


def _graph(model: Any, where: str) -> Graph:
    subgraph = model.subgraphs[0]
    main = _subgraph(subgraph, model, where)
    once = [int(layer.options.get("initSubgraphIndex", 0)) for layer in main.layers if layer.op == "CALL_ONCE"]
    if len(model.subgraphs) != 1 + len(set(once)) or any(not 0 < i < len(model.subgraphs) for i in once):
        raise _several_subgraphs(model, where)
    inputs, outputs = _indices(subgraph.inputs), _indices(subgraph.outputs)
    signature = model.signatureDefs[0] if model.signatureDefs else None
    names = [
        _names(indices, ends, main.tensors)
        for indices, ends in (
            (inputs, signature.inputs if signature else None),
            (outputs, signature.outputs if signature else None),
        )
    ]
    tensors, layers = main.tensors, main.layers
    if any(layer.op in HANDLES for layer in layers):
        first = [_subgraph(model.subgraphs[i], model, where) for i in sorted(set(once))]
        renamed_outputs(main, outputs, where)
        tensors, layers = with_states(main, first, where)
    return Graph(tensors, layers, inputs, outputs, *names)


def _subgraph(subgraph: Any, model: Any, where: str) -> Subgraph:
    tensors = tuple(_tensor(i, t, model.buffers, where) for i, t in enumerate(subgraph.tensors))
    layers = tuple(_layer(i, op, model.operatorCodes, where) for i, op in enumerate(subgraph.operators))
    return Subgraph(tensors, layers, shared_names(subgraph.operators))


def _several_subgraphs(model: Any, where: str) -> PlanError:
    """The first operator that runs another subgraph is named, if there is one: mostly the loop of a recurrent layer."""
    for index, operator in enumerate(model.subgraphs[0].operators):
        entry = model.operatorCodes[operator.opcodeIndex]
        op = _OPERATORS.get(max(int(entry.builtinCode), int(entry.deprecatedBuiltinCode)), "")
        if op in _CALLERS:
            return PlanError(
                f"the engine has no operator {op}",
                where=f"{where}, layer {index}",
                expected="1 subgraph",
                found=f"{len(model.subgraphs)}",
                next_step="if a recurrent layer became a loop: build it with unroll=True and convert again",
            )
    return PlanError(
        "the model has several subgraphs", where=where, expected="1 subgraph", found=f"{len(model.subgraphs)}"
    )


def _indices(values: Any) -> tuple[int, ...]:
    return tuple(int(v) for v in values) if values is not None else ()


def _text(value: bytes | str | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""


def _names(indices: tuple[int, ...], signature: Any, tensors: tuple[IrTensor, ...]) -> tuple[str, ...]:
    """The signature's names where there is one: they are short and chosen; tensor names are the converter's debris."""
    given = {int(entry.tensorIndex): _text(entry.name) for entry in signature or ()}
    return tuple(given.get(i) or tensors[i].name for i in indices)


def _tensor(index: int, tensor: Any, buffers: Any, where: str) -> IrTensor:
    kind = _TYPES.get(tensor.type, f"type {tensor.type}")
    dtype = _NUMPY.get(kind, kind.lower())
    shape = _indices(tensor.shape)
    raw = buffers[tensor.buffer].data
    data: Array | None = None
    if raw is not None and len(raw):
        try:
            data = np.frombuffer(bytes(raw), np.dtype(dtype).newbyteorder("<")).reshape(shape)
        except (TypeError, ValueError) as error:
            # A packed or exotic constant (int4, string ...): harmless until an operator we translate asks for it.
            data = None
            if kind in ("FLOAT32", "INT8", "INT32"):
                raise PlanError(
                    "a constant's size does not match its shape",
                    where=f"{where}, tensor {index} {_text(tensor.name)!r}",
                    expected=f"{dtype}{list(shape)}",
                    found=f"{len(raw)} bytes",
                ) from error
    try:
        name = tensor.name.decode() if isinstance(tensor.name, bytes) else tensor.name or ""
    except UnicodeDecodeError as error:  # LiteRT gives up over such a name too, in mid-run
        raise PlanError(
            "a tensor's name is no text", where=f"{where}, tensor {index}", expected="UTF-8", found=repr(tensor.name)
        ) from error
    return IrTensor(index, name, shape, dtype, _quantization(tensor.quantization), data, bool(tensor.isVariable))


def _quantization(q: Any) -> Quantization | None:
    if q is None or q.scale is None or not len(q.scale):
        return None
    scales = tuple(float(s) for s in q.scale)
    points = _indices(q.zeroPoint) or (0,) * len(scales)
    if len(points) == 1:
        points *= len(scales)
    return Quantization(scales, points, int(q.quantizedDimension))


def _layer(index: int, operator: Any, codes: Any, where: str) -> Layer:
    entry = codes[operator.opcodeIndex]
    # Files by older or smaller writers (ai-edge-quantizer) fill only the old field; the newer one then reads 0 = ADD.
    code = max(int(entry.builtinCode), int(entry.deprecatedBuiltinCode))
    op = _OPERATORS.get(code, f"operator {code}")
    if op == "CUSTOM":
        raise PlanError(
            f"the model uses the custom operator {_text(entry.customCode)!r}",
            where=f"{where}, layer {index}",
            expected="builtin operators only",
        )
    given = {} if operator.builtinOptions is None else vars(operator.builtinOptions)
    inputs, outputs, inside = map(_indices, (operator.inputs, operator.outputs, operator.intermediates))
    return Layer(index, op, code, inputs, outputs, _numbers(given), _lists(given), inside)


def _numbers(options: dict[str, Any]) -> dict[str, int | float | bool]:
    """The options that are numbers, as Python's own."""
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in options.items()}
    return {k: v for k, v in plain.items() if isinstance(v, (int, float))}


def _lists(options: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """The options that are lists of integers: new shapes, squeezed axes."""
    arrays = {k: np.asarray(v) for k, v in options.items() if isinstance(v, (list, tuple, np.ndarray))}
    return {k: _indices(v) for k, v in arrays.items() if v.ndim == 1 and v.dtype.kind in "iu"}

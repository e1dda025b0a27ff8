"""Writes float32 .tflite files through the schema's object API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from harness.models.frontends import turned
from harness.models.ir import Array

_TYPES = {
    **{"float32": schema.TensorType.FLOAT32, "int32": schema.TensorType.INT32},
    **{"int8": schema.TensorType.INT8, "uint8": schema.TensorType.UINT8},
}
_SCHEMA_VERSION = 3
_VERSIONS = {"TRANSPOSE_CONV": 3, "DEQUANTIZE": 2}  # the first with a bias, with int8; 1 for all other float operators


class Writer:
    """A network that grows operator by operator, in execution order. Indices name tensors."""

    def __init__(self) -> None:
        self._buffers: list[Any] = [schema.BufferT()]  # 0 is the empty one by convention
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: dict[str, int] = {}
        self._names: Counter[str] = Counter()

    def tensor(self, name: str, shape: Sequence[int], dtype: str = "float32") -> int:
        """A tensor that is computed or fed. A name taken before gets a number: quantizers know tensors by name."""
        tensor = schema.TensorT()
        self._names[name] += 1
        if self._names[name] > 1:
            return self.tensor(f"{name}.{self._names[name]}", shape, dtype)
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, [int(n) for n in shape], _TYPES[dtype], 0
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def constant(self, name: str, values: Array) -> int:
        """A constant of float32 or int32."""
        little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(little.tobytes(), np.uint8)
        self._buffers.append(buffer)
        index = self.tensor(name, values.shape, values.dtype.name)
        self._tensors[index].buffer = len(self._buffers) - 1
        return index

    def integers(self, name: str, values: Sequence[int] | Sequence[Sequence[int]]) -> int:
        """An int32 constant: axes, paddings, a shape."""
        return self.constant(name, np.array(values, np.int32))

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape of a tensor."""
        return tuple(self._tensors[index].shape)

    def operator(
        self,
        op: str,
        inputs: Sequence[int],
        shape: Sequence[int],
        name: str,
        options: str | None = None,
        dtype: str = "float32",
        scale: tuple[float, int] | None = None,
        **fields: object,
    ) -> int:
        """Append an operator with one output of that shape; returns the output. ``options`` is the schema's table
        ("Conv2DOptions") and ``fields`` its values; ``scale`` is the output's, with its zero point. An input of -1 is an
        optional one left out."""
        output = self.tensor(name, shape, dtype)
        if scale is not None:
            q = self._tensors[output].quantization = schema.QuantizationParametersT()
            q.scale, q.zeroPoint = np.array(scale[:1], np.float32), np.array(scale[1:], np.int64)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.setdefault(op, len(self._codes))
        operator.inputs, operator.outputs = list(inputs), [output]
        if options is not None:
            table = getattr(schema, f"{options}T")()
            for field, value in fields.items():
                if not hasattr(table, field):
                    raise AttributeError(f"{options} has no {field}")
                setattr(table, field, value)
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = table
        self._operators.append(operator)
        return output

    def fuse(self, output: int, activation: int) -> bool:
        """Give the operator that writes ``output`` a fused activation, if it can have one and has none."""
        options = next((o.builtinOptions for o in self._operators if o.outputs[0] == output), None)
        if getattr(options, "fusedActivationFunction", None) != 0:
            return False
        if type(options).__name__ == "ConcatenationOptionsT":
            return False
        options.fusedActivationFunction = activation  # type: ignore[union-attr]
        return True

    def content(self, inputs: dict[str, int], outputs: dict[str, int], description: str = turned.MADE_BY) -> bytes:
        """The file. Names are those of the signature: what people see. The same calls give the same bytes."""
        model, graph, signature = schema.ModelT(), schema.SubGraphT(), schema.SignatureDefT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = list(inputs.values()), list(outputs.values())
        signature.signatureKey, signature.subgraphIndex = "serving_default", 0
        signature.inputs, signature.outputs = _named(inputs), _named(outputs)
        model.version, model.description = _SCHEMA_VERSION, description
        model.operatorCodes = [_code(op) for op in self._codes]
        model.subgraphs, model.buffers, model.signatureDefs = [graph], self._buffers, [signature]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _code(op: str) -> Any:
    code = schema.OperatorCodeT()
    number = getattr(schema.BuiltinOperator, op)
    code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
    code.version = _VERSIONS.get(op, 1)
    return code


def _named(tensors: dict[str, int]) -> list[Any]:
    entries = []
    for name, index in tensors.items():
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, index
        entries.append(entry)
    return entries

"""What a lowered layer is: one call of one C kernel, its parameters and its constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from harness.errors import PlanError
from harness.models.ir import Array, Graph, IrTensor, Layer

CType = str  # "int8_t", "int32_t" or "float"
Value = int | float | Mapping[str, int]


@dataclass(frozen=True)
class Constant:
    """An array that goes to the weights section. ``role`` names it in its layer: w, b, m (multiplier), s (shift), t."""

    role: str
    values: Array  # flat; int8, int32 or float32

    @property
    def ctype(self) -> CType:
        """The C element type."""
        return {"int8": "int8_t", "int32": "int32_t", "float32": "float"}[self.values.dtype.name]


@dataclass(frozen=True)
class Scratch:
    """Working memory of one kernel call, in the arena; contents are lost after the call."""

    ctype: CType
    n_bytes: int


@dataclass(frozen=True)
class Kernel:
    """``function(&params, input, constants..., [scratch,] output)``; a None constant is passed as a null pointer."""

    layer: Layer
    function: str
    params_type: str
    params: Mapping[str, Value]
    constants: tuple[Constant | None, ...]
    macs: int
    scratch: Scratch | None = None

    @property
    def name(self) -> str:
        """A short name for people, from the operator and its place in the file."""
        return f"{self.layer.op.lower()}_{self.layer.index}"


@dataclass(frozen=True)
class Options:
    """What the user may choose about the generated arithmetic."""

    round_dense_twice: bool = False  # as TFLM and CMSIS-NN do, and LiteRT before 1.3.0


DEFAULTS = Options()
Lower = Callable[[Graph, Layer, Options], Kernel]


def refuse(layer: Layer, what: str, *, expected: object = None, found: object = None) -> PlanError:
    """The error for a layer that cannot be translated."""
    return PlanError(
        f"the engine cannot translate {layer.op}: {what}", where=f"layer {layer.index}", expected=expected, found=found
    )


def constant(graph: Graph, layer: Layer, position: int, dtype: str) -> IrTensor:
    """The constant input at ``position``; refused when it is computed at run time or of another dtype."""
    tensor = graph.tensor(layer.inputs[position])
    if tensor.data is None or tensor.dtype != dtype:
        raise refuse(
            layer,
            f"input {position} ({tensor.name!r}) must be a constant",
            expected=f"{dtype} constant",
            found=f"{tensor.dtype} {'constant' if tensor.data is not None else 'computed at run time'}",
        )
    return tensor


def optional_bias(graph: Graph, layer: Layer, dtype: str) -> Array | None:
    """The bias [outputs], or None where the layer has none."""
    if len(layer.inputs) < 3 or layer.inputs[2] < 0:
        return None
    return flat(constant(graph, layer, 2, dtype), dtype)


def flat(tensor: IrTensor, dtype: str) -> Array:
    """The constant's values as one native-endian row."""
    assert tensor.data is not None
    return np.ascontiguousarray(tensor.data, dtype=dtype).reshape(-1)


def same_dtype(graph: Graph, layer: Layer, *dtypes: str) -> str:
    """The dtype that the first input and the first output share, which must be one of ``dtypes``."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if source.dtype != target.dtype or source.dtype not in dtypes:
        raise refuse(
            layer,
            "unsupported data types",
            expected=f"{' or '.join(dtypes)} in and out",
            found=f"{source.dtype} in, {target.dtype} out",
        )
    return source.dtype


def quantized(graph: Graph, layer: Layer, index: int) -> IrTensor:
    """The int8 tensor of that index, which must have one scale above zero for all elements."""
    tensor = graph.tensor(index)
    q = tensor.quantization
    if q is None or not q.per_tensor or q.scales[0] <= 0:
        raise refuse(layer, f"tensor {tensor.name!r} has no usable quantisation", expected="one scale above 0", found=q)
    return tensor

"""What a lowered layer is: one call of one C kernel, its parameters and its constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.errors import PlanError
from harness.models.ir import Array, Graph, IrTensor, Layer

CType = str
_CTYPES: dict[str, CType] = {
    **{
        "int8": "int8_t",
        "uint8": "uint8_t",
        "bool": "uint8_t",
        "int16": "int16_t",
        "uint16": "uint16_t",
        "int32": "int32_t",
    },
    "float32": "float",
}
TYPES = {"float32": 0, "int8": 1, "uint8": 2, "int16": 3, "int32": 4, "bool": 5}  # enum hil_nn_type
Value = int | float | Sequence[int] | Mapping[str, "Value"]  # Sequence: an array; Mapping: a struct


@dataclass(frozen=True)
class Constant:
    """An array that goes to the weights section. ``role`` names it in its layer: w(eights), b(ias), r(ecurrent weights),
    z(ero points' share of those), m(ultiplier), s(hift), t(able), or an operand's name."""

    role: str
    values: Array  # flat; of a type in _CTYPES

    @property
    def ctype(self) -> CType:
        """The C element type."""
        return _CTYPES[self.values.dtype.name]


@dataclass(frozen=True)
class Scratch:
    """Working memory of one kernel call, in the arena; contents are lost after the call."""

    ctype: CType
    n_bytes: int


@dataclass(frozen=True)
class Kernel:
    """``function(&params, operands..., constants..., [state,] [scratch,] output)``; a None constant is passed as a null pointer.

    ``operands`` are what the operator computes from: tensors in memory, by index, or constants in their place. With
    ``gathered`` they are passed as one array of pointers.
    """

    layer: Layer
    function: str
    params_type: str
    params: Mapping[str, Value]
    constants: tuple[Constant | None, ...]
    macs: int
    scratch: Scratch | None = None
    operands: tuple[int | Constant, ...] = ()  # () = the layer's first input
    gathered: bool = False
    state: int | None = None  # a tensor that the kernel reads and writes, kept from run to run
    times: int = 1  # called so often: for each of as many equal parts of the first operand and the output
    #: Tensors read of which the output may take the memory -> bytes that such a tensor must begin above the output.
    over: Mapping[int, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A short name for people, from the operator and its place in the file."""
        part = f"_{self.layer.options['part']}" if "part" in self.layer.options else ""
        return f"{self.layer.op.lower()}_{self.layer.index}{part}"

    @property
    def sources(self) -> tuple[int | Constant, ...]:
        """The operands, the usual one made explicit."""
        return self.operands or self.layer.inputs[:1]

    @property
    def all_constants(self) -> tuple[Constant, ...]:
        """Everything that must lie in flash for this call."""
        operands = tuple(s for s in self.sources if isinstance(s, Constant))
        return operands + tuple(c for c in self.constants if c is not None)


@dataclass(frozen=True)
class Options:
    """What the user may choose about the generated arithmetic."""

    round_dense_twice: bool = False  # as TFLM and CMSIS-NN do, and LiteRT before 1.3.0
    # A network with a memory goes on from run to run until the caller has it forget, else each run starts as the first does.
    keep_state: bool = False
    write_over: bool = True  # outputs may take their operands' memory while they are read: our kernels' order allows it
    keep_inputs: bool = True  # else their memory is used again, and no firmware of ours can prove what was read


DEFAULTS = Options()
KEEPING = Options(keep_state=True)
Lower = Callable[[Graph, Layer, Options], Kernel]


def refuse(
    layer: Layer, what: str, *, expected: object = None, found: object = None, next_step: str | None = None
) -> PlanError:
    """The error for a layer that cannot be translated."""
    return PlanError(
        f"the engine cannot translate {layer.op}: {what}",
        where=f"layer {layer.index}",
        expected=expected,
        found=found,
        next_step=next_step,
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


def optional_bias(graph: Graph, layer: Layer, dtype: str, position: int = 2) -> Array | None:
    """The bias [outputs] at input ``position``, or None where the layer has none."""
    if len(layer.inputs) <= position or layer.inputs[position] < 0:
        return None
    return flat(constant(graph, layer, position, dtype), dtype)


def operand(graph: Graph, index: int, role: str) -> int | Constant:
    """The tensor in memory, or its values where it is constant."""
    tensor = graph.tensor(index)
    return index if tensor.data is None else Constant(role, flat(tensor, tensor.dtype))


def integers(graph: Graph, layer: Layer, position: int) -> tuple[int, ...]:
    """The values of a constant int32 or int64 input: axes, paddings, sizes."""
    tensor = graph.tensor(layer.inputs[position])
    if tensor.data is None or tensor.dtype not in ("int32", "int64"):
        raise refuse(layer, f"input {position} ({tensor.name!r}) must be constant", expected="integers", found=tensor)
    return tuple(int(v) for v in tensor.data.reshape(-1))


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

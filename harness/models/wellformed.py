"""What a model file states of its graph is checked, not believed: whatever is read later may rely on it.

LiteRT resizes every tensor itself before it runs and mostly never looks at what is stored, so a file may contradict itself
and still run there. Code made from what is stored would then compute something else, or read past its memory. Structure is
checked here, sizes in ``shapes``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.errors import PlanError
from harness.models.ir import Graph, IrTensor, Layer

#: No value that flows through a network on a microcontroller comes near; a damaged extent soon does.
_BYTES_MAX = 2**30
_ZERO_POINTS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1), "int32": (0, 0)}
#: Operators that compute one value from one, and from two with broadcasting; those that make one of many along some axes.
UNARY = (
    *(
        "ABS",
        "CEIL",
        "COS",
        "DEQUANTIZE",
        "ELU",
        "EXP",
        "FLOOR",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOG",
        "LOGICAL_NOT",
    ),
    *("LOGISTIC", "NEG", "QUANTIZE", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "ROUND", "RSQRT", "SIN", "SQRT"),
    *("SQUARE", "TANH"),
)
BINARY = (
    *("ADD", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND"),
    *("LOGICAL_OR", "MAXIMUM", "MINIMUM", "MUL", "NOT_EQUAL", "SQUARED_DIFFERENCE", "SUB"),
)
REDUCTIONS = ("MEAN", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM")
#: Operators: the fewest and the most inputs, and outputs (None: as many as there are).
_ARITY: dict[str, tuple[int, int | None, int | None]] = {
    **dict.fromkeys(UNARY, (1, 1, 1)),
    **dict.fromkeys((*BINARY, *REDUCTIONS, "ARG_MAX", "ARG_MIN", "BROADCAST_ARGS", "PAD", "TRANSPOSE"), (2, 2, 1)),
    **dict.fromkeys(
        (
            "BROADCAST_TO",
            "CUMSUM",
            "EMBEDDING_LOOKUP",
            "EXPAND_DIMS",
            "FILL",
            "GATHER",
            "GATHER_ND",
            "MIRROR_PAD",
            "PRELU",
        ),
        (2, 2, 1),
    ),
    **dict.fromkeys(
        ("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D", "SHAPE", "ZEROS_LIKE", "SOFTMAX", "SQUEEZE"), (1, 1, 1)
    ),
    **dict.fromkeys(
        ("BATCH_MATMUL", "MIRROR_PAD", "PRELU", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "TILE"),
        (2, 2, 1),
    ),
    **dict.fromkeys(("DEPTH_TO_SPACE", "L2_NORMALIZATION", "LOG_SOFTMAX", "SPACE_TO_DEPTH"), (1, 1, 1)),
    **dict.fromkeys(("BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"), (3, 3, 1)),
    "ASSIGN_VARIABLE": (1, 1, 1),
    "SVDF": (5, 5, 1),
    "TOPK_V2": (2, 2, 2),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), (2, 3, 1)),
    **dict.fromkeys(("ADD_N", "CONCATENATION", "PACK"), (1, None, 1)),
    **dict.fromkeys(("DYNAMIC_UPDATE_SLICE", "PADV2", "SELECT", "SELECT_V2", "SLICE"), (3, 3, 1)),
    "RESHAPE": (1, 2, 1),
    "SPLIT": (2, 2, None),
    "SPLIT_V": (3, 3, None),
    "STRIDED_SLICE": (4, 4, 1),
    "TRANSPOSE_CONV": (3, 4, 1),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (20, 24, 1),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (5, 5, 1),
    "UNPACK": (1, 1, None),
}
#: Inputs that may be left away (index -1); LiteRT reads any other without looking, and crashes.
_OPTIONAL: dict[str, range] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), range(2, 3)),
    "SVDF": range(3, 4),
    "TRANSPOSE_CONV": range(3, 4),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": range(1, 24),
}


def check_structure(graph: Graph, where: str) -> None:
    """Raises PlanError for the first thing that cannot be: a tensor that does not exist, has no extent, no data or two
    producers, an operator without outputs or with too few inputs, a scale that is none. ``where`` names the file."""
    for what, indices in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if not indices:
            raise PlanError(f"the network has no {what}", where=where, expected="at least one", found="none")
        for index in indices:
            _check_tensor(graph, index, f"{where}, {what} of the network")
    known = {t.index for t in graph.tensors if t.data is not None or t.variable}
    for index in graph.inputs:
        if index in known:
            raise _contradiction(f"{where}, inputs of the network", graph.tensors[index], "no data", "data in the file")
    known.update(graph.inputs)
    for layer in graph.layers:
        _check_layer(graph, layer, known, f"{where}, {layer.describe()}")
        known.update(layer.outputs)
    for index in graph.outputs:
        if index not in known:
            raise _contradiction(f"{where}, outputs of the network", graph.tensors[index], "a producer", "none")


def _check_layer(graph: Graph, layer: Layer, known: set[int], where: str) -> None:
    least, most, n_outputs = _ARITY.get(layer.op, (0, None, None))
    for what, found, fits in (
        ("inputs", len(layer.inputs), least <= len(layer.inputs) <= (math.inf if most is None else most)),
        ("outputs", len(layer.outputs), len(layer.outputs) == (n_outputs or max(1, len(layer.outputs)))),
    ):
        if not fits:
            wanted = f"{least} to {most}" if what == "inputs" else n_outputs or "at least one"
            raise PlanError(f"the operator has {found} {what}", where=where, expected=wanted, found=found)
    for position, index in enumerate(layer.inputs):
        if index == -1 and (layer.op not in _ARITY or position in _OPTIONAL.get(layer.op, ())):
            continue
        _check_tensor(graph, index, f"{where}, input {position}")
        tensor = graph.tensors[index]
        if index not in known and tensor.elements:
            raise _contradiction(f"{where}, input {position}", tensor, "data, or an operator before it", "neither")
    for position, index in enumerate(layer.outputs):
        _check_tensor(graph, index, f"{where}, output {position}")
        if layer.op == "ASSIGN_VARIABLE":
            continue  # a state, which is there before and after
        if index in known or layer.outputs.count(index) > 1:
            raise _contradiction(f"{where}, output {position}", graph.tensors[index], "one producer", "another one too")


def _check_tensor(graph: Graph, index: int, where: str) -> None:
    if not 0 <= index < len(graph.tensors):
        raise PlanError(
            "a tensor does not exist",
            where=where,
            expected=f"0..{len(graph.tensors) - 1}",
            found=index,
            next_step=AGAIN,
        )
    tensor = graph.tensors[index]
    for wanted, found in _faults(tensor):
        raise _contradiction(where, tensor, wanted, found)


def _faults(tensor: IrTensor) -> Iterator[tuple[str, object]]:
    # An empty list of integers is the shape of a scalar; nothing that flows is empty.
    smallest = 0 if tensor.dtype in ("int32", "int64") and len(tensor.shape) == 1 else 1
    if any(extent < smallest for extent in tensor.shape):
        yield f"extents of {smallest} and more", list(tensor.shape)
    elif math.prod(tensor.shape) > _BYTES_MAX:
        yield f"at most {_BYTES_MAX} values", list(tensor.shape)
    q = tensor.quantization
    if q is None:
        return
    if len(q.scales) != len(q.zero_points):
        yield "as many zero points as scales", f"{len(q.scales)} scales, {len(q.zero_points)} zero points"
    if not all(math.isfinite(s) and s >= 0 for s in q.scales):
        yield "finite scales", next(s for s in q.scales if not (math.isfinite(s) and s >= 0))
    low, high = _ZERO_POINTS.get(tensor.dtype, (-(2**63), 2**63 - 1))
    if not all(low <= z <= high for z in q.zero_points):
        yield f"zero points in {low}..{high}", next(z for z in q.zero_points if not low <= z <= high)
    # Of a vector the axis is not asked: it has one. TFLM's person_detect names that of its depthwise weights, 3, for their
    # biases; LiteRT refuses such a file, TFLM runs it.
    axis = 0 if len(tensor.shape) == 1 else q.axis
    if not q.per_tensor and not (0 <= axis < len(tensor.shape) and tensor.shape[axis] == len(q.scales)):
        yield f"a scale for each index of axis {axis} of {list(tensor.shape)}", f"{len(q.scales)} scales"


AGAIN = "the file is damaged, or a faulty tool wrote it: convert the network again"


def _contradiction(where: str, tensor: IrTensor, expected: object, found: object) -> PlanError:
    return PlanError(
        f"the model file contradicts itself: tensor {tensor.index} {tensor.name!r}",
        where=where,
        expected=expected,
        found=found,
        next_step=AGAIN,
    )

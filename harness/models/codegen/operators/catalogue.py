"""Which operators the engine computes, in which types, beside those of TFLM's reference kernels: for the guide."""

from __future__ import annotations

from dataclasses import dataclass

from harness.models.codegen.folding import FOLDED
from harness.models.codegen.operators import OPERATORS
from harness.models.codegen.passes import SHAPE_ONLY
from harness.models.variables import HANDLES

# What micro_mutable_op_resolver.h of tflite-micro registers at 90b983c2 (2026-08-20), custom operators aside.
_TFLM = """
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV
DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED
GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG
LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG
NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE
RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND
SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE
TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
TFLM = frozenset(_TFLM.split())
_ANY = "any"
_NUMBERS = "int8, int16, int32, float32"
_FORMS = {
    _ANY: """BATCH_TO_SPACE_ND BROADCAST_TO CAST CONCATENATION DEPTH_TO_SPACE DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP GATHER
    GATHER_ND MIRROR_PAD PACK PAD PADV2 RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SELECT SELECT_V2 SLICE SPACE_TO_BATCH_ND
    SPACE_TO_DEPTH SPLIT SPLIT_V STRIDED_SLICE TILE TRANSPOSE UNPACK RESHAPE SQUEEZE EXPAND_DIMS""",
    _NUMBERS: "ADD MUL SUB MAXIMUM MINIMUM REDUCE_PROD EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL REDUCE_MAX REDUCE_MIN",
    "int8, int16, float32": "AVERAGE_POOL_2D MAX_POOL_2D LOGISTIC MEAN SOFTMAX TANH",
    "int8, 16x8, float32, dynamic range": "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED",
    "int8, float32": """ABS ARG_MAX ARG_MIN BATCH_MATMUL ELU EXP GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOG LOG_SOFTMAX NEG
    PRELU RELU RELU6 RELU_N1_TO_1 RESIZE_BILINEAR RSQRT SQRT SQUARED_DIFFERENCE SVDF TOPK_V2 TRANSPOSE_CONV
    UNIDIRECTIONAL_SEQUENCE_LSTM""",
    "float32": "CEIL COS DIV FLOOR L2_POOL_2D RELU_0_TO_1 ROUND SIN SQUARE UNIDIRECTIONAL_SEQUENCE_RNN",
    "int32, float32": "ADD_N CUMSUM SUM",
    "int32": "FLOOR_DIV FLOOR_MOD",
    "bool": "LOGICAL_AND LOGICAL_NOT LOGICAL_OR REDUCE_ALL REDUCE_ANY",
    "int8, uint8, int16, float32": "DEQUANTIZE QUANTIZE",
    "any, as a state": "ASSIGN_VARIABLE CALL_ONCE READ_VARIABLE VAR_HANDLE",
    "computed when the C is made": "BROADCAST_ARGS FILL SHAPE ZEROS_LIKE",
}


@dataclass(frozen=True)
class Row:
    """One operator: the types that the engine computes it in ("" for none), and whether TFLM has a kernel for it."""

    operator: str
    types: str
    tflm: bool


def rows() -> tuple[Row, ...]:
    """Every operator that either of the two knows, by name."""
    types = {name: form for form, names in _FORMS.items() for name in names.split()}
    known = {*OPERATORS, *SHAPE_ONLY, *FOLDED, *HANDLES}
    return tuple(Row(name, types[name] if name in known else "", name in TFLM) for name in sorted({*known, *TFLM}))


def table() -> str:
    """``rows`` in Markdown."""
    lines = ["| operator | this engine | TFLM |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {r.operator} | {r.types or 'no'} | {'yes' if r.tflm else 'no'} |" for r in rows())])

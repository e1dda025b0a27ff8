"""TFLite operators that the engine translates: one lowering each, from IR layer to kernel call.

A new one: a function here (``kernel.Lower``), its name in ``OPERATORS``, its shape in ``models.shapes``, how many tensors it
takes in ``models.wellformed``. What it cannot translate it refuses by name, before any C is made.
"""

from __future__ import annotations

from dataclasses import replace

from harness.errors import PlanError
from harness.models.codegen.kernel import Kernel, Lower, Options, operand
from harness.models.codegen.operators import (
    binary,
    conversion,
    convolution,
    dense,
    elementwise,
    movement,
    pairwise,
    pooling,
    recurrent,
    recurrent_rnn,
    recurrent_svdf,
    reduction,
    rows,
    softmax,
    spreading,
    unary,
)
from harness.models.codegen.passes import SHAPE_ONLY
from harness.models.ir import Graph, Layer

OPERATORS: dict[str, Lower] = {
    "ABS": unary.lower,
    "ADD": binary.add,
    "ADD_N": movement.add_n,
    "ARG_MAX": reduction.arg_max,
    "ARG_MIN": reduction.arg_max,
    "ASSIGN_VARIABLE": movement.assign,
    "AVERAGE_POOL_2D": pooling.lower,
    "BATCH_MATMUL": rows.batch_matmul,
    "BATCH_TO_SPACE_ND": spreading.batch_to_space,
    "BROADCAST_TO": spreading.broadcast_to,
    "CAST": spreading.cast,
    "CEIL": unary.lower,
    "CONCATENATION": movement.concatenate,
    "CONV_2D": convolution.lower,
    "COS": unary.lower,
    "CUMSUM": rows.cumsum,
    "DEPTHWISE_CONV_2D": convolution.lower,
    "DEPTH_TO_SPACE": spreading.depth_to_space,
    "DEQUANTIZE": conversion.dequantize,
    "DIV": pairwise.div,
    "DYNAMIC_UPDATE_SLICE": spreading.update,
    "ELU": unary.lower,
    "EMBEDDING_LOOKUP": spreading.gather,
    "EQUAL": pairwise.compare,
    "EXP": unary.lower,
    "FLOOR": unary.lower,
    "FLOOR_DIV": pairwise.floored,
    "FLOOR_MOD": pairwise.floored,
    "FULLY_CONNECTED": dense.lower,
    "GATHER": spreading.gather,
    "GATHER_ND": spreading.gather_nd,
    "GELU": unary.lower,
    "GREATER": pairwise.compare,
    "GREATER_EQUAL": pairwise.compare,
    "HARD_SWISH": elementwise.hard_swish,
    "L2_NORMALIZATION": rows.l2_normalization,
    "L2_POOL_2D": pooling.lower,
    "LEAKY_RELU": elementwise.leaky_relu,
    "LESS": pairwise.compare,
    "LESS_EQUAL": pairwise.compare,
    "LOG": unary.lower,
    "LOGICAL_AND": pairwise.logical,
    "LOGICAL_NOT": unary.logical_not,
    "LOGICAL_OR": pairwise.logical,
    "LOGISTIC": elementwise.logistic,
    "LOG_SOFTMAX": rows.log_softmax,
    "MAXIMUM": pairwise.extreme,
    "MAX_POOL_2D": pooling.lower,
    "MEAN": reduction.mean,
    "MINIMUM": pairwise.extreme,
    "MIRROR_PAD": spreading.mirror_pad,
    "MUL": binary.mul,
    "NEG": unary.lower,
    "NOT_EQUAL": pairwise.compare,
    "PACK": movement.concatenate,
    "PAD": movement.pad,
    "PADV2": movement.pad,
    "PRELU": rows.prelu,
    "QUANTIZE": conversion.quantize,
    "REDUCE_ALL": reduction.extreme,
    "REDUCE_ANY": reduction.extreme,
    "REDUCE_MAX": reduction.extreme,
    "REDUCE_MIN": reduction.extreme,
    "REDUCE_PROD": reduction.total,
    "RELU": elementwise.clamp,
    "RELU6": elementwise.clamp,
    "RELU_0_TO_1": unary.lower,
    "RELU_N1_TO_1": elementwise.clamp,
    "RESIZE_BILINEAR": spreading.resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": spreading.resize_nearest,
    "REVERSE_V2": spreading.reverse,
    "ROUND": unary.lower,
    "RSQRT": unary.lower,
    "SELECT": pairwise.select,
    "SELECT_V2": pairwise.select,
    "SIN": unary.lower,
    "SLICE": movement.plain_slice,
    "SOFTMAX": softmax.lower,
    "SPACE_TO_BATCH_ND": spreading.space_to_batch,
    "SPACE_TO_DEPTH": spreading.space_to_depth,
    "SPLIT": movement.split_part,
    "SPLIT_V": movement.split_part,
    "SQRT": unary.lower,
    "SQUARE": unary.lower,
    "SQUARED_DIFFERENCE": pairwise.squared_difference,
    "STRIDED_SLICE": movement.strided_slice,
    "SUB": binary.add,
    "SUM": reduction.total,
    "SVDF": recurrent_svdf.svdf,
    "TANH": elementwise.tanh,
    "TILE": spreading.tile,
    "TOPK_V2": rows.top_part,
    "TRANSPOSE": movement.transpose,
    "TRANSPOSE_CONV": convolution.transposed,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent.lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": recurrent_rnn.rnn,
    "UNPACK": movement.split_part,
}
#: Operators whose kernels take one image: of a batch they are called once for each.
PER_IMAGE = frozenset(
    {
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "L2_POOL_2D",
        "MAX_POOL_2D",
        "RESIZE_BILINEAR",
        "TRANSPOSE_CONV",
    }
)


def lowered(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """The kernel call for a layer; PlanError naming operator and layer when there is none."""
    lower = OPERATORS.get(layer.op)
    if lower is None:
        raise PlanError(
            f"the engine has no operator {layer.op}",
            where=f"layer {layer.index} of the model ({graph.tensor(layer.outputs[0]).name!r})",
            expected=f"one of {', '.join(sorted({*OPERATORS, *SHAPE_ONLY}))}",
            found=layer.op,
            next_step="change the model, or link another engine (Cube.AI, TFLM) behind the same seam",
        )
    kernel = lower(graph, layer, options)
    if layer.op in PER_IMAGE:
        images = graph.tensor(layer.outputs[0]).shape[0]
        kernel = replace(kernel, times=images, macs=kernel.macs * images)
    # An input that the exporter left constant (a recurrent network's first state) is read from flash like a weight.
    read = (operand(graph, s, f"x{n}_") if isinstance(s, int) else s for n, s in enumerate(kernel.sources))
    return replace(kernel, operands=tuple(read))

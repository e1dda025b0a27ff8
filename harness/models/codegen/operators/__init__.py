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
    convolution,
    dense,
    elementwise,
    movement,
    pooling,
    recurrent,
    reduction,
    softmax,
)
from harness.models.codegen.passes import SHAPE_ONLY
from harness.models.ir import Graph, Layer

OPERATORS: dict[str, Lower] = {
    "ADD": binary.add,
    "ARG_MAX": reduction.arg_max,
    "ARG_MIN": reduction.arg_max,
    "AVERAGE_POOL_2D": pooling.lower,
    "CONCATENATION": movement.concatenate,
    "CONV_2D": convolution.lower,
    "DEPTHWISE_CONV_2D": convolution.lower,
    "DEQUANTIZE": elementwise.dequantize,
    "FULLY_CONNECTED": dense.lower,
    "HARD_SWISH": elementwise.hard_swish,
    "LEAKY_RELU": elementwise.leaky_relu,
    "LOGISTIC": elementwise.logistic,
    "MAX_POOL_2D": pooling.lower,
    "MEAN": reduction.mean,
    "MUL": binary.mul,
    "PACK": movement.concatenate,
    "PAD": movement.pad,
    "PADV2": movement.pad,
    "QUANTIZE": elementwise.quantize,
    "RELU": elementwise.clamp,
    "RELU6": elementwise.clamp,
    "RELU_N1_TO_1": elementwise.clamp,
    "SLICE": movement.plain_slice,
    "SOFTMAX": softmax.lower,
    "SPLIT": movement.split_part,
    "SPLIT_V": movement.split_part,
    "STRIDED_SLICE": movement.strided_slice,
    "SUB": binary.add,
    "TANH": elementwise.tanh,
    "TRANSPOSE": movement.transpose,
    "TRANSPOSE_CONV": convolution.transposed,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent.lstm,
    "UNPACK": movement.split_part,
}


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
    # An input that the exporter left constant (a recurrent network's first state) is read from flash like a weight.
    read = (operand(graph, s, f"x{n}_") if isinstance(s, int) else s for n, s in enumerate(kernel.sources))
    return replace(kernel, operands=tuple(read))

"""TFLite operators that the engine translates: one lowering each, from IR layer to kernel call."""

from __future__ import annotations

from harness.errors import PlanError
from harness.models.codegen.kernel import Kernel, Lower, Options
from harness.models.codegen.operators import convolution, dense, elementwise, pooling, softmax
from harness.models.ir import Graph, Layer

OPERATORS: dict[str, Lower] = {
    "AVERAGE_POOL_2D": pooling.lower,
    "CONV_2D": convolution.lower,
    "DEPTHWISE_CONV_2D": convolution.lower,
    "DEQUANTIZE": elementwise.dequantize,
    "FULLY_CONNECTED": dense.lower,
    "LOGISTIC": elementwise.logistic,
    "MAX_POOL_2D": pooling.lower,
    "QUANTIZE": elementwise.quantize,
    "RELU": elementwise.clamp,
    "RELU6": elementwise.clamp,
    "SOFTMAX": softmax.lower,
}


def lowered(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """The kernel call for a layer; PlanError naming operator and layer when there is none."""
    lower = OPERATORS.get(layer.op)
    if lower is None:
        raise PlanError(
            f"the engine has no operator {layer.op}",
            where=f"layer {layer.index} of the model ({graph.tensor(layer.outputs[0]).name!r})",
            expected=f"one of {', '.join(sorted(OPERATORS))}, RESHAPE",
            found=layer.op,
            next_step="change the model, or link another engine (Cube.AI, TFLM) behind the same seam",
        )
    return lower(graph, layer, options)

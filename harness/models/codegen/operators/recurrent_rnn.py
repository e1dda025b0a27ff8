"""UNIDIRECTIONAL_SEQUENCE_RNN, float32: a recurrent layer without gates, whose last output is its state."""

from __future__ import annotations

from harness.models.codegen.kernel import Constant, Kernel, Options, Value, constant, flat, refuse, same_dtype
from harness.models.codegen.operators.window import FLOAT_MAX, float_range
from harness.models.ir import Graph, Layer

_STATE = 4
_TANH = 4  # TFLite's ActivationFunctionType


def rnn(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """Batch first, or time first of one batch (the same in memory then). Formula source: LiteRT's ``RnnBatchStep``."""
    same_dtype(graph, layer, "float32")
    source, state = graph.tensor(layer.inputs[0]), graph.tensor(layer.inputs[_STATE])
    weights, recurrent, bias = (constant(graph, layer, i, "float32") for i in (1, 2, 3))
    batches, steps, inputs = source.shape
    if layer.options.get("timeMajor"):
        batches, steps = steps, batches
        if batches > 1:
            raise refuse(layer, "time before several batches", expected="batches first", found=list(source.shape))
    units = weights.shape[0]
    as_tanh = int(layer.options.get("fusedActivationFunction", 0)) == _TANH
    low, high = (-FLOAT_MAX, FLOAT_MAX) if as_tanh else float_range(layer)
    params: dict[str, Value] = {"batches": batches, "steps": steps, "inputs": inputs, "units": units}
    params |= {"tanh": int(as_tanh), "act_min": low, "act_max": high}
    constants = tuple(
        Constant(role, flat(tensor, "float32")) for role, tensor in (("w", weights), ("r", recurrent), ("b", bias))
    )
    macs = batches * steps * units * (inputs + units)
    return Kernel(layer, "hil_nn_rnn_f32", "hil_nn_rnn_f32_params", params, constants, macs, state=state.index)

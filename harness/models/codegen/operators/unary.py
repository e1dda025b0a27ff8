"""Functions of one value beside the activations of ``elementwise``: kernels for float32, tables for int8."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from harness.models.codegen import tables
from harness.models.codegen.kernel import Constant, Kernel, Options, quantized, refuse, same_dtype
from harness.models.codegen.operators.elementwise import table_of
from harness.models.ir import Graph, Layer

_TABLES: Mapping[str, Callable[[tables.Scales], tables.Table]] = {
    "ABS": tables.absolute,
    "ELU": tables.elu,
    "EXP": tables.exp,
    "GELU": tables.gelu,
    "GELU_APPROXIMATED": tables.gelu_approximated,
    "LOG": tables.log,
    "NEG": tables.negated,
    "RSQRT": tables.reciprocal_square_root,
    "SQRT": tables.square_root,
}


def lower(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """Any of one value; LiteRT knows the int8 form of those with a table."""
    name = "GELU_APPROXIMATED" if layer.op == "GELU" and layer.options.get("approximate", False) else layer.op
    table = _TABLES.get(name)
    dtype = same_dtype(graph, layer, "float32", *(["int8"] if table else []))
    if dtype == "float32" or table is None:
        count = {"elements": graph.tensor(layer.outputs[0]).elements}
        return Kernel(layer, f"hil_nn_{name.lower()}_f32", "hil_nn_elementwise_params", count, (), 0)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    scales = (source.scale, source.zero_point, target.scale, target.zero_point)
    try:
        return table_of(graph, layer, table(scales))
    except (OverflowError, ValueError) as error:
        raise refuse(layer, "scales that the reference cannot use", expected="usual scales", found=scales) from error


def logical_not(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """LOGICAL_NOT of bools."""
    same_dtype(graph, layer, "bool")
    table = np.zeros(256, np.int8)
    table[128] = 1
    count = {"elements": graph.tensor(layer.outputs[0]).elements}
    return Kernel(layer, "hil_nn_lut_s8", "hil_nn_elementwise_params", count, (Constant("t", table),), 0)

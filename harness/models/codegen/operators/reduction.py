"""Reductions over constant axes: mean, extremes, sum and product, and the place of an extreme."""

from __future__ import annotations

import math
from math import prod

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Kernel, Options, Value, integers, quantized, refuse, same_dtype
from harness.models.codegen.operators.axes import AXES, fitted, merged, steps
from harness.models.ir import Graph, Layer

_SUFFIX = {"float32": "f32", "int8": "s8", "uint8": "u8", "int16": "s16", "int32": "s32", "bool": "u8"}
_SHIFT_MAX = 7  # of a factor that is cut to 15 bits
_ELEMENTS_MAX = 2**22  # of int8 values in one sum, which then stays below 2^30


def mean(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """MEAN over constant axes. In int8 and int16 1/N is folded into the multiplier, as TFLite does."""
    dtype = same_dtype(graph, layer, "int8", "int16", "float32")
    params, count = _reduction(graph, layer)
    if dtype == "float32":
        return Kernel(layer, "hil_nn_mean_f32", "hil_nn_mean_f32_params", params, (), 0)
    most = _ELEMENTS_MAX if dtype == "int8" else _ELEMENTS_MAX >> 8
    if count >= most:
        raise refuse(layer, "too many values in one mean", expected=f"fewer than {most}", found=count)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if dtype == "int16" and (source.zero_point or target.zero_point):
        raise refuse(layer, "zero points of int16", expected=0, found=[source.zero_point, target.zero_point])
    multiplier, shift = fixedpoint.multiplier_and_shift(source.scale / target.scale)
    params |= {"in_offset": -source.zero_point, "out_offset": target.zero_point}
    params["multiplier"], params["shift"] = fixedpoint.divided(multiplier, shift, count)
    name = "mean_s8" if dtype == "int8" else "mean_s16"
    return Kernel(layer, f"hil_nn_{name}", "hil_nn_mean_s8_params", params, (), 0)


def extreme(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """REDUCE_MAX and REDUCE_MIN of raw values of one scale; REDUCE_ANY and REDUCE_ALL are those of bools."""
    of_bools = layer.op in ("REDUCE_ANY", "REDUCE_ALL")
    dtype = same_dtype(graph, layer, *(["bool"] if of_bools else ["int8", "uint8", "int16", "int32", "float32"]))
    source, target = (graph.tensor(i) for i in (layer.inputs[0], layer.outputs[0]))
    if source.quantization != target.quantization and dtype not in ("int32", "float32"):
        raise refuse(layer, "input and output scales differ", expected=source.quantization, found=target.quantization)
    params, _ = _reduction(graph, layer)
    params["greatest"] = int(layer.op in ("REDUCE_MAX", "REDUCE_ANY"))
    return Kernel(layer, f"hil_nn_reduce_extreme_{_SUFFIX[dtype]}", "hil_nn_reduce_params", params, (), 0)


def total(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """SUM of float32 and plain int32, REDUCE_PROD of those and of int8 and int16."""
    source = graph.tensor(layer.inputs[0])
    if source.dtype in ("int8", "uint8", "int16"):
        if layer.op == "REDUCE_PROD":
            return _scaled_product(graph, layer)
        raise refuse(
            layer,
            f"a sum of {source.dtype}",
            expected="float32 or int32",
            found="values for which LiteRT's own reference kernel gives no usable result (it reads them as uint8)",
            next_step="take the mean (MEAN), or keep this operator in float",
        )
    dtype = same_dtype(graph, layer, "int32", "float32")
    params, _ = _reduction(graph, layer)
    params["greatest"] = 0
    name = "sum" if layer.op == "SUM" else "prod"
    return Kernel(layer, f"hil_nn_{name}_{_SUFFIX[dtype]}", "hil_nn_reduce_params", params, (), 0)


def _scaled_product(graph: Graph, layer: Layer) -> Kernel:
    dtype = same_dtype(graph, layer, "int8", "int16")
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    if dtype == "int16" and (source.zero_point or target.zero_point):
        raise refuse(layer, "zero points of int16", expected=0, found=[source.zero_point, target.zero_point])
    params, count = _reduction(graph, layer)
    # The product of the scales is spread over the factors, so that none of the steps becomes great.
    real = source.scale / math.pow(target.scale, 1 / count)
    multiplier, shift = fixedpoint.multiplier_and_shift(real)
    if shift > _SHIFT_MAX:
        raise refuse(layer, "the scales are too far apart", expected=f"a ratio below 2^{_SHIFT_MAX}", found=real)
    params |= {"in_offset": -source.zero_point, "out_offset": target.zero_point}
    params |= {"multiplier": multiplier, "shift": shift}
    return Kernel(layer, f"hil_nn_prod_{_SUFFIX[dtype]}", "hil_nn_mean_s8_params", params, (), 0)


def arg_max(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """ARG_MAX and ARG_MIN along one constant axis, to int32."""
    source, target = graph.tensor(layer.inputs[0]), graph.tensor(layer.outputs[0])
    if source.dtype not in ("int8", "float32") or target.dtype != "int32":
        raise refuse(
            layer,
            "unsupported data types",
            expected="int8 or float32 to int32",
            found=f"{source.dtype} to {target.dtype}",
        )
    (axis,) = _axes(layer, integers(graph, layer, 1)[:1], len(source.shape))
    params: dict[str, Value] = {
        "outer": prod(source.shape[:axis]),
        "axis": source.shape[axis],
        "inner": prod(source.shape[axis + 1 :]),
        "least": int(layer.op == "ARG_MIN"),
    }
    suffix = "s8" if source.dtype == "int8" else "f32"
    return Kernel(layer, f"hil_nn_arg_max_{suffix}", "hil_nn_arg_max_params", params, (), 0)


def _reduction(graph: Graph, layer: Layer) -> tuple[dict[str, Value], int]:
    """(the walk, how many elements make one)."""
    shape = graph.tensor(layer.inputs[0]).shape
    axes = _axes(layer, integers(graph, layer, 1), len(shape))
    walk = steps(shape)
    kept_extents, (kept_walk,) = merged([e for i, e in enumerate(shape) if i not in axes], _without(walk, axes))
    reduced_extents, (reduced_walk,) = merged([shape[i] for i in axes], [walk[i] for i in axes])
    kept, kept_step = fitted(layer, AXES, kept_extents, kept_walk)
    reduced, reduced_step = fitted(layer, AXES, reduced_extents, reduced_walk)
    reduction = {"kept": kept, "kept_step": kept_step, "reduced": reduced, "reduced_step": reduced_step}
    return {"reduction": reduction}, prod(reduced)


def _axes(layer: Layer, given: tuple[int, ...], rank: int) -> list[int]:
    if any(not -rank <= axis < rank for axis in given):
        raise refuse(layer, "an axis is out of range", expected=f"{-rank}..{rank - 1}", found=list(given))
    return sorted({axis % rank for axis in given})


def _without(walk: list[int], axes: list[int]) -> list[int]:
    return [step for i, step in enumerate(walk) if i not in axes]

"""MEAN and ARG_MAX / ARG_MIN, int8 and float32."""

from __future__ import annotations

from math import prod

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Kernel, Options, Value, integers, quantized, refuse, same_dtype
from harness.models.codegen.operators.axes import AXES, fitted, merged, steps
from harness.models.ir import Graph, Layer

_ELEMENTS_MAX = 2**22  # of int8 values in one sum, which then stays below 2^30


def mean(graph: Graph, layer: Layer, options: Options) -> Kernel:
    """MEAN over constant axes. In int8 1/N is folded into the multiplier, as TFLite does."""
    dtype = same_dtype(graph, layer, "int8", "float32")
    shape = graph.tensor(layer.inputs[0]).shape
    axes = _axes(layer, integers(graph, layer, 1), len(shape))
    walk = steps(shape)
    kept_extents, (kept_walk,) = merged([e for i, e in enumerate(shape) if i not in axes], _without(walk, axes))
    reduced_extents, (reduced_walk,) = merged([shape[i] for i in axes], [walk[i] for i in axes])
    kept, kept_step = fitted(layer, AXES, kept_extents, kept_walk)
    reduced, reduced_step = fitted(layer, AXES, reduced_extents, reduced_walk)
    reduction = {"kept": kept, "kept_step": kept_step, "reduced": reduced, "reduced_step": reduced_step}
    params: dict[str, Value] = {"reduction": reduction}
    count = prod(reduced)
    if dtype == "float32":
        return Kernel(layer, "hil_nn_mean_f32", "hil_nn_mean_f32_params", params, (), 0)
    if count >= _ELEMENTS_MAX:
        raise refuse(layer, "too many values in one mean", expected=f"fewer than {_ELEMENTS_MAX}", found=count)
    source, target = (quantized(graph, layer, i) for i in (layer.inputs[0], layer.outputs[0]))
    multiplier, shift = fixedpoint.multiplier_and_shift(source.scale / target.scale)
    params |= {"in_offset": -source.zero_point, "out_offset": target.zero_point}
    params["multiplier"], params["shift"] = fixedpoint.divided(multiplier, shift, count)
    return Kernel(layer, "hil_nn_mean_s8", "hil_nn_mean_s8_params", params, (), 0)


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


def _axes(layer: Layer, given: tuple[int, ...], rank: int) -> list[int]:
    if any(not -rank <= axis < rank for axis in given):
        raise refuse(layer, "an axis is out of range", expected=f"{-rank}..{rank - 1}", found=list(given))
    return sorted({axis % rank for axis in given})


def _without(walk: list[int], axes: list[int]) -> list[int]:
    return [step for i, step in enumerate(walk) if i not in axes]

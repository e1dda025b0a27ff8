"""The constants of int8 layers with weights: multipliers per channel, and the proof that no accumulator overflows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, constant, flat, optional_bias, quantized, refuse
from harness.models.ir import Array, Graph, IrTensor, Layer

_Reach = npt.NDArray[np.int64]
_WIDE = 2**30  # accumulators below are what every kernel takes (hil_nn.h)


@dataclass(frozen=True)
class Weighted:
    """(weights, bias or None, multiplier, shift), and whether some accumulator may reach 2^30."""

    constants: tuple[Constant | None, ...]
    wide: bool


def int8_constants(
    graph: Graph, layer: Layer, channels: int, channel_axis: int, *, image: int = 0, bias_at: int = 2
) -> Weighted:
    """The constants of a layer with ``channels`` outputs. ``image`` and ``bias_at`` are the positions of data and bias among
    the layer's inputs.

    The effective scale of channel c is ``in_scale * weight_scale[c] / out_scale``, in double as TFLite computes it.
    Raises PlanError for asymmetric weights and for an accumulator that could leave int32 (``_prove_range``).
    """
    source = quantized(graph, layer, layer.inputs[image])
    target = quantized(graph, layer, layer.outputs[0])
    weights = constant(graph, layer, 1, "int8")
    scales = weight_scales(layer, weights, channels, channel_axis)
    bias = optional_bias(graph, layer, "int32", bias_at)
    pairs = [fixedpoint.multiplier_and_shift(source.scale * s / target.scale) for s in scales]
    moving = _moving_reach(weights, source.zero_point, channel_axis)
    fixed: _Reach = np.zeros_like(moving) if bias is None else np.abs(bias.astype(np.int64))
    _prove_range(graph, layer, moving + fixed, pairs)
    for channel in np.flatnonzero((moving == 0) & (fixed >= _WIDE)):
        assert bias is not None
        bias = bias.copy()
        bias[channel], pairs[channel] = _settled(int(bias[channel]), pairs[channel])
        fixed[channel] = abs(int(bias[channel]))
    constants = (
        Constant("w", flat(weights, "int8")),
        None if bias is None else Constant("b", bias),
        Constant("m", np.array([m for m, _ in pairs], np.int32)),
        Constant("s", np.array([s for _, s in pairs], np.int8)),
    )
    return Weighted(constants, bool((moving + fixed).max(initial=0) >= _WIDE))


def weight_scales(layer: Layer, weights: IrTensor, channels: int, channel_axis: int) -> tuple[float, ...]:
    """One scale for each output channel; refused for weights that are not symmetric."""
    q = weights.quantization
    if q is None or any(q.zero_points) or any(s < 0 for s in q.scales):
        raise refuse(layer, "weights must be symmetric", expected="zero point 0", found=q)
    if q.per_tensor:
        return q.scales * channels
    if len(q.scales) != channels or q.axis != channel_axis:
        raise refuse(
            layer,
            "weight scales do not match the output channels",
            expected=f"{channels} scales along axis {channel_axis}",
            found=f"{len(q.scales)} along axis {q.axis}",
        )
    return q.scales


def _moving_reach(weights: IrTensor, in_zero_point: int, channel_axis: int) -> _Reach:
    """The largest magnitude that each channel's sum of products, without the bias, can reach in any order of adding."""
    assert weights.data is not None
    per_channel: Array = np.moveaxis(np.abs(weights.data.astype(np.int64)), channel_axis, -1)
    largest_input = max(abs(-128 - in_zero_point), abs(127 - in_zero_point))
    reach: _Reach = per_channel.reshape(-1, per_channel.shape[-1]).sum(axis=0) * largest_input
    return reach


def _prove_range(graph: Graph, layer: Layer, reach: _Reach, pairs: Sequence[tuple[int, int]]) -> None:
    """Refuses a channel whose accumulator could leave what is needed of it.

    Needed is that no step overflows int32: no partial sum, in whatever order (all are within ``reach``, the sum of the
    magnitudes), and no step of the rescaling (``fixedpoint.accumulator_limit``).
    """
    for channel, (multiplier, shift) in enumerate(pairs):
        limit = fixedpoint.accumulator_limit(multiplier, shift)
        if int(reach[channel]) > limit:
            raise refuse(
                layer,
                f"the accumulator of channel {channel} of {graph.tensor(layer.outputs[0]).name!r} could overflow int32",
                expected=f"at most {limit} at this scale ({multiplier} x 2^{shift - 31})",
                found=int(reach[channel]),
                next_step="quantise again with data that fills the ranges of this layer, or leave its bias away",
            )


def _settled(bias: int, pair: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """A channel whose weights are all zero is a constant, whatever its bias: the same one from a small accumulator. For such
    a channel converters clip the bias to +-2^30, because its scale means nothing."""
    return 4 * min(max(fixedpoint.rescale(bias, *pair), -512), 512), (1 << 30, -1)

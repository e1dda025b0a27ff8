"""The constants of int8 layers with weights: multipliers per channel, and the proof that no accumulator overflows."""

from __future__ import annotations

import numpy as np

from harness.models.codegen import fixedpoint
from harness.models.codegen.kernel import Constant, constant, flat, optional_bias, quantized, refuse
from harness.models.ir import Array, Graph, IrTensor, Layer


def int8_constants(
    graph: Graph, layer: Layer, channels: int, channel_axis: int, *, image: int = 0, bias_at: int = 2
) -> tuple[Constant | None, ...]:
    """(weights, bias or None, multiplier, shift) of a layer with ``channels`` outputs. ``image`` and ``bias_at`` are the
    positions of data and bias among the layer's inputs.

    The effective scale of channel c is ``in_scale * weight_scale[c] / out_scale``, in double as TFLite computes it.
    Raises PlanError for asymmetric weights and for an accumulator that could reach 2^30.
    """
    source = quantized(graph, layer, layer.inputs[image])
    target = quantized(graph, layer, layer.outputs[0])
    weights = constant(graph, layer, 1, "int8")
    scales = _weight_scales(layer, weights, channels, channel_axis)
    bias = optional_bias(graph, layer, "int32", bias_at)
    pairs = [fixedpoint.multiplier_and_shift(source.scale * s / target.scale) for s in scales]
    reach = _prove_range(layer, weights, bias, source.zero_point, channel_axis)
    # The reference shifts left before it multiplies, in 32 bits.
    for channel, (_, shift) in enumerate(pairs):
        if int(reach[channel]) << max(shift, 0) >= 2**31:
            raise refuse(
                layer,
                f"the scales of channel {channel} are too far apart",
                expected="an accumulator below 2^31 when scaled",
                found=f"{source.scale} x {scales[channel]} / {target.scale}",
            )
    return (
        Constant("w", flat(weights, "int8")),
        None if bias is None else Constant("b", bias),
        Constant("m", np.array([m for m, _ in pairs], np.int32)),
        Constant("s", np.array([s for _, s in pairs], np.int8)),
    )


def _weight_scales(layer: Layer, weights: IrTensor, channels: int, channel_axis: int) -> tuple[float, ...]:
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


def _prove_range(layer: Layer, weights: IrTensor, bias: Array | None, in_zero_point: int, channel_axis: int) -> Array:
    """The largest magnitude that the accumulator of each channel can reach."""
    assert weights.data is not None
    per_channel: Array = np.moveaxis(np.abs(weights.data.astype(np.int64)), channel_axis, -1)
    largest_input = max(abs(-128 - in_zero_point), abs(127 - in_zero_point))
    reach: Array = per_channel.reshape(-1, per_channel.shape[-1]).sum(axis=0) * largest_input
    if bias is not None:
        reach = reach + np.abs(bias.astype(np.int64))
    if reach.max(initial=0) >= 2**30:
        raise refuse(layer, "an accumulator could overflow", expected="below 2^30", found=int(reach.max()))
    return reach

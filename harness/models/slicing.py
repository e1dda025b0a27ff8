"""What a STRIDED_SLICE takes of each axis, from its constant bounds and masks. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.models.ir import Layer


def chosen(
    layer: Layer, shape: Sequence[int], begin: Sequence[int], end: Sequence[int], stride: Sequence[int]
) -> list[range | int]:
    """One entry per axis of ``shape``: the indices taken, or the one index of an axis that the result does not have.

    Begin, end, shrink and offset masks are understood, and negative strides. IndexError for a shrunk axis that has no such
    index; a layer for which ``foreign_masks`` has an entry must not come here.
    """
    taken: list[range | int] = []
    for axis, extent in enumerate(shape):
        bit = 1 << axis
        if axis >= len(begin):
            taken.append(range(extent))
            continue
        if int(layer.options.get("shrinkAxisMask", 0)) & bit:
            taken.append(range(extent)[begin[axis]])
            continue
        low = None if int(layer.options.get("beginMask", 0)) & bit else begin[axis]
        high = None if int(layer.options.get("endMask", 0)) & bit else end[axis]
        if layer.options.get("offset", False) and high is not None:
            high += begin[axis]
        taken.append(range(extent)[slice(low, high, stride[axis])])
    return taken


def foreign_masks(layer: Layer) -> dict[str, int]:
    """The masks of ellipses and new axes that are set: what ``chosen`` does not understand."""
    masks = ("ellipsisMask", "newAxisMask")
    return {mask: int(layer.options[mask]) for mask in masks if layer.options.get(mask, 0)}

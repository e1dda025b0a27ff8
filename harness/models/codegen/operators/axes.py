"""Axes of multi-dimensional operators, merged so that the kernels walk over few. Pure arithmetic on shapes."""

from __future__ import annotations

from collections.abc import Sequence

from harness.models.codegen.kernel import refuse
from harness.models.ir import Layer

AXES = 4  # HIL_NN_AXES
COPY_AXES = 6  # HIL_NN_COPY_AXES


def steps(shape: Sequence[int]) -> list[int]:
    """The distance in elements between neighbours along each axis of a tensor without gaps."""
    result, step = [], 1
    for extent in reversed(shape):
        result.append(step)
        step *= extent
    return result[::-1]


def broadcast_steps(shape: Sequence[int], target: Sequence[int]) -> list[int]:
    """Steps of a tensor read in the shape of ``target``: 0 along axes that it repeats. Shapes must be compatible."""
    padded = [1] * (len(target) - len(shape)) + list(shape)
    return [0 if extent == 1 else step for extent, step in zip(padded, steps(padded), strict=True)]


def merged(extents: Sequence[int], *walks: Sequence[int]) -> tuple[list[int], list[list[int]]]:
    """The same walk with fewer axes: those of extent 1 are dropped, neighbours that go on without a gap in every one of
    ``walks`` become one."""
    out: list[int] = []
    found: list[list[int]] = [[] for _ in walks]
    for axis, extent in enumerate(extents):
        if extent == 1:
            continue
        here = [walk[axis] for walk in walks]
        if out and all(old[-1] == step * extent for old, step in zip(found, here, strict=True)):
            out[-1] *= extent
            for old, step in zip(found, here, strict=True):
                old[-1] = step
        else:
            out.append(extent)
            for old, step in zip(found, here, strict=True):
                old.append(step)
    return out, found


def fitted(layer: Layer, n_axes: int, extents: list[int], *walks: list[int]) -> list[list[int]]:
    """Extents and steps filled up in front to ``n_axes``; refused when there are more."""
    if len(extents) > n_axes:
        raise refuse(layer, "too many axes that cannot be walked as one", expected=f"{n_axes}", found=len(extents))
    missing = n_axes - len(extents)
    return [[1] * missing + extents, *([0] * missing + walk for walk in walks)]

"""Arrays of numpy as inputs: what forms with arrays in them share."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.datasets import _common
from harness.data.datasets._own import Floats
from harness.errors import PlanError


class ArrayOptions(_common.Options):
    """How a sample's values are laid out."""

    shape: _common.Shape = Field(
        default=(), description="One sample's shape, if it is to be another than stored (C order): 8x8x1 or [8, 8, 1]."
    )
    channels: Literal["last", "first"] = Field(
        default="last",
        description="Where the channels are: last as TensorFlow has them, first as PyTorch has. Samples [C, H, W] are turned to"
        " [H, W, C], as a board takes them; `shape` is applied before.",
    )


def checked(array: npt.NDArray[np.generic], what: str, where: str, *, axes: int = 2) -> npt.NDArray[np.generic]:
    """``array`` if it holds numbers and has so many axes or more. ``PlanError`` else."""
    numbers = np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)
    if not numbers or array.ndim < axes:
        raise PlanError(
            f"{what!r} holds inputs in real units",
            where=where,
            expected=f"integers or floats {'[N, ...]' if axes > 1 else '[...]'}",
            found=f"{array.dtype} {list(array.shape)}",
        )
    return array


def as_inputs(array: npt.NDArray[np.generic], options: ArrayOptions, where: str) -> Floats:
    """[N, ...] as float32 of one's own (never a view), in the shape and order of the options. ``PlanError``: no such shape."""
    sample = array.shape[1:]
    shape = options.shape or sample
    if math.prod(shape) != math.prod(sample):
        raise PlanError(
            "a sample does not fill the shape",
            where=where,
            expected=f"{math.prod(shape)} values for {list(shape)}",
            found=f"{math.prod(sample)} in samples {list(sample)}",
        )
    if options.channels == "first" and len(shape) < 2:
        raise PlanError(
            "samples of one axis have no channels to turn",
            where="dataset.options.channels",
            expected="samples [C, ...] of two axes or more",
            found=list(shape),
        )
    array = array.reshape(len(array), *shape)
    if options.channels == "first":
        array = np.moveaxis(array, 1, -1)
    with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
        return np.array(array, dtype=np.float32, order="C")

"""What an ONNX value is in the .tflite: where its data lies and in which order of axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from harness.models.frontends.writer import Writer

TO_LAST = (0, 2, 3, 1)  # NCHW -> NHWC
TO_FIRST = (0, 3, 1, 2)


@dataclass(frozen=True)
class Value:
    """``shape`` is ONNX's. ``index`` names the tensor that holds it: in ONNX's own order, or as an image [1, H, W, C]
    with the channels last (``is_image``; a signal [1, C, L] is an image of height 1)."""

    shape: tuple[int, ...]
    index: int
    is_image: bool = False
    flattened: Value | None = None  # this is [1, N] of that image's values, not yet moved into ONNX's order


def image_shape(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """[1, H, W, C] of ONNX's [1, C, H, W] or [1, C, L]."""
    n, c, *spatial = shape
    h, w = spatial if len(spatial) == 2 else (1, spatial[0])
    return n, h, w, c


def as_image(writer: Writer, value: Value, name: str) -> Value:
    """The value with its channels last; rank 3 or 4."""
    if value.is_image:
        return value
    value = in_order(writer, value, name)
    n, h, w, c = image_shape(value.shape)
    index = reshaped(writer, value.index, (n, c, h, w), name)
    return Value(value.shape, transposed(writer, index, TO_LAST, name), True)


def in_order(writer: Writer, value: Value, name: str) -> Value:
    """The value in ONNX's own order."""
    if value.flattened is not None:
        origin = in_order(writer, value.flattened, name)
        return Value(value.shape, reshaped(writer, origin.index, value.shape, name))
    if not value.is_image:
        return value
    first = transposed(writer, value.index, TO_FIRST, name)
    return Value(value.shape, reshaped(writer, first, value.shape, name))


def transposed(writer: Writer, index: int, order: Sequence[int], name: str) -> int:
    """TRANSPOSE; a RESHAPE, which costs nothing, where only axes of extent 1 change places."""
    shape = writer.shape(index)
    target = [shape[axis] for axis in order]
    long = [axis for axis in order if shape[axis] > 1]
    if long == sorted(long):
        return reshaped(writer, index, target, name)
    inputs = [index, writer.integers(f"{name}.order", order)]
    return writer.operator("TRANSPOSE", inputs, target, f"{name}.transposed", "TransposeOptions")


def reshaped(writer: Writer, index: int, shape: Sequence[int], name: str) -> int:
    """RESHAPE, or nothing where the shape is the same."""
    if tuple(shape) == writer.shape(index):
        return index
    assert prod(shape) == prod(writer.shape(index))
    inputs = [index, writer.integers(f"{name}.shape", shape)]
    return writer.operator("RESHAPE", inputs, shape, f"{name}.reshaped", "ReshapeOptions", newShape=list(shape))

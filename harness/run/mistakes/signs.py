"""Bytes taken for what they are not: int8 for uint8, values for quantised ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.records import Tensor

Floats = npt.NDArray[np.float64]
Raw = npt.NDArray[Any]


def changes(real: Floats, tensor: Tensor) -> Iterator[tuple[str, Floats]]:
    """(words, inputs) for ``real`` [N, *shape] that go to ``tensor``."""
    step = tensor.scale or 1.0
    yield "128 steps added (int8 taken for uint8)", real + 128 * step
    yield "128 steps taken off (uint8 taken for int8)", real - 128 * step
    if tensor.scale:
        yield "the values taken as already quantised", (real - tensor.zero_point) * step
        yield "the values taken as already quantised, uint8", (real - 128 - tensor.zero_point) * step


def of_the_bytes(raw: Raw) -> Iterator[tuple[str, Raw]]:
    """(words, bytes) for what travels: a firmware that takes a byte for one of the other sign and subtracts 128."""
    if raw.dtype.kind in "iu" and raw.dtype.itemsize == 1:
        yield "int8 taken for uint8: the top bit of each byte flipped", flipped(raw)


def flipped(raw: Raw) -> Raw:
    """The same bytes with their top bit the other way: what -128..127 is when 0..255 less 128 was meant."""
    found: Raw = (raw.view(np.uint8) ^ np.uint8(0x80)).view(raw.dtype)
    return found

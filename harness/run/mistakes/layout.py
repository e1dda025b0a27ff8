"""The same values in another order: axes, directions, channels. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def changes(real: Floats) -> Iterator[tuple[str, Floats]]:
    """(words, inputs) for ``real`` [N, *shape]; each of the shape that they had."""
    n, shape = len(real), real.shape[1:]
    if len(shape) == 1:
        side = isqrt(shape[0])
        if side > 1 and side * side == shape[0]:
            yield "rows and columns swapped", real.reshape(n, side, side).swapaxes(1, 2).reshape(n, -1)
        yield "the order of the values reversed", real[:, ::-1]
        return
    rows, columns = shape[0], shape[1]
    if rows > 1 and columns > 1:
        # The same bytes read with the axes in the other order; for a square this is the transposed image.
        yield "the axes swapped", real.reshape(n, columns, rows, *shape[2:]).swapaxes(1, 2)
    if rows == columns > 1:
        yield "the images turned left by 90 degrees", np.rot90(real, 1, axes=(1, 2))
        yield "the images turned right by 90 degrees", np.rot90(real, -1, axes=(1, 2))
    yield "the first axis reversed (upside down)", real[:, ::-1]
    yield "the second axis reversed (mirrored)", real[:, :, ::-1]
    yield "both axes reversed (turned by 180 degrees)", real[:, ::-1, ::-1]
    if len(shape) == 3 and shape[2] > 1:
        yield "the data read as channels first", np.moveaxis(real.reshape(n, shape[2], rows, columns), 1, -1)
        yield "the data read as channels last", np.moveaxis(real, -1, 1).reshape(real.shape)
        yield "the channels in reverse order (RGB, BGR)", real[..., ::-1]

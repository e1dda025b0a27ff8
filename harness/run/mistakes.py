"""The usual confusions between data and model, each as a change that would undo it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import isqrt

import numpy as np
import numpy.typing as npt

from harness.records import Tensor

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# What most image networks with three channels were trained with, for inputs of 0..1.
_IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
_IMAGENET_STD = np.array([0.229, 0.224, 0.225])


def of_the_inputs(real: Floats, tensor: Tensor) -> Iterator[tuple[str, Floats]]:
    """(words, inputs as they should have been) for ``real`` [N, *shape] in real units: "with ... the reference scores".

    Where two would do the same, the one that says more comes first.
    """
    yield from _of_the_layout(real)
    yield from _of_the_scale(real)
    step = tensor.scale or 1.0
    yield "128 steps added (int8 taken for uint8)", real + 128 * step
    yield "128 steps taken off (uint8 taken for int8)", real - 128 * step
    if tensor.scale:
        yield "the values taken as already quantised", (real - tensor.zero_point) * step
        yield "the values taken as already quantised, uint8", (real - 128 - tensor.zero_point) * step
    yield from _of_the_statistics(real)


def of_all_inputs(reals: Sequence[Floats], tensors: Sequence[Tensor]) -> Iterator[tuple[str, list[Floats]]]:
    """As ``of_the_inputs`` for a model with any number of inputs: two of a shape exchanged, or one of them changed alone."""
    for one, other in combinations(range(len(reals)), 2):
        if reals[one].shape == reals[other].shape:
            exchanged = list(reals)
            exchanged[one], exchanged[other] = reals[other], reals[one]
            yield f"the inputs {tensors[one].name!r} and {tensors[other].name!r} exchanged", exchanged
    for at, (real, tensor) in enumerate(zip(reals, tensors, strict=True)):
        where = f" in input {tensor.name!r}" if len(reals) > 1 else ""
        for words, changed in of_the_inputs(real, tensor):
            yield f"{words}{where}", [*reals[:at], changed, *reals[at + 1 :]]


def _of_the_layout(real: Floats) -> Iterator[tuple[str, Floats]]:
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
        yield "the channels in reverse order (RGB, BGR)", real[..., ::-1]


def _of_the_scale(real: Floats) -> Iterator[tuple[str, Floats]]:
    yield "the values inverted (light and dark)", real.min() + real.max() - real
    for words, factor in (("1/255", 1 / 255), ("1/16", 1 / 16), ("255", 255.0), ("16", 16.0), ("1/127.5", 1 / 127.5)):
        yield f"the values multiplied by {words}", real * factor
    yield "the values as x / 127.5 - 1", real / 127.5 - 1
    yield "the values as 2 x - 1", 2 * real - 1
    yield "the values as (x + 1) / 2", (real + 1) / 2


def _of_the_statistics(real: Floats) -> Iterator[tuple[str, Floats]]:
    low, high = real.min(), real.max()
    yield "the values brought to 0..1", (real - low) / ((high - low) or 1.0)
    yield "the mean taken off, divided by the standard deviation", (real - real.mean()) / (real.std() or 1.0)
    axes = tuple(range(1, real.ndim))
    spread = real.std(axis=axes, keepdims=True)
    yield (
        "each sample's mean taken off, divided by its standard deviation",
        (real - real.mean(axis=axes, keepdims=True)) / np.where(spread > 0, spread, 1.0),
    )
    if real.ndim == 4 and real.shape[-1] == 3:
        yield "ImageNet's mean and standard deviation", (real - _IMAGENET_MEAN) / _IMAGENET_STD
        yield "1/255, then ImageNet's mean and standard deviation", (real / 255 - _IMAGENET_MEAN) / _IMAGENET_STD


def of_the_classes(labels: Ints, names: Sequence[str]) -> Iterator[tuple[str, Ints]]:
    """(words, labels as they should have been) for the orders of classes that occur."""
    size = len(names)
    yield "the classes in reverse order", size - 1 - labels
    yield "the labels counted from 1", (labels - 1) % size
    yield "the labels one less than they should be", (labels + 1) % size
    as_text = np.argsort(np.argsort(np.array(names)))
    if (as_text != np.arange(size)).any():
        yield "the classes in the order of their names as text", as_text[labels].astype(np.int64)


def another_order(decisions: Ints, labels: Ints, names: Sequence[str]) -> tuple[str, Ints]:
    """The order of classes that suits these samples best, in words, and as a map [C] label -> output.

    ``decisions`` are the reference's, -1 = unknown. An order that was made to suit samples must be judged on others: chance
    would suit it too.
    """
    from scipy.optimize import linear_sum_assignment  # here: slow to import, and only a bad reference asks for it

    size = len(names)
    counts = np.zeros((size, size), dtype=np.int64)
    known = decisions >= 0
    np.add.at(counts, (labels[known], decisions[known]), 1)
    _, order = linear_sum_assignment(counts, maximize=True)
    moved = [f"{names[i]} is {names[to]}" for i, to in enumerate(order) if i != to]
    shown = ", ".join(moved[:4]) + (", ..." if len(moved) > 4 else "")
    return f"the classes in another order ({shown})", order.astype(np.int64)

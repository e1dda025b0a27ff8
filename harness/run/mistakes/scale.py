"""The same values in another range: factors, offsets, normalisation. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# What most image networks with three channels were trained with, for inputs of 0..1.
_IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
_IMAGENET_STD = np.array([0.229, 0.224, 0.225])
_AXES = 3  # of an accelerometer, of a gyroscope: they share one range


def changes(real: Floats) -> Iterator[tuple[str, Floats]]:
    """(words, inputs) for ``real`` [N, *shape]: the usual factors and offsets."""
    yield "the values inverted (light and dark)", real.min() + real.max() - real
    for words, factor in (("1/255", 1 / 255), ("1/16", 1 / 16), ("255", 255.0), ("16", 16.0), ("1/127.5", 1 / 127.5)):
        yield f"the values multiplied by {words}", real * factor
    yield "the values as x / 127.5 - 1", real / 127.5 - 1
    yield "the values as 2 x - 1", 2 * real - 1
    yield "the values as (x + 1) / 2", (real + 1) / 2


def of_the_statistics(real: Floats) -> Iterator[tuple[str, Floats]]:
    """(words, inputs): brought to a range or a spread, which undoes many a factor too."""
    low, high = real.min(), real.max()
    yield "the values brought to 0..1", (real - low) / ((high - low) or 1.0)
    yield "the mean taken off, divided by the standard deviation", (real - real.mean()) / (real.std() or 1.0)
    axes = tuple(range(1, real.ndim))
    spread = real.std(axis=axes, keepdims=True)
    if real.ndim == 4 and real.shape[-1] % _AXES == 0:
        yield "the values of each sensor (three axes) brought to 0..1 in each sample", _by_sensor(real)
    yield (
        "each sample's mean taken off, divided by its standard deviation",
        (real - real.mean(axis=axes, keepdims=True)) / np.where(spread > 0, spread, 1.0),
    )
    if real.ndim == 4 and real.shape[-1] == 3:
        yield "ImageNet's mean and standard deviation", (real - _IMAGENET_MEAN) / _IMAGENET_STD
        yield "1/255, then ImageNet's mean and standard deviation", (real / 255 - _IMAGENET_MEAN) / _IMAGENET_STD


def _by_sensor(real: Floats) -> Floats:
    parts = real.reshape(*real.shape[:-1], -1, _AXES)
    axes = (1, 2, 4)
    low, high = parts.min(axis=axes, keepdims=True), parts.max(axis=axes, keepdims=True)
    scaled: Floats = (parts - low) / np.where(high > low, high - low, 1.0)
    return scaled.reshape(real.shape)

"""Images as their models take them: what an encoding on the wire gains from, or does not."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_sample_images

from harness.data import DataMissing, load
from harness.linkbench.grid import noise_samples

Content = Literal["images", "noise"]
#: Pixels of one digit, 28 x 28, and values of one photograph, 96 x 96 x 3.
PIXELS, PHOTO_SIDE = 784, 96
PHOTO_VALUES = PHOTO_SIDE * PHOTO_SIDE * 3
#: How much the photographs are reduced, by turns. Four times leaves them just large enough.
_FACTORS = (1, 2, 3, 4)


def samples(content: Content, n: int, n_bytes: int) -> tuple[bytes, ...]:
    """``n`` samples of ``n_bytes`` bytes as an int8 model takes them.

    ``images`` are what such models are given: handwritten digits (784 bytes), pieces of photographs (27,648 bytes), and
    for any other size as many values of a photograph in a row. ``noise`` is the worst case for an encoding.
    """
    if content == "noise":
        return noise_samples(n, n_bytes)
    if n_bytes == PIXELS:
        return as_int8(images(n)[1])
    if n_bytes == PHOTO_VALUES:
        return as_int8(photos(n))
    values = photos(-(-(n + 1) * n_bytes // PHOTO_VALUES)).reshape(-1)
    return as_int8(values[: n * n_bytes].reshape(n, n_bytes))


def images(n: int) -> tuple[str, npt.NDArray[np.uint8]]:
    """``n`` handwritten digits as [n, 784] of 0..255, and what they are.

    MNIST's test images where they are at hand (HIL_DATA_DIR), else scikit-learn's digits, each pixel three by three with
    a margin of two, which leaves about the same share of background.
    """
    try:
        mnist = load("idx", options={"source": "mnist"})
        real, name = mnist.inputs[..., 0], "MNIST"
    except DataMissing:
        digits = load("digits")
        large = np.kron(digits.inputs[..., 0], np.ones((1, 3, 3), np.float32))
        real, name = np.pad(large, ((0, 0), (2, 2), (2, 2))), "scikit-learn's digits, enlarged"
    pixels = np.rint(real * 255).astype(np.uint8).reshape(len(real), PIXELS)
    return name, pixels[np.arange(n) % len(pixels)]


def as_int8(pixels: npt.NDArray[np.uint8]) -> tuple[bytes, ...]:
    """As an int8 model takes them: scale 1/255, zero point -128, so that the background is 80 in hexadecimal."""
    return tuple((row ^ 0x80).tobytes() for row in pixels)


def as_float32(pixels: npt.NDArray[np.uint8]) -> tuple[bytes, ...]:
    """As a float32 model takes them: pixel / 255, little endian."""
    return tuple((row / np.float32(255)).astype("<f4").tobytes() for row in pixels)


def photos(n: int) -> npt.NDArray[np.uint8]:
    """``n`` pieces of 96 x 96 pixels of scikit-learn's two photographs as [n, 27648], a colour's values side by side.

    As a camera delivers them: as they are, and reduced 2, 3 and 4 times by taking the mean of so many pixels squared,
    by turns. The more it is reduced, the more a pixel differs from its neighbour.
    """
    by_factor = [
        [piece for photo in load_sample_images().images for piece in _pieces(_reduced(photo, factor))]
        for factor in _FACTORS
    ]
    chosen = (by_factor[i % len(_FACTORS)] for i in range(n))
    return np.asarray([pieces[i // len(_FACTORS) % len(pieces)] for i, pieces in enumerate(chosen)], np.uint8)


def _reduced(photo: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """[height, width, 3] by the mean of each ``factor`` x ``factor`` pixels; what is left at the edges is cut off."""
    height, width = photo.shape[0] // factor, photo.shape[1] // factor
    cells = photo[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    means: npt.NDArray[np.uint8] = np.rint(cells.mean(axis=(1, 3))).astype(np.uint8)
    return means


def _pieces(photo: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    side = PHOTO_SIDE
    return [
        photo[top : top + side, left : left + side].reshape(-1)
        for top in range(0, photo.shape[0] - side + 1, side // 2)
        for left in range(0, photo.shape[1] - side + 1, side // 2)
    ]

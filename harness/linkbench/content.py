"""Images as their models take them: what an encoding on the wire gains from, or does not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.data import DataMissing, load

#: Pixels of one image, 28 x 28.
PIXELS = 784


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

"""The idx files of MNIST and its kin: big-endian header, then the values; gzip or plain.

Format: 00 00 <type> <number of dimensions>, then each extent as a 32-bit big-endian integer. Types: 08 uint8, 09 int8, 0b int16,
0c int32, 0d float32, 0e float64. Images [N, rows, columns] become samples [rows, columns, 1], other inputs keep their shape.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from harness.data.dataset import Dataset, Naming
from harness.data.datasets import _common, _mnist, _own
from harness.errors import PlanError
from harness.text import printable

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# A wrong header must not make us read a file of another kind to its end: MNIST's training set is 47 MB.
_MAX_BYTES = 1 << 30

EXAMPLE = """\
dataset:
  name: idx
  split: test
  options:
    images: data/emnist-{split}-images-idx3-ubyte.gz
    labels: data/emnist-{split}-labels-idx1-ubyte.gz
    transpose: true             # EMNIST's images lie on their side
"""


class Options(_own.Own):
    """Either ``source: mnist`` (a known set, checked against its published sums) or one's own two files."""

    source: str | None = Field(
        default=None, description="A known set, checked against its published sums: mnist. Else give images and labels."
    )
    images: str | None = Field(
        default=None, description="The file of inputs. {split} in it is replaced by the split's name."
    )
    labels: str | None = Field(default=None, description="The file of labels, whole numbers; {split} as in images.")
    transpose: bool = Field(default=False, description="Whether rows and columns of the images change places.")
    divide: float | tuple[float, ...] = Field(
        default=255.0, description="Inputs are (value - subtract) / divide, in float32: 255 makes 0..1 of bytes."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.source is not None and (self.images or self.labels):
            raise ValueError("give either 'source' or 'images' and 'labels'")
        if self.source is None and not (self.images and self.labels):
            raise ValueError("give 'source: mnist', or both 'images' and 'labels'")
        if self.source is not None and self.source != "mnist":
            raise ValueError("the known sources are: mnist")
        return self


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return ("test", "train") if options.source else _own.splits_of(options, options.images or "", folder)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The whole split; the sample ids are ``<name>-<split>-<index in the file>``."""
    if options.source is not None:
        name = options.source
        _common.known_split(name, split, ("test", "train"))
        images_path, labels_path = _mnist.locate(split)
    else:
        name = "idx"
        images_path, labels_path = (
            _common.existing(folder, (path or "").replace("{split}", split))
            for path in (options.images, options.labels)
        )
    images = array(images_path)
    labels = array(labels_path)
    for path, found, good, what in (
        (images_path, images, images.ndim > 1, "inputs [N, ...]"),
        (labels_path, labels, labels.ndim == 1 and labels.dtype.kind in "iu", "whole numbers [N]"),
    ):
        if not good:
            raise PlanError(
                "not the idx file it should be",
                where=str(path),
                expected=what,
                found=f"{found.dtype.name} {list(found.shape)}",
            )
    if len(images) != len(labels):
        raise PlanError(
            "images and labels differ in number",
            where=f"{images_path.name}, {labels_path.name}",
            expected=f"{len(images)} labels",
            found=len(labels),
        )
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= _own.MOST_CLASSES:
        raise PlanError(
            "a label is no index of a class", where=str(labels_path), expected=f"0..{_own.MOST_CLASSES - 1}"
        )
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if options.transpose and images.ndim > 2:
        images = images.swapaxes(1, 2)

    def inputs(chosen: Sequence[int]) -> _own.Floats:
        with np.errstate(over="ignore"):
            return np.array(images[np.array(chosen)], dtype=np.float32, order="C")

    classes = max(10 if options.source else 0, int(labels.max(initial=0)) + 1)
    # Of a divided set: the number in the file alone, or a sample would be called otherwise in each split.
    stem = name if options.test_share is not None else f"{name}-{split}"
    rows = _own.Rows(
        printable(str(images_path)), [f"{stem}-{index:05d}" for index in range(len(labels))], [str(n) for n in labels]
    )
    known = [str(index) for index in range(classes)]
    naming: Naming = "stated" if options.source else "indices"
    return _own.made(name, split, rows, options, inputs, naming=naming, known=known, first=first)


def array(path: Path) -> npt.NDArray[np.generic]:
    """The array in an idx file, shape and dtype as its header says. Raises ``PlanError`` when it is none or of another size."""
    raw = _common.content(path)
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                raw = file.read(_MAX_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise PlanError("the gzip file is damaged", where=str(path), found=error) from error
    dtype = _TYPES.get(raw[2] if len(raw) >= 4 else 0)
    if dtype is None or raw[:2] != b"\0\0":
        raise PlanError(
            "not the idx file it should be",
            where=str(path),
            expected="00 00, a type of 08 to 0e, the number of dimensions",
            found=raw[:4].hex(" ") or "an empty file",
        )
    dimensions = raw[3]
    start = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions))
    expected = start + (math.prod(shape) * np.dtype(dtype).itemsize if len(raw) >= start else 0)
    if len(raw) != expected or dimensions > 32:
        raise PlanError(
            "the idx file is cut short or too long",
            where=str(path),
            expected=f"{expected} bytes for shape {list(shape)}",
            found=f"{len(raw)} bytes",
        )
    return np.frombuffer(raw, dtype=dtype, offset=start).reshape(shape)

"""The idx files of MNIST and its kin: big-endian header, then one byte per pixel or label; gzip or plain.

Format: 00 00 <type 08 = uint8> <number of dimensions>, then each extent as a 32-bit big-endian integer.
Inputs are pixel / 255, in 0..1, shape [N, rows, columns, 1].
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from harness.data.dataset import Dataset
from harness.data.datasets import _common, _mnist
from harness.errors import PlanError

IMAGES = 0x0000_0803
LABELS = 0x0000_0801
# A wrong header must not make us read a file of another kind to its end: MNIST's training set is 47 MB.
_MAX_BYTES = 1 << 30


class Options(_common.Options):
    """Either ``source: mnist`` (a known set, checked against its published sums) or one's own two files."""

    source: str | None = None
    images: str | None = None
    labels: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.source is not None and (self.images or self.labels):
            raise ValueError("give either 'source' or 'images' and 'labels'")
        if self.source is None and not (self.images and self.labels):
            raise ValueError("give 'source: mnist', or both 'images' and 'labels'")
        if self.source is not None and self.source != "mnist":
            raise ValueError("the known sources are: mnist")
        return self


def read(options: Options, split: str, folder: Path) -> Dataset:
    """The whole split; the sample ids are ``<name>-<split>-<index in the file>``."""
    if options.source is not None:
        name = options.source
        _common.known_split(name, split, ("test", "train"))
        images_path, labels_path = _mnist.locate(split)
    else:
        name = "idx"
        images_path = _common.existing(folder, options.images or "")
        labels_path = _common.existing(folder, options.labels or "")
    images = array(images_path, IMAGES)
    labels = array(labels_path, LABELS)
    if len(images) != len(labels):
        raise PlanError(
            "images and labels differ in number",
            where=f"{images_path.name}, {labels_path.name}",
            expected=f"{len(images)} labels",
            found=len(labels),
        )
    classes = max(10 if options.source else 0, int(labels.max(initial=0)) + 1)
    return Dataset(
        name=name,
        split=split,
        classes=tuple(str(index) for index in range(classes)),
        ids=np.array([f"{name}-{split}-{index:05d}" for index in range(len(labels))]),
        labels=labels.astype(np.int64),
        inputs=(images[..., np.newaxis] / np.float32(255)).astype(np.float32),
        naming="stated" if options.source else "indices",
    )


def fetch(source: str) -> tuple[Path, Path]:
    """Download the test split of a known source into the user's cache, checked; the two files. ``PlanError`` if unknown."""
    if source != "mnist":
        raise PlanError(f"there is nothing to fetch for {source!r}", expected="mnist", found=source)
    return _mnist.fetch("test")


def array(path: Path, magic: int) -> npt.NDArray[np.uint8]:
    """The array in an idx file, shape as its header says. Raises ``PlanError`` when magic or size is not as it must
    be.
    """
    raw = _common.content(path)
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                raw = file.read(_MAX_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise PlanError("the gzip file is damaged", where=str(path), found=error) from error
    found = int.from_bytes(raw[:4], "big")
    if len(raw) < 4 or found != magic:
        raise PlanError(
            "not the idx file it should be",
            where=str(path),
            expected=f"magic {magic:#06x}",
            found=f"magic {found:#06x}",
        )
    dimensions = magic & 0xFF
    start = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions))
    expected = start
    if len(raw) >= start:
        count = 1
        for extent in shape:
            count *= extent
        expected += count
    if len(raw) != expected:
        raise PlanError(
            "the idx file is cut short or too long",
            where=str(path),
            expected=f"{expected} bytes for shape {list(shape)}",
            found=f"{len(raw)} bytes",
        )
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)

"""Arrays in class folders: one .npy file a sample, as ``numpy.save`` writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.data.datasets import _array, _common, _folders, _length
from harness.disk import archive
from harness.errors import PlanError

SUFFIXES = (".npy",)

EXAMPLE = """\
dataset:
  name: numpy_folders
  split: test
  options:
    path: data/windows          # data/windows/subject-1/walk/0001.npy, ...
    label_folder: 2
    group_folder: 1
    test_share: 0.3
    shape: 128x9
"""


class Options(_folders.Folders, _array.ArrayOptions, _length.LengthOptions):
    """Folders of arrays, and what is made of each. ``length``, ``pad`` and ``cut`` are of the first axis, before ``shape``."""


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return _folders.splits(options, folder, SUFFIXES)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split's arrays; the sample ids are their paths below ``path``."""

    def one(path: Path) -> npt.NDArray[np.generic]:
        _common.refuse_pointer(path)
        try:
            found = archive.array(path)
        except archive.DamagedArchive as error:
            raise PlanError(
                "the array cannot be read", where=str(path), expected="a .npy file of plain numbers", found=error
            ) from error
        values = _length.fitted(_array.checked(found, path.name, str(path), axes=1), options, path)
        return _array.as_inputs(values[np.newaxis], options, str(path)).squeeze(axis=0)

    return _folders.read(options, split, folder, first, SUFFIXES, one)

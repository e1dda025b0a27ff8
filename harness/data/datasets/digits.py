"""scikit-learn's handwritten digits (UCI, 1797 images of 8x8): real data that comes with the packages.

``train`` is the first 1347 samples, ``test`` the last 450 (indices 1347..1796): split by position, so that neither a
seed nor a library's shuffling decides what a model was tested on. Inputs are value / 16, in 0..1, shape [N, 8, 8, 1].
"""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.data.datasets import _common

TEST_FROM = 1347


EXAMPLE = """\
dataset:
  name: digits
  split: test
"""


class Options(_common.Options):
    """None."""


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return ("test", "train")


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The whole split; the sample ids are ``digits-<index in scikit-learn's order>``."""
    _common.known_split("digits", split, ("test", "train"))
    table = _table()
    part = slice(TEST_FROM, None) if split == "test" else slice(0, TEST_FROM)
    indices = np.arange(len(table))[part]
    return Dataset(
        name="digits",
        split=split,
        classes=tuple("0123456789"),
        ids=np.array([f"digits-{index:04d}" for index in indices]),
        labels=table[part, -1].astype(np.int64),
        inputs=(table[part, :-1].reshape(-1, 8, 8, 1) / 16.0).astype(np.float32),
    )


def _table() -> npt.NDArray[np.float64]:
    """[1797, 65]: the 64 values of an image, then its digit.

    Read from scikit-learn's own file where it lies as it has for ten years: importing the package takes longer than a
    fast board needs for all samples. Elsewhere by the package.
    """
    package = find_spec("sklearn")
    file = Path(package.origin or "").parent / "datasets" / "data" / "digits.csv.gz" if package else Path()
    if file.is_file():
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            return np.loadtxt(lines, delimiter=",")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return np.column_stack((bunch.data, bunch.target))

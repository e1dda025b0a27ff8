"""scikit-learn's handwritten digits (UCI, 1797 images of 8x8): real data that comes with the packages.

``train`` is the first 1347 samples, ``test`` the last 450 (indices 1347..1796): split by position, so that neither a
seed nor a library's shuffling decides what a model was tested on. Inputs are value / 16, in 0..1, shape [N, 8, 8, 1].
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from harness.data.dataset import Dataset
from harness.data.datasets import _common

TEST_FROM = 1347


class Options(_common.Options):
    """None."""


def read(options: Options, split: str, folder: Path) -> Dataset:
    """The whole split; the sample ids are ``digits-<index in scikit-learn's order>``."""
    _common.known_split("digits", split, ("test", "train"))
    bunch = load_digits()
    part = slice(TEST_FROM, None) if split == "test" else slice(0, TEST_FROM)
    indices = np.arange(len(bunch.target))[part]
    return Dataset(
        name="digits",
        split=split,
        classes=tuple(str(name) for name in bunch.target_names),
        ids=np.array([f"digits-{index:04d}" for index in indices]),
        labels=bunch.target[part].astype(np.int64),
        inputs=(bunch.images[part, :, :, np.newaxis] / 16.0).astype(np.float32),
    )

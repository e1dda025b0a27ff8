"""Vowels drawn in the air with a sensor in the hand: captures of 400 rows at 200 Hz, accelerations in mg, turn rates in mdps.

`source: synthetic`, the default, renders them from a seed (harness/data/synthetic/air_writing.py says what is modelled): no real
person drew anything, and figures on them say nothing of people. Writers of train and test are others. `source: captures` is
the set of 1000 real captures in HIL_DATA_DIR; every fourth of each letter is test, no capture is in both. The set says of nobody
who drew what, so nothing keeps one person out of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.dataset import Dataset
from harness.data.datasets import _captures, _common, _features
from harness.data.synthetic import air_writing, generator

EXAMPLE = """\
dataset:
  name: vowels
  split: test
  options: {source: captures}
"""

SPLITS = ("test", "train")
#: Writers, and captures of each letter by each of them.
_SIZES = {"test": (12, 5), "train": (60, 8)}

Capture = tuple[str, str, str, npt.NDArray[np.float32]]


class Options(_features.FeatureOptions):
    """Which captures, and what is made of each."""

    source: Literal["synthetic", "captures"] = Field(
        default="synthetic",
        description="synthetic: rendered from a seed. captures: the 1000 real ones in HIL_DATA_DIR.",
    )
    features: str | dict[str, str] = Field(
        default="imu",
        description="What is made of a capture: imu scales accelerations and turn rates to 0..1, each by the least and"
        " the largest value of its three axes, and lays 400x6 out as 20x20x6. Empty: nothing.",
    )


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return SPLITS


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split, letters in turn; real captures' ids are their files' names, those of rendered ones ``air-...``."""
    _common.known_split("vowels", split, SPLITS)
    real = options.source == "captures"
    every = ((name, letter, "", rows) for name, letter, rows in _captures.captures(split)) if real else _rendered(split)
    ids, letters, writers, rows = zip(*islice(every, first), strict=True)
    return Dataset(
        name="vowels-captures" if real else "vowels-synthetic",
        split=split,
        classes=air_writing.CLASSES,
        ids=np.array(ids),
        labels=np.array([air_writing.CLASSES.index(letter) for letter in letters], dtype=np.int64),
        inputs=_features.applied(np.array(rows), options, "dataset.options.features"),
        level_step=_features.level_step(options),
        groups=None if real else np.array(writers),
    )


def _rendered(split: str) -> Iterator[Capture]:
    writers, each = _SIZES[split]
    people = [air_writing.writer(generator("air_writing", split, index)) for index in range(writers)]
    for take in range(each):
        for index, person in enumerate(people):
            for letter in air_writing.CLASSES:
                name = f"air-{split}-{index:02d}-{letter}{take}"
                yield name, letter, f"{split}-{index:02d}", air_writing.render(letter, person, generator(name))

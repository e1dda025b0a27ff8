"""Sounds at a door lock, 375 ms each at 16 kHz: a key at the keyhole, knocks, the bolt, and others (`unknown`).

All are rendered from a seed by physical models (harness/data/synthetic/lock.py): no door was recorded, and figures on them say
nothing of doors. Doors of train and test are others. A sample begins with the window of 400 values at which the lock's energy gate
opens, `above`, and has the 15 windows that it then lets pass. With `steps` more samples of a sound follow, each 25 ms later: a
sequence, as the lock decides 40 times a second. The samples are 16-bit numbers before `features`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.dataset import Dataset
from harness.data.datasets import _common, _features
from harness.data.features.decisions import Gate
from harness.data.synthetic import generator, lock

EXAMPLE = """\
dataset:
  name: lock_sounds
  split: test
  samples: 200
"""

SPLITS = ("test", "train")
WINDOW, WINDOWS = 400, 15
#: Doors, and clips of each kind at each of them.
_SIZES = {"test": (40, 2), "train": (120, 4)}

Clip = tuple[str, str, str, str, npt.NDArray[np.int16]]


class Options(_features.FeatureOptions):
    """What is made of each clip."""

    steps: int = Field(default=1, ge=1, le=20, description="So many samples of each sound, one window after another.")
    above: int = Field(default=600, ge=0, le=32767, description="What a value must exceed to open the gate.")
    features: str | dict[str, str] = Field(
        default="lock_mfcc", description="A front end that makes features of each clip. Empty: the clips themselves."
    )


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return SPLITS


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split, kinds in turn; ids are ``lock-...``, groups the doors, sequences the sounds where each has several samples."""
    _common.known_split("lock_sounds", split, SPLITS)
    sounds, ids, labels, doors, samples = zip(*islice(_rendered(options, split), first), strict=True)
    return Dataset(
        name="lock-synthetic",
        split=split,
        classes=lock.CLASSES,
        ids=np.array(ids),
        labels=np.array([lock.CLASSES.index(label) for label in labels], dtype=np.int64),
        inputs=_features.applied(np.array(samples), options, "dataset.options.features"),
        level_step=_features.level_step(options),
        groups=np.array(doors),
        sequences=np.array(sounds) if options.steps > 1 else None,
    )


def opened(clip: npt.NDArray[np.int16], above: int) -> int:
    """Where the 15 windows begin that the gate lets pass first; 0 for a clip that never opens it."""
    gate = Gate(threshold=above, backoff=WINDOWS - 1)
    starts = range(0, len(clip) - WINDOW * WINDOWS + 1, WINDOW)
    return next((start for start in starts if gate.step(clip[start : start + WINDOW])), 0)


def _rendered(options: Options, split: str) -> Iterator[Clip]:
    doors, each = _SIZES[split]
    places = [lock.door(generator("door", split, index)) for index in range(doors)]
    for take in range(each):
        for index, place in enumerate(places):
            for kind in lock.CLASSES:
                name = f"lock-{split}-{index:03d}-{kind}{take}"
                clip = lock.render(kind, place, generator(name))
                # Where the gate opens so late that the clip ends before the last step, they begin a little earlier.
                last = len(clip) - WINDOW * (WINDOWS + options.steps - 1)
                start = min(opened(clip, options.above), last)
                for step in range(options.steps):
                    sample = clip[start + step * WINDOW :][: WINDOW * WINDOWS]
                    id_ = name if options.steps == 1 else f"{name}-{step:02d}"
                    yield name, id_, kind, f"{split}-{index:03d}", sample

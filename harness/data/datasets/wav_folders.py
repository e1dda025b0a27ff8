"""Recordings in class folders, as Speech Commands keeps them: one mono .wav a sample, its raw values the input.

Samples are [length] in -1..1 (or as 16-bit numbers), or what the front end `features` makes of them: all those take 16-bit sound at
16 kHz, so `values: int16` and `rate: 16000` go with it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.dataset import Dataset
from harness.data.datasets import _features, _folders, _length, _own, _riff
from harness.errors import PlanError

SUFFIXES = (".wav",)
_FULL_SCALE = 32768

EXAMPLE = """\
dataset:
  name: wav_folders
  split: test
  options:
    path: data/speech-commands  # .../yes/0a7c2a8d_nohash_0.wav, ...
    only: data/speech-commands/testing_list.txt
    rate: 16000
    length: 16000
    pad: end
    classes: [yes, no, unknown]
    others: unknown
    ignore: [_background_noise_]
    group_pattern: '([0-9a-f]+)_nohash_'
"""


class Options(_folders.Folders, _length.LengthOptions, _features.FeatureOptions):
    """Folders of recordings, and what is made of each."""

    rate: int = Field(
        default=0, ge=0, description="Values a second that every recording must have, in Hz. 0: as the first one read."
    )
    values: Literal["float", "int16"] = Field(
        default="float",
        description="float: -1..1, 16-bit numbers divided by 32768. int16: -32768..32767, floats multiplied by it.",
    )


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return _folders.splits(options, folder, SUFFIXES)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split's recordings; the sample ids are their paths below ``path``."""
    rate = options.rate

    def one(path: Path) -> npt.NDArray[np.generic]:
        nonlocal rate
        found = _riff.wave(path)
        rate = rate or found.rate
        if found.rate != rate:
            raise PlanError(
                "the recording has another rate",
                where=str(path),
                expected=f"{rate} Hz",
                found=f"{found.rate} Hz",
                next_step="resample it, or correct dataset.options.rate",
            )
        values = found.values.astype(np.float32)
        if options.values == "float" and found.values.dtype.kind == "i":
            values /= _FULL_SCALE
        elif options.values == "int16" and found.values.dtype.kind == "f":
            values = np.rint(values * _FULL_SCALE)
        return _length.fitted(values, options, path)

    def made(samples: _own.Floats) -> _own.Floats:
        return _features.applied(samples, options, "dataset.options.features", rate)

    found = _folders.read(options, split, folder, first, SUFFIXES, one, made)
    return replace(found, level_step=_own.level_step(options, _features.level_step(options)))

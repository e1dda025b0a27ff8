"""Spoken words, one second each at 16 kHz: those asked for, other words as `unknown`, and room noise as `silence`.

`source: synthetic`, the default, renders them from a seed with a small formant synthesiser (harness/data/synthetic/speech.py): no
person spoke, and figures on them say nothing of speech. Voices of train and test are others. `source: speech_commands` is what
HIL_DATA_DIR has of Speech Commands: no speaker is in both parts. The samples are 16-bit numbers before `features`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from harness.data.dataset import Dataset
from harness.data.datasets import _common, _features, _speech_commands
from harness.data.synthetic import generator, speech
from harness.errors import PlanError

EXAMPLE = """\
dataset:
  name: spoken_words
  split: test
  options: {source: speech_commands, words: [yes, no], features: micro}
"""

SPLITS = ("test", "train")
_VOICES = {"test": 60, "train": 400}

Clip = tuple[str, str, str, npt.NDArray[np.int16]]


class Options(_features.FeatureOptions):
    """Which words, and what is made of each clip."""

    source: Literal["synthetic", "speech_commands"] = Field(
        default="synthetic",
        description="synthetic: rendered from a seed. speech_commands: the real recordings in HIL_DATA_DIR.",
    )
    words: _common.Names = Field(
        default=("yes", "no"), description="The words that are told apart, in the order of the model's outputs."
    )
    silence: str = Field(
        default="silence", description="The class of room noise, before the words. Empty: there is none."
    )
    unknown: str = Field(
        default="unknown", description="The class of other words, after silence. Empty: they are left out."
    )
    features: str | dict[str, str] = Field(
        default="micro", description="A front end that makes features of each clip. Empty: the clips themselves."
    )

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        strange = [word for word in self.words if word not in speech.CLASSES]
        if self.source == "synthetic" and strange:
            raise ValueError(f"the synthesiser cannot say {', '.join(strange)}; it knows {', '.join(speech.CLASSES)}")
        if not self.words:
            raise ValueError("name one word or more")
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(name for name in (self.silence, self.unknown, *self.words) if name)


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return SPLITS


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split; real clips' ids are their files, those of rendered ones ``say-...``. Groups are speakers or voices."""
    _common.known_split("spoken_words", split, SPLITS)
    real = options.source == "speech_commands"
    every = list(islice(_spoken(options, split) if real else _rendered(options, split), first))
    if not every:
        raise PlanError(
            "no recording is of these words",
            where="dataset.options.words",
            expected="words that have a folder in the set",
            found=", ".join(options.words),
            next_step="name others",
        )
    ids, labels, groups, samples = zip(*every, strict=True)
    return Dataset(
        name="speech-commands" if real else "words-synthetic",
        split=split,
        classes=options.classes,
        ids=np.array(ids),
        labels=np.array([options.classes.index(label) for label in labels], dtype=np.int64),
        inputs=_features.applied(np.array(samples), options, "dataset.options.features"),
        level_step=_features.level_step(options),
        groups=np.array(groups),
    )


def _class_of(word: str, options: Options) -> str:
    """The class of a folder of Speech Commands; "" for one that is left out."""
    if word == _speech_commands.SILENCE:
        return options.silence
    return word if word in options.words else options.unknown


def _spoken(options: Options, split: str) -> Iterator[Clip]:
    for clip in _speech_commands.clips(split):
        if label := _class_of(clip.word, options):
            yield clip.name, label, clip.speaker, clip.samples()


def _rendered(options: Options, split: str) -> Iterator[Clip]:
    others = [word for word in speech.CLASSES if word not in options.words]
    for index in range(_VOICES[split]):
        person = speech.voice(generator("speech", split, index))
        for label in options.classes:
            name = f"say-{split}-{index:03d}-{label}"
            random = generator(name)
            if label == options.silence:
                samples = speech.whole(speech.background(speech.CLIP, random) * random.uniform(2, 400))
            else:
                word = str(random.choice(others)) if label == options.unknown else label
                samples = speech.render(word, person, random)
            yield name, label, f"{split}-{index:03d}", samples

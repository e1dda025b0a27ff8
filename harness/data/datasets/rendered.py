"""Recordings rendered from a seed, with what happens in them: words, sounds at a door, or vowels drawn in the air.

For plans with `continuous`. Events lie at random times in a background, each by another person (or at another door); nothing is
stored, and the same seed gives the same recording. No real person said or did anything: figures on these say nothing of people.
Words that are not among `events` are said too, as class `unknown` where there is one, else as nothing that is to be detected.
`source: speech_commands` takes the words from what HIL_DATA_DIR has of Speech Commands, no speaker in both parts; the room's noise
between them is rendered all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from harness.data.dataset import Dataset, Event
from harness.data.datasets import _common, _speech_commands
from harness.data.synthetic import air_writing, generator, lock, speech
from harness.errors import PlanError

EXAMPLE = """\
dataset:
  name: rendered
  options:
    what: words
    seconds: 600
    events: ["yes", "no"]
    classes: [silence, unknown, "yes", "no"]
"""

Floats = npt.NDArray[np.float64]
#: So many instants of what there is between events.
Background = Callable[[int, np.random.Generator], npt.NDArray[np.floating]]
#: A word, its loudest sample 1, and from where to where in it something is heard.
Say = Callable[[str, np.random.Generator], tuple[Floats, tuple[int, int]]]
_BLOCK_S = 20.0  # of one background
_FADE_S = 0.25  # from one to the next
_LOUD = 0.1  # of the greatest size: where a sound begins and ends
_LOUD_SPOKEN, _SMOOTH_S = (
    0.2,
    0.02,
)  # the same of a recorded word's mean size over that time: it has a room's noise of its own
_EDGE_S = 0.02  # a recorded clip comes and goes within that, not at once


class Options(_common.Options):
    """What happens, and how often."""

    what: Literal["words", "lock", "vowels"] = Field(
        description="words: 16 kHz sound of spoken words. lock: of a door's lock. vowels: an IMU at 200 Hz in a writing hand."
    )
    seconds: int = Field(default=600, ge=5, le=36_000, description="Length of the recording.")
    seed: int = Field(default=0, description="Another seed is another recording.")
    source: Literal["synthetic", "speech_commands"] = Field(
        default="synthetic",
        description="Of words. synthetic: said by a synthesiser. speech_commands: the real recordings in HIL_DATA_DIR.",
    )
    events: _common.Names = Field(
        default=(), description="The words, sounds or letters that occur and are told of. Empty: all that are known."
    )
    others: float = Field(
        default=0.3, ge=0, le=1, description="Of words: the share of those said that are none of `events`."
    )
    gap_s: float = Field(default=4.0, gt=0, le=3600, description="Mean time from one event to the next, at least 2 s.")
    level: float = Field(
        default=25.0, ge=0, le=80, description="Of words: how far the room's noise lies below them, in dB."
    )
    classes: _common.Names = Field(
        default=(), description="The names of the classes, in the order of the model's outputs. Empty: the model's own."
    )

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.source != "synthetic" and self.what != "words":
            raise ValueError(f"source: {self.source} is of words, not of {self.what}")
        return self


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """None: it is made for whichever is asked for; another split is another recording."""
    return ()


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The recording as one sample."""
    real = _clips(split) if options.source == "speech_commands" else None
    known = {"words": tuple(real or speech.CLASSES), "lock": lock.CLASSES, "vowels": air_writing.CLASSES}[options.what]
    if strange := sorted(set(options.events) - set(known)):
        raise PlanError(
            f"nothing renders {', '.join(strange)}",
            where="dataset.options.events",
            expected=", ".join(known),
            found=", ".join(strange),
            next_step="correct the names, or leave 'events' out",
        )
    random = generator("rendered", options.what, split, options.seed)
    rate = air_writing.SAMPLE_HZ if options.what == "vowels" else speech.SAMPLE_HZ
    if options.what == "words":
        values, events = _words(options, random, known, _said if real is None else _recorded(real))
    else:
        values, events = {"lock": _lock, "vowels": _vowels}[options.what](options, random)
    name = f"rendered-{options.what}" if real is None else "speech-commands-laid-in-noise"
    return Dataset(
        name=name,
        split=split,
        classes=options.classes,
        ids=np.array([f"{options.what}-{split}-{options.seed}"]),
        labels=np.array([-1], dtype=np.int64),
        inputs=values[np.newaxis].astype(np.float32),
        events=tuple(events),
        sample_hz=rate,
    )


def _times(options: Options, random: np.random.Generator, most_s: float) -> Iterator[float]:
    """Starts of the events; each has room until the next one, and for ``most_s`` before the end."""
    at_s = 1.0 + random.exponential(options.gap_s / 2)
    while at_s + most_s < options.seconds:
        yield at_s
        at_s += max(2.0, most_s + 0.3, random.exponential(options.gap_s))


def _bed(n: int, rate: int, random: np.random.Generator, one: Background) -> Floats:
    """[n, ...] of backgrounds that go over into one another."""
    block, fade = int(_BLOCK_S * rate), int(_FADE_S * rate)
    found = np.asarray(one(block + fade, random), dtype=np.float64)
    while len(found) < n:
        more = np.asarray(one(block + fade, random), dtype=np.float64)
        way = np.linspace(0, 1, fade).reshape(-1, *[1] * (more.ndim - 1))
        found[-fade:] = found[-fade:] * (1 - way) + more[:fade] * way
        found = np.concatenate([found, more[fade:]])
    return found[:n]


def _active(sound: Floats, share: float = _LOUD) -> tuple[int, int]:
    loud = np.flatnonzero(np.abs(sound) > share * np.abs(sound).max())
    return int(loud[0]), int(loud[-1]) + 1


def _clips(split: str) -> dict[str, list[_speech_commands.Clip]]:
    """The recordings of each word. Errors as ``_speech_commands.clips``."""
    _common.known_split("rendered", split, ("test", "train"))
    found: dict[str, list[_speech_commands.Clip]] = {}
    for clip in _speech_commands.clips(split):
        if clip.word not in (_speech_commands.SILENCE, _speech_commands.UNKNOWN):
            found.setdefault(clip.word, []).append(clip)
    return dict(sorted(found.items()))


def _said(word: str, random: np.random.Generator) -> tuple[Floats, tuple[int, int]]:
    """The word by a synthesiser, and where in it something is heard."""
    sound = speech.say(word, speech.voice(random), random)
    return sound, _active(sound)


def _recorded(clips: dict[str, list[_speech_commands.Clip]]) -> Say:
    """The word by one of those who recorded it, and where in the clip it is loud; its loudest sample is 1."""

    def say(word: str, random: np.random.Generator) -> tuple[Floats, tuple[int, int]]:
        sound = clips[word][int(random.integers(len(clips[word])))].samples().astype(np.float64)
        sound /= max(float(np.abs(sound).max()), 1.0)
        edge = np.minimum(1, np.arange(len(sound)) / (_EDGE_S * speech.SAMPLE_HZ))
        n = int(_SMOOTH_S * speech.SAMPLE_HZ)
        return sound * edge * edge[::-1], _active(np.convolve(np.abs(sound), np.ones(n) / n, "same"), _LOUD_SPOKEN)

    return say


def _words(
    options: Options, random: np.random.Generator, known: tuple[str, ...], say: Say
) -> tuple[Floats, list[Event]]:
    rate = speech.SAMPLE_HZ
    wanted = options.events or known
    rest = tuple(word for word in known if word not in wanted)
    loudest = 6000.0
    bed = _bed(options.seconds * rate, rate, random, speech.background) * (loudest / 3 * 10 ** (-options.level / 20))
    events = []
    for at_s in _times(options, random, 1.5):
        other = bool(rest) and random.random() < options.others
        word = str(random.choice(rest if other else wanted))
        sound, (begin, end) = say(word, random)
        sound = sound * loudest * random.uniform(0.5, 1.5)
        start = int(at_s * rate)
        part = sound[: len(bed) - start]
        bed[start : start + len(part)] += part
        name = word if not other else "unknown" if "unknown" in options.classes else ""
        if name:
            events.append(Event(0, (start + begin) / rate, (start + end) / rate, name))
    return speech.whole(bed).astype(np.float64), events


def _lock(options: Options, random: np.random.Generator) -> tuple[Floats, list[Event]]:
    rate = lock.SAMPLE_HZ
    wanted = options.events or lock.CLASSES
    bed = _bed(options.seconds * rate, rate, random, lock.background)
    events = []
    for at_s in _times(options, random, 1.0):
        kind = str(random.choice(wanted))
        sound = lock.render(kind, lock.door(random), random).astype(np.float64)
        start = int(at_s * rate)
        part = sound[: len(bed) - start]
        bed[start : start + len(part)] += part
        begin, end = _active(part)
        events.append(Event(0, (start + begin) / rate, (start + end) / rate, kind))
    return speech.whole(bed).astype(np.float64), events


def _vowels(options: Options, random: np.random.Generator) -> tuple[Floats, list[Event]]:
    rate, rows, fade = air_writing.SAMPLE_HZ, air_writing.ROWS, int(_FADE_S * air_writing.SAMPLE_HZ)
    wanted = options.events or air_writing.CLASSES
    bed = _bed(options.seconds * rate, rate, random, air_writing.background)
    events = []
    way = np.ones((rows, 1))
    way[:fade, 0] = np.linspace(0, 1, fade)
    way[-fade:, 0] = np.linspace(1, 0, fade)
    for at_s in _times(options, random, rows / rate):
        letter = str(random.choice(wanted))
        drawn = air_writing.render(letter, air_writing.writer(random), random).astype(np.float64)
        start = int(at_s * rate)
        bed[start : start + rows] = bed[start : start + rows] * (1 - way) + drawn * way
        events.append(Event(0, start / rate, (start + rows) / rate, letter))
    return np.round(bed), events

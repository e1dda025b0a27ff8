"""What a microphone in a door lock hears: knocks, a key at the keyhole, the bolt, and everything else.

Bodies ring: a strike excites the resonances of what is struck, each a sine that dies away (modal synthesis, as in van den Doel and
Pai, Presence 7, 1998), through a contact that lasts from a fraction of a millisecond (metal) to several (a knuckle). A door of
wood has resonances from 70 to 900 Hz that die within tens of milliseconds, pins and keys from 2 to 8 kHz, the bolt's case between
the two.

- ``knocking``: two to five knuckles on the door, 110 to 350 ms apart.
- ``key_io``: a key scrapes into the lock over five or six pins, or out of it, and the ring jingles.
- ``locking``: the bolt is driven: friction with the teeth's ripple, then it strikes the plate, once or twice.
- ``unknown``: speech, a thump, claps, a tone, a rustle, loud room noise.

No door was recorded: a figure on these says nothing of doors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.data.synthetic import speech

Floats = npt.NDArray[np.float64]

CLASSES = ("key_io", "knocking", "locking", "unknown")
SAMPLE_HZ = 16000
CLIP = 16000

_Modes = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Door:
    """One door with its lock and its user: resonances as (Hz, s until 1/e, level), and how they are used."""

    wood: _Modes
    metal: _Modes
    case: _Modes
    hardness_ms: float  # of the knuckle
    haste: float
    room: float  # how much the room answers
    loud: float


def door(random: np.random.Generator) -> Door:
    """A door."""
    return Door(
        wood=_modes(random, 9, (70, 900), (0.015, 0.06)),
        metal=_modes(random, 9, (2000, 7500), (0.004, 0.04)),
        case=_modes(random, 10, (250, 3500), (0.008, 0.05)),
        hardness_ms=random.uniform(1.2, 4.0),
        haste=random.uniform(0.75, 1.3),
        room=random.uniform(0.02, 0.2),
        loud=random.uniform(3000, 14000),
    )


def render(name: str, where: Door, random: np.random.Generator) -> npt.NDArray[np.int16]:
    """One clip of a second, int16 [16000]: the sound begins after 0.1 to 0.3 s of a quiet room."""
    sound = {"key_io": _key, "knocking": _knocks, "locking": _bolt, "unknown": _other}[name](where, random)
    sound = _with_room(sound, where, random)
    sound *= where.loud * random.lognormal(0, 0.25) / max(float(np.abs(sound).max()), 1e-9)
    clip = background(CLIP, random)
    start = int(random.uniform(0.1, 0.3) * SAMPLE_HZ)
    part = sound[: CLIP - start]
    clip[start : start + len(part)] += part
    return speech.whole(clip)


def background(n: int, random: np.random.Generator) -> Floats:
    """A quiet room [n]: below what opens the lock's gate."""
    return speech.background(n, random) * random.uniform(5, 60)


def _modes(random: np.random.Generator, n: int, hertz: tuple[float, float], fade_s: tuple[float, float]) -> _Modes:
    at = np.sort(np.exp(random.uniform(np.log(hertz[0]), np.log(hertz[1]), n)))
    return at, random.uniform(*fade_s, n), random.uniform(0.3, 1.0, n)


def _strike(modes: _Modes, contact_ms: float, random: np.random.Generator) -> Floats:
    """One blow: the modes through a contact of that length."""
    hertz, fade_s, level = modes
    t = np.arange(int(0.25 * SAMPLE_HZ)) / SAMPLE_HZ
    level = level * random.uniform(0.5, 1.5, len(level))
    phase = random.uniform(0, 0.5, len(hertz))[:, np.newaxis]
    fading = level[:, np.newaxis] * np.exp(-t / fade_s[:, np.newaxis])
    ringing = (fading * np.sin(2 * np.pi * hertz[:, np.newaxis] * t + phase)).sum(axis=0)
    contact = np.hanning(max(3, round(contact_ms / 1000 * SAMPLE_HZ) + 2))
    return np.convolve(ringing, contact / contact.sum())[: len(t)]


def _placed(blows: list[tuple[float, Floats]], n: int = CLIP) -> Floats:
    found = np.zeros(n)
    for at_s, blow in blows:
        start = int(at_s * SAMPLE_HZ)
        part = blow[: max(0, n - start)]
        found[start : start + len(part)] += part
    return found


def _knocks(where: Door, random: np.random.Generator) -> Floats:
    gap_s = random.uniform(0.11, 0.35) * where.haste
    blows, at_s = [], 0.0
    for _ in range(random.integers(2, 6)):
        hard = where.hardness_ms * random.lognormal(0, 0.1)
        blows.append((at_s, random.uniform(0.6, 1.2) * _strike(where.wood, hard, random)))
        at_s += gap_s * random.normal(1, 0.08)
    return _placed(blows)


def _key(where: Door, random: np.random.Generator) -> Floats:
    pins, each_s = int(random.integers(4, 7)), random.uniform(0.02, 0.06) * where.haste
    blows = [
        (k * each_s * random.normal(1, 0.1), random.uniform(0.4, 1) * _strike(where.metal, 0.15, random))
        for k in range(pins)
    ]
    for _ in range(int(random.integers(4, 16))):
        blows.append((random.uniform(0, 0.6), random.uniform(0.1, 0.6) * _strike(where.metal, 0.1, random)))
    scrape = _noise(int(pins * each_s * SAMPLE_HZ) + 800, (2500, 7000), random) * random.uniform(0.05, 0.25)
    return _placed([(max(0.0, at), blow) for at, blow in blows] + [(0.0, scrape)])


def _bolt(where: Door, random: np.random.Generator) -> Floats:
    lasts_s = random.uniform(0.12, 0.35) * where.haste
    n = int(lasts_s * SAMPLE_HZ)
    t = np.arange(n) / SAMPLE_HZ
    teeth = 1 + 0.7 * np.sin(2 * np.pi * random.uniform(25, 70) * t + random.uniform(0, 6))
    friction = _noise(n, (300, 2500), random) * teeth * np.hanning(n) ** 0.3 * random.uniform(0.12, 0.4)
    clunk = 1.0 * _strike(where.case, 0.6, random) + 0.5 * _strike(where.wood, 1.0, random)
    blows = [(0.0, friction), (lasts_s, clunk)]
    if random.random() < 0.5:
        blows.append(
            (lasts_s + random.uniform(0.04, 0.15), random.uniform(0.3, 0.8) * _strike(where.case, 0.6, random))
        )
    if random.random() < 0.6:
        blows.append((0.0, random.uniform(0.2, 0.5) * _strike(where.case, 0.4, random)))
    return _placed(blows)


def _other(where: Door, random: np.random.Generator) -> Floats:
    kind = random.integers(6)
    n = int(random.uniform(0.4, 0.7) * SAMPLE_HZ)
    t = np.arange(n) / SAMPLE_HZ
    if kind <= 1:
        return speech.say(str(random.choice(speech.CLASSES)), speech.voice(random), random)
    if kind == 2:
        step = _modes(random, 4, (35, 120), (0.04, 0.12))
        return _placed([(k * random.uniform(0.4, 0.6), _strike(step, 12, random)) for k in range(2)])
    if kind == 3:
        gap_s = random.uniform(0.15, 0.4)
        clap = _noise(480, (700, 3500), random) * np.exp(-np.arange(480) / 120)
        return _placed([(k * gap_s * random.normal(1, 0.05), clap) for k in range(random.integers(1, 4))])
    if kind == 4:
        hertz = random.uniform(200, 1500)
        tones = [np.sin(2 * np.pi * k * hertz * t) / k**1.5 for k in range(1, 5)]
        return np.asarray(sum(tones) * np.minimum(1, t / 0.03))
    return _noise(n, (200, random.uniform(1500, 6500)), random) * np.hanning(n) ** 0.5


def _noise(n: int, band: tuple[float, float], random: np.random.Generator) -> Floats:
    """[n] noise of a band, of standard deviation 1."""
    spectrum = np.fft.rfft(random.normal(size=n))
    hertz = np.fft.rfftfreq(n, 1 / SAMPLE_HZ)
    inside = 1 / (1 + (band[0] / np.maximum(hertz, 1)) ** 6) / (1 + (hertz / band[1]) ** 6)
    found = np.fft.irfft(spectrum * np.sqrt(inside), n)
    return np.asarray(found / max(float(found.std()), 1e-9))


def _with_room(sound: Floats, where: Door, random: np.random.Generator) -> Floats:
    t = np.arange(int(0.2 * SAMPLE_HZ)) / SAMPLE_HZ
    echo = random.normal(size=len(t)) * np.exp(-t / 0.05)
    answer = np.convolve(sound, echo / np.sqrt((echo**2).sum()))[: len(sound)]
    return np.asarray(sound + where.room * answer)

"""Spoken words from a small formant synthesiser: a source and a filter, as in Klatt's (JASA 67, 1980), much reduced.

A word is a row of sounds, each with its length, its first three formants and how strong voice, breath and hiss are in it; between
them everything glides. The voice is a train of glottal pulses with a pitch that falls, wavers and jitters; hiss is noise of a
band. Every 4 ms a frame of 16 ms goes through the resonances of that moment. Voices differ in pitch, length of the vocal tract,
pace, breath, level and room noise.

Formants of vowels are those of Peterson and Barney (JASA 24, 1952) for men, the others of textbooks. Nobody would take it for a
person: words are told from one another by the same things as in speech, but a figure on these says nothing of real speakers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SAMPLE_HZ = 16000
CLIP = 16000  # one second
_STEP, _FRAME, _FFT = 64, 256, 512
_GLIDE_MS = 35.0
_HIGH = ((3500.0, 250.0), (4500.0, 350.0))  # formants that hardly move, and their bandwidths
_BANDWIDTHS = (80.0, 110.0, 160.0)


@dataclass(frozen=True)
class Sound:
    """Part of a word: ``voice``, ``breath`` and ``hiss`` are levels, ``band`` the hiss's centre and width in Hz."""

    ms: float
    formants: tuple[float, float, float]
    voice: float = 1.0
    breath: float = 0.0
    hiss: float = 0.0
    band: tuple[float, float] = (5500.0, 2500.0)


_AE, _AH, _AA, _AO = (660, 1720, 2410), (640, 1190, 2390), (730, 1090, 2440), (570, 840, 2410)
_EH, _IH, _IY, _UH, _UW = (530, 1840, 2480), (390, 1990, 2550), (270, 2290, 3010), (440, 1020, 2240), (300, 870, 2240)
_ER, _L, _R, _W, _Y, _N = (
    (490, 1350, 1690),
    (360, 1300, 2700),
    (310, 1060, 1380),
    (290, 610, 2150),
    (260, 2070, 3020),
    (250, 1350, 2300),
)


def _v(formants: tuple[float, float, float], ms: float, voice: float = 1.0) -> Sound:
    return Sound(ms, formants, voice)


def _s(ms: float = 150) -> Sound:
    return Sound(ms, (320, 1390, 2530), 0.0, 0.0, 0.5, (5800, 2200))


def _f(ms: float = 110, near: tuple[float, float, float] = (340, 1100, 2080)) -> Sound:
    return Sound(ms, near, 0.0, 0.05, 0.13, (5000, 6000))


def _stop(near: tuple[float, float, float], band: tuple[float, float], voiced: bool = False) -> list[Sound]:
    """Silence, then a burst and some breath."""
    burst = Sound(14, near, 0.1 if voiced else 0.0, 0.1, 0.5, band)
    after = [] if voiced else [Sound(40, near, 0.0, 0.35, 0.1, band)]
    return [Sound(45, near, 0.08 if voiced else 0.0), burst, *after]


_P, _T, _K = (900.0, 1200.0), (4200.0, 2500.0), (2000.0, 1200.0)
_NASAL = _v(_N, 80, 0.45)

#: What can be said.
WORDS: dict[str, list[Sound]] = {
    "yes": [_v(_Y, 70, 0.8), _v(_EH, 150), _s(190)],
    "no": [_NASAL, _v(_AO, 110), _v(_UH, 140)],
    "up": [_v(_AH, 150), *_stop(_AH, _P)],
    "down": [*_stop(_AA, _T, voiced=True), _v(_AA, 120), _v(_UH, 110), _v(_N, 110, 0.45)],
    "left": [_v(_L, 80, 0.7), _v(_EH, 130), _f(90), *_stop(_EH, _T)],
    "right": [_v(_R, 80, 0.7), _v(_AA, 110), _v(_IH, 110), *_stop(_IH, _T)],
    "go": [*_stop(_UH, _K, voiced=True), _v(_AO, 130), _v(_UH, 130)],
    "stop": [_s(130), *_stop(_AA, _T)[:2], _v(_AA, 140), *_stop(_AA, _P)],
    "on": [_v(_AA, 190), _v(_N, 130, 0.45)],
    "off": [_v(_AO, 190), _f(170)],
    "cat": [*_stop(_AE, _K), _v(_AE, 160), *_stop(_AE, _T)],
    "one": [_v(_W, 80, 0.8), _v(_AH, 150), _v(_N, 120, 0.45)],
    "two": [*_stop(_UW, _T), _v(_UW, 230)],
    "three": [_f(100), _v(_R, 70, 0.7), _v(_IY, 220)],
    "four": [_f(110), _v(_AO, 170), _v(_ER, 120, 0.8)],
    "five": [_f(110), _v(_AA, 130), _v(_IH, 110), Sound(90, (300, 1100, 2100), 0.5, 0.0, 0.12, (5000, 5000))],
    "six": [_s(140), _v(_IH, 110), *_stop(_IH, _K), _s(130)],
    "seven": [_s(130), _v(_EH, 120), _v((300, 1100, 2100), 60, 0.5), _v(_UH, 70), _v(_N, 90, 0.45)],
    "eight": [_v(_EH, 110), _v(_IH, 110), *_stop(_IH, _T)],
    "nine": [_NASAL, _v(_AA, 120), _v(_IH, 110), _v(_N, 100, 0.45)],
}
CLASSES = tuple(WORDS)


@dataclass(frozen=True)
class Voice:
    """How one person speaks. ``tract``: formants times this; ``pace``: lengths times this."""

    pitch_hz: float
    tract: float
    pace: float
    fall: float
    jitter: float
    breath: float
    bandwidth: float
    accent: tuple[float, float, float]  # of each formant, as factors


def voice(random: np.random.Generator) -> Voice:
    """A person."""
    tract = random.uniform(0.95, 1.28)
    return Voice(
        pitch_hz=float(np.clip(110 * (tract / 1.0) ** 2.6 * random.lognormal(0, 0.16), 75, 320)),
        tract=tract,
        pace=random.uniform(0.75, 1.35),
        fall=random.uniform(0.05, 0.35),
        jitter=random.uniform(0.004, 0.02),
        breath=random.uniform(0.01, 0.09),
        bandwidth=random.uniform(0.8, 1.6),
        accent=tuple(float(one) for one in random.normal(1, 0.05, 3)),  # type: ignore[arg-type]
    )


def render(word: str, who: Voice, random: np.random.Generator) -> npt.NDArray[np.int16]:
    """One clip of a second, int16 [16000]: the word somewhere in the middle of room noise."""
    spoken = say(word, who, random)
    clip = background(CLIP, random)
    level = random.uniform(1500, 9000)
    noise = level * 10 ** (-random.uniform(25, 55) / 20)
    mixed = clip / max(float(clip.std()), 1e-9) * noise
    start = int(random.uniform(0.2, 0.8) * max(0, CLIP - len(spoken)))
    part = spoken[: CLIP - start]
    mixed[start : start + len(part)] += part * level
    return whole(mixed)


def say(word: str, who: Voice, random: np.random.Generator) -> Floats:
    """The word alone, as long as it takes; its loudest part is about 1."""
    sounds = WORDS[word]
    times = np.array([one.ms for one in sounds]) * who.pace * random.lognormal(0, 0.12, len(sounds))
    n = max(4, round(times.sum() / 1000 * SAMPLE_HZ / _STEP) + 8)
    tracks = _tracks(sounds, times, who, n, random)
    source = _source(tracks, who, n * _STEP + _FRAME, random)
    found = np.zeros(n * _STEP + _FFT)
    window = np.hanning(_FRAME) / 2
    starts = np.arange(n) * _STEP
    frames = source["voice"][starts[:, None] + np.arange(_FRAME)] * window
    shaped = np.fft.irfft(np.fft.rfft(frames, _FFT) * _resonances(tracks, who), _FFT)
    hiss = source["hiss"][starts[:, None] + np.arange(_FRAME)] * window
    shaped += np.fft.irfft(np.fft.rfft(hiss, _FFT) * _band(tracks), _FFT)
    for start, frame in zip(starts, shaped, strict=True):
        found[start : start + _FFT] += frame
    return found / max(float(np.abs(found).max()), 1e-9)


def background(n: int, random: np.random.Generator) -> Floats:
    """Room noise [n] of standard deviation 1: coloured by a slope of its own, with a hum at times and slow swells."""
    spectrum = np.fft.rfft(random.normal(size=n))
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_HZ), 30.0)
    noise = np.fft.irfft(spectrum * hertz ** -random.uniform(0.0, 1.1), n)
    noise /= noise.std()
    t = np.arange(n) / SAMPLE_HZ
    if random.random() < 0.3:
        noise += random.uniform(0.2, 1.0) * np.sin(2 * np.pi * random.choice([50.0, 60.0, 100.0, 120.0]) * t)
    noise *= 1 + random.uniform(0, 0.5) * np.sin(2 * np.pi * random.uniform(0.1, 2) * t + random.uniform(0, 6))
    found: Floats = noise / noise.std()
    return found


def whole(values: Floats) -> npt.NDArray[np.int16]:
    """As a converter gives them."""
    return np.clip(np.round(values), -32768, 32767).astype(np.int16)


def _tracks(sounds: list[Sound], times: Floats, who: Voice, n: int, random: np.random.Generator) -> dict[str, Floats]:
    """Formants [n, 3], levels [n] and bands [n, 2] at each frame."""
    ends = np.cumsum(times) / times.sum() * (n - 8) + 4
    which = np.minimum(np.searchsorted(ends, np.arange(n)), len(sounds) - 1)
    edge = np.ones(n)
    edge[:4] = edge[-4:] = [0.0, 0.2, 0.5, 0.8]
    edge[-4:] = edge[-4:][::-1]
    glide = np.hanning(2 * round(_GLIDE_MS / 1000 * SAMPLE_HZ / _STEP / 2 * who.pace) + 3)
    short = np.hanning(5)
    accent = np.array(who.accent) * random.normal(1, 0.02, 3) * who.tract

    def smooth(values: Floats, by: Floats) -> Floats:
        reach = len(by) // 2
        return np.convolve(np.pad(values, reach, mode="edge"), by / by.sum(), "valid")

    formants = np.array([one.formants for one in sounds])[which] * accent
    return {
        "formants": np.column_stack([smooth(formants[:, i], glide) for i in range(3)]),
        "voice": smooth(np.array([one.voice for one in sounds])[which], short) * edge,
        "breath": smooth(np.array([one.breath for one in sounds])[which], short) * edge,
        "hiss": smooth(np.array([one.hiss for one in sounds])[which], short) * edge,
        "band": np.array([one.band for one in sounds])[which] * who.tract**0.5,
    }


def _source(tracks: dict[str, Floats], who: Voice, n: int, random: np.random.Generator) -> dict[str, Floats]:
    """The throat's pulses with breath, and the noise that hisses, each [n]."""
    at = np.arange(n) / _STEP
    t = np.arange(n) / SAMPLE_HZ
    pitch = who.pitch_hz * random.lognormal(0, 0.05) * (1 - who.fall * np.arange(n) / n)
    pitch *= 1 + 0.01 * np.sin(2 * np.pi * random.uniform(3, 6) * t)
    pitch *= 1 + who.jitter * np.repeat(random.normal(size=n // 80 + 1), 80)[:n]
    phase = np.cumsum(pitch / SAMPLE_HZ) % 1.0
    # Rosenberg's pulse, differentiated: what radiates from the lips.
    opening = np.where(phase < 0.4, 0.5 * (1 - np.cos(np.pi * phase / 0.4)), 0.0)
    closing = np.where((phase >= 0.4) & (phase < 0.56), np.cos(np.pi * (phase - 0.4) / 0.32), 0.0)
    pulses = np.diff(opening + closing, prepend=0.0)
    voiced = np.interp(at, np.arange(len(tracks["voice"])), tracks["voice"])
    breath = np.interp(at, np.arange(len(tracks["breath"])), tracks["breath"]) + who.breath * voiced
    hiss = np.interp(at, np.arange(len(tracks["hiss"])), tracks["hiss"])
    return {"voice": voiced * pulses * 4 + 0.3 * breath * random.normal(size=n), "hiss": hiss * random.normal(size=n)}


def _resonances(tracks: dict[str, Floats], who: Voice) -> npt.NDArray[np.complex128]:
    """What the vocal tract does to each frequency, [frames, bins]."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(_FFT))
    found = np.ones((len(tracks["voice"]), len(z)), dtype=np.complex128)
    formants = [(tracks["formants"][:, i], width) for i, width in enumerate(_BANDWIDTHS)]
    formants += [(np.full(len(found), hertz * who.tract), width) for hertz, width in _HIGH]
    for hertz, width in formants:
        radius = np.exp(-np.pi * width * who.bandwidth / SAMPLE_HZ)
        angle = 2 * np.pi * np.minimum(hertz, 7600) / SAMPLE_HZ
        b, c = 2 * radius * np.cos(angle), -(radius**2)
        found *= (1 - b - c)[:, None] / (1 - b[:, None] * z - c * z**2)
    return found


def _band(tracks: dict[str, Floats]) -> Floats:
    """What shapes the hiss, [frames, bins]."""
    hertz = np.fft.rfftfreq(_FFT, 1 / SAMPLE_HZ)
    centre, width = tracks["band"][:, :1], tracks["band"][:, 1:]
    found: Floats = np.exp(-0.5 * ((hertz - centre) / (width / 2)) ** 2)
    return found

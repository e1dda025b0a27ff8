"""Vowels drawn in the air with a sensor in the hand: what an accelerometer and a gyroscope of a hand-held board read.

A letter is a row of pen strokes in the upright plane before the writer, x to the right and z up. The pen goes along each with the
speed of a reaching hand (minimum jerk: 10 t^3 - 15 t^4 + 6 t^5 of the way; Flash and Hogan 1985) and is slowed by corners. The
hand turns with the pen - it tips with the height and swings with the side - and trembles at 8 to 12 Hz. The accelerometer reads
the path's acceleration less gravity in the hand's own axes, the gyroscope the rate of turning in them. Rests before and after.

Left out: the lever from the joints to the sensor, drift, the sensors' filters. No writer was measured: the ranges below were chosen
so that the spread of each axis is of the size that real captures show (0.3 to 0.8 g, 60 to 230 degrees/s).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CLASSES = ("A", "E", "I", "O", "U")
SAMPLE_HZ = 200
ROWS = 400
CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")

_GRAVITY = 9.80665  # m/s^2 in one g
_LIMIT_MG = 4000.0
_MOST_STROKES_S = 1.8  # of the capture's two seconds
_LOOSE_MS = 25.0  # the hand rounds what the pen should do at once


def _line(*points: tuple[float, float]) -> list[Floats]:
    """Straight strokes from point to point."""
    ends = np.array(points)
    return [np.linspace(a, b, 30) for a, b in pairwise(ends)]


def _arc(centre: tuple[float, float], radii: tuple[float, float], start_deg: float, end_deg: float) -> list[Floats]:
    angle = np.radians(np.linspace(start_deg, end_deg, 90))
    return [np.column_stack((centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)))]


#: Strokes in a box of 1 x 1, in the order in which they are drawn; the pen goes straight from one to the next.
_LETTERS: dict[str, list[Floats]] = {
    "A": [*_line((0, 0), (0.5, 1), (1, 0)), *_line((0.2, 0.4), (0.8, 0.4))],
    "E": [*_line((1, 1), (0, 1), (0, 0), (1, 0)), *_line((0, 0.5), (0.8, 0.5))],
    "I": _line((0.5, 1), (0.5, 0)),
    "O": _arc((0.5, 0.5), (0.5, 0.5), 90, 450),
    "U": [*_line((0, 1), (0, 0.4)), *_arc((0.5, 0.4), (0.5, 0.4), 180, 360), *_line((1, 0.4), (1, 1))],
}


@dataclass(frozen=True)
class Writer:
    """How one person writes. Lengths in m, angles in radians, times in s."""

    size: float  # height of a letter
    width: float  # of it in heights
    speed: float  # mean along the strokes, m/s
    slant: float
    tip: float  # how far the hand tips over the height of a letter
    swing: float  # how far it swings over the width
    roll: float
    hold: tuple[float, float, float]  # how the board lies in the hand, as a rotation vector
    tremor: float  # amplitude, m


def writer(random: np.random.Generator) -> Writer:
    """A person."""
    return Writer(
        size=random.uniform(0.16, 0.34),
        width=random.uniform(0.6, 1.1),
        speed=random.uniform(0.55, 1.1),
        slant=random.normal(0, 0.12),
        tip=random.uniform(0.6, 1.8),
        swing=random.uniform(0.6, 1.8),
        roll=random.normal(0, 0.35),
        hold=tuple(float(angle) for angle in random.normal(0, 0.15, 3)),  # type: ignore[arg-type]
        tremor=random.uniform(0.0001, 0.0004),
    )


def render(name: str, who: Writer, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """One capture, float32 [400, 6]: ax, ay, az in mg, gx, gy, gz in mdps, whole numbers as the sensor gives them."""
    path = _path(_LETTERS[name], who, random)
    scale = random.normal(1, 0.08) * who.size
    lean = np.tan(who.slant + random.normal(0, 0.06))
    side = (path[:, 0] - 0.5) * who.width
    height = path[:, 1] - 0.5
    away = 0.15 * np.convolve(random.normal(0, 1, ROWS), np.hanning(120) / 60, "same") * scale
    position = np.column_stack(((side + lean * height) * scale, away, height * scale))
    time_s = np.arange(ROWS) / SAMPLE_HZ
    for axis in range(3):
        turns = 2 * np.pi * random.uniform(8, 12) * time_s + random.uniform(0, 2 * np.pi)
        position[:, axis] += who.tremor * random.uniform(0.5, 1.5) * np.sin(turns)
    loose = np.column_stack([_slow(random) for _ in range(3)])
    angles = np.array(who.hold) + random.normal(0, 0.06, 3) + 0.08 * loose
    angles[:, 0] += who.tip * random.normal(1, 0.15) * height
    angles[:, 1] += who.roll * side
    angles[:, 2] -= who.swing * random.normal(1, 0.15) * side
    return _sensed(position, angles, random)


def background(n: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """float32 [n, 6] of a hand that holds the board and writes nothing: it sways and trembles."""
    sway = np.column_stack([_slow(random, n) for _ in range(6)])
    return _sensed(0.01 * sway[:, :3], 0.1 * sway[:, 3:], random)


def _path(strokes: list[Floats], who: Writer, random: np.random.Generator) -> Floats:
    """Where the pen is at each row, [400, 2] in the letter's box."""
    ends = [stroke[[0, -1]] for stroke in strokes]
    moves: list[Floats] = []
    for index, stroke in enumerate(strokes):
        if index and not np.allclose(ends[index - 1][1], stroke[0]):
            moves.append(np.linspace(ends[index - 1][1], stroke[0], 30))
        moves.append(stroke + random.normal(0, 0.03, 2) * np.linspace(0, 1, len(stroke))[:, np.newaxis])
    pace = who.speed * random.normal(1, 0.1)
    lengths = [float(np.hypot(*np.diff(move, axis=0).T).sum()) * who.size for move in moves]
    times = np.array([0.08 + length / pace for length in lengths]) * random.normal(1, 0.08, len(moves)).clip(0.7, 1.3)
    times *= min(1.0, _MOST_STROKES_S / times.sum())
    rows = np.maximum(2, np.round(times * SAMPLE_HZ).astype(int))
    start = int(random.uniform(0.15, 0.85) * (ROWS - rows.sum()))
    found = np.empty((ROWS, 2))
    found[:start] = moves[0][0]
    at = start
    for move, count in zip(moves, rows, strict=True):
        t = np.arange(1, count + 1) / count
        way = (10 * t**3 - 15 * t**4 + 6 * t**5) * (len(move) - 1)
        for axis in range(2):
            found[at : at + count, axis] = np.interp(way, np.arange(len(move)), move[:, axis])
        at += count
    found[at:] = moves[-1][-1]
    return np.column_stack([_rounded(found[:, axis], _LOOSE_MS) for axis in range(2)])


def _rounded(values: Floats, width_ms: float) -> Floats:
    """Smoothed by a bell curve of that standard deviation."""
    sigma = width_ms * SAMPLE_HZ / 1000
    reach = int(4 * sigma) + 1
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), bell / bell.sum(), "valid")


def _slow(random: np.random.Generator, n: int = ROWS) -> Floats:
    """A wandering of about 1, below 2 Hz."""
    width = np.hanning(100)
    return np.convolve(random.normal(0, 1, n + 99), width / np.sqrt((width**2).sum()), "valid")


def _sensed(position: Floats, angles: Floats, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """What the sensors read on a hand at ``position`` [n, 3] in m, turned by the rotation vectors ``angles`` [n, 3]."""
    turned = rotations(angles)
    force = np.gradient(np.gradient(position, axis=0), axis=0) * SAMPLE_HZ**2 + [0, 0, _GRAVITY]
    felt = np.einsum("nij,ni->nj", turned, force) / _GRAVITY * 1000
    rate = np.einsum("nij,nik->njk", turned, np.gradient(turned, axis=0) * SAMPLE_HZ)
    turning = np.degrees(np.stack((rate[:, 2, 1], rate[:, 0, 2], rate[:, 1, 0]), axis=-1)) * 1000
    felt = np.clip(felt + random.normal(0, 6, felt.shape), -_LIMIT_MG, _LIMIT_MG)
    read = np.hstack((felt, turning + random.normal(0, 250, turning.shape)))
    return np.round(read).astype(np.float32)


def rotations(vectors: Floats) -> Floats:
    """Rotation matrices [n, 3, 3] of rotation vectors [n, 3] in radians (Rodrigues)."""
    angle = np.maximum(np.linalg.norm(vectors, axis=-1), 1e-12)[:, np.newaxis, np.newaxis]
    x, y, z = (vectors / angle[:, 0]).T
    zero = np.zeros_like(x)
    cross = np.stack((zero, -z, y, z, zero, -x, -y, x, zero), axis=-1).reshape(-1, 3, 3)
    found: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return found

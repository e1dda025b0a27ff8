"""Recordings made from a seed, for running where no real ones are: pen strokes, speech, a door lock. Pure NumPy.

Each module says in its docstring what it models and what it leaves out. It has ``CLASSES``, ``SAMPLE_HZ``,
``render(name, writer or voice, random) -> samples`` of one clip in the units of the sensor, and ``background(n, random)`` of what
there is between them. A figure on these is a figure about these: whoever prints one says that the data is synthetic.
"""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*words: str | int) -> np.random.Generator:
    """Random numbers that depend on ``words`` alone: the same clip on every machine, whichever others are made."""
    digest = hashlib.sha256("\n".join(map(str, words)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))

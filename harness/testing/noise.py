"""What a bad line does to bytes: seeded, so that every run with the same seed is damaged in the same places."""

from __future__ import annotations

import math
import random
from typing import Final

from harness.errors import MisuseError

KINDS: Final = ("flip", "drop", "insert", "repeat")


class Noise:
    """Damages bytes at random: ``rate`` per byte, each time one of ``kinds``. The same seed damages the same way.

    ``flip`` changes one bit, ``drop`` loses the byte, ``insert`` puts a random one before it, ``repeat`` doubles it.
    With ``burst`` > 1 errors come that many bytes in a row, and as many times more seldom: the rate per byte stays.
    """

    def __init__(self, rate: float = 0.0, seed: int = 0, kinds: tuple[str, ...] = KINDS, burst: int = 1) -> None:
        if not 0.0 <= rate < 1.0 or not set(kinds) <= set(KINDS) or not kinds or burst < 1:
            raise MisuseError(
                "noise needs a rate in [0, 1), known kinds and a burst of at least one byte",
                expected=KINDS,
                found=(rate, kinds, burst),
            )
        self._rate = rate / burst
        self._kinds = kinds
        self._burst = burst
        self._random = random.Random(seed)
        self.errors = 0
        self._in_burst = 0  # bytes of the present burst still to come
        self._left = self._gap()

    def _gap(self) -> float:
        """Good bytes until the next error: geometric, so that long clean runs cost nothing."""
        if self._rate == 0.0:
            return math.inf
        return math.floor(math.log(1.0 - self._random.random()) / math.log1p(-self._rate))

    def __call__(self, data: bytes) -> bytes:
        """``data`` after the line."""
        out = bytearray()
        at = 0
        while len(data) - at > self._left:
            good = int(self._left)
            out += data[at : at + good]
            out += self._damage(data[at + good])
            at += good + 1
            self.errors += 1
            self._in_burst = (self._in_burst or self._burst) - 1
            self._left = 0 if self._in_burst else self._gap()
        self._left -= len(data) - at
        return bytes(out + data[at:])

    def _damage(self, byte: int) -> bytes:
        kind = self._random.choice(self._kinds)
        if kind == "flip":
            return bytes([byte ^ 1 << self._random.randrange(8)])
        if kind == "insert":
            return bytes([self._random.randrange(256), byte])
        return bytes([byte, byte]) if kind == "repeat" else b""

"""Decisions over a stream: the rules of ``firmware/frontend/hil_decide.h``, with the same answers.

``threshold`` says which class a row of outputs is; ``Gate`` which windows are worth a decision; ``Majority``, ``Average`` and
``Sliding`` smooth what is decided. Times are milliseconds of the stream and do not decrease. A rule's state is in the object: one
for each stream.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.records import Tensor

UNKNOWN = -1
MAJORITY_MOST = 10

Array = npt.NDArray[np.generic]


def threshold(row: Array, tensor: Tensor, above: float | None, inclusive: bool = False) -> int:
    """The index of the largest of raw outputs [classes], the lowest of equals; ``UNKNOWN`` for a NaN, or one not ``above``.

    ``above`` is in real units; None: the largest always decides.
    """
    real = tensor.real(row.reshape(-1))
    if np.isnan(real).any():
        return UNKNOWN
    best = int(np.argmax(real))
    passes = above is None or real[best] > above or (inclusive and real[best] == above)
    return best if passes else UNKNOWN


@dataclass
class Gate:
    """Opens when a sample is above ``threshold`` in size; that window and the next ``backoff`` pass, then it is asked again."""

    threshold: int = 600
    backoff: int = 14
    left: int = field(default=0, init=False)

    def reset(self) -> None:
        """Closed."""
        self.left = 0

    def step(self, window: npt.NDArray[np.int16]) -> bool:
        """Whether the next window passes."""
        if self.left:
            self.left -= 1
            return True
        opens = bool((np.abs(window.astype(np.int32)) > self.threshold).any())
        self.left = self.backoff if opens else 0
        return opens


@dataclass
class Majority:
    """The class that most of the ``over`` latest decisions name; of equals the one named last. Fewer vote at the start."""

    over: int
    latest: deque[int] = field(init=False)

    def __post_init__(self) -> None:
        if not 1 <= self.over <= MAJORITY_MOST:
            raise MisuseError(
                "so many decisions do not vote",
                expected=f"1..{MAJORITY_MOST}",
                found=self.over,
                next_step="correct the rule's 'over'",
            )
        self.reset()

    def reset(self) -> None:
        """No votes."""
        self.latest = deque(maxlen=self.over)

    def step(self, decision: int) -> int:
        """The class with the newest decision counted."""
        self.latest.appendleft(decision)
        votes = Counter(self.latest)  # which keeps the order of first sight: the newest first
        return max(votes, key=lambda each: votes[each])


class Detection(NamedTuple):
    """``found``: the class with the highest mean score. While there are too few results an ``Average`` has the one reported last,
    and a ``Sliding`` has ``UNKNOWN`` where that mean is not above the threshold. ``score``: the highest mean, 0..255, or 0.
    ``is_new``: it is to be reported."""

    found: int
    score: int
    is_new: bool


@dataclass
class Average:
    """The rule of the public keyword examples: mean scores over a time, a threshold, a pause after a detection, a least count.

    Results older than ``average_ms`` are forgotten, and the oldest where there are more than ``capacity`` (0: never). Fewer than
    ``minimum_count``, or results over less than a quarter of ``average_ms``, decide nothing. A class is reported when its mean is
    above ``threshold`` (0..255), and again only after more than ``suppression_ms`` or after another; repetitions of ``background``
    are not suppressed, which the public code does not do either.
    """

    classes: int
    average_ms: int = 1000
    suppression_ms: int = 1500
    minimum_count: int = 3
    threshold: int = 200
    background: int = 0
    capacity: int = 0
    results: deque[tuple[int, npt.NDArray[np.int64]]] = field(init=False)
    top: int = field(init=False)
    top_ms: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No results, nothing reported."""
        self.results, self.top, self.top_ms = deque(), self.background, 0

    def step(self, row: Array, tensor: Tensor, now_ms: int) -> Detection:
        """What the outputs [classes] of ``now_ms`` change."""
        if self.capacity and len(self.results) == self.capacity:
            self.results.popleft()
        self.results.append((now_ms, scores(row, tensor)))
        while now_ms - self.results[0][0] > self.average_ms:
            self.results.popleft()
        if len(self.results) < self.minimum_count or now_ms - self.results[0][0] < self.average_ms // 4:
            return Detection(self.top, 0, False)
        means = np.sum([score for _, score in self.results], axis=0) // len(self.results)
        found = int(np.argmax(means))
        score = int(means[found])
        repeated = found == self.top and self.top != self.background
        is_new = score > self.threshold and not (repeated and now_ms - self.top_ms <= self.suppression_ms)
        if is_new:
            self.top, self.top_ms = found, now_ms
        return Detection(found, score, is_new)


@dataclass
class Sliding:
    """The rule of the public streaming wake words: the mean of the latest ``over`` scores, a threshold, and a rest.

    Results that are not there yet count as 0. A class is reported when its mean is above ``threshold`` (0..255) and, since the last
    report or the beginning, ``rest`` results came before this one whose scores were all below the threshold. A report forgets the
    results before it. Classes of ``background`` are not looked at. ESPHome's micro_wake_word: over its sliding_window_size,
    threshold int(255 probability_cutoff).
    """

    classes: int
    over: int
    threshold: int
    rest: int = 0
    background: frozenset[int] = frozenset()
    results: deque[npt.NDArray[np.int64]] = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self._told = [index for index in range(self.classes) if index not in self.background]
        self.reset()

    def reset(self) -> None:
        """No results, and all of the rest to come."""
        self.results, self.left = deque(maxlen=self.over), self.rest

    def step(self, row: Array, tensor: Tensor) -> Detection:
        """What the outputs [classes] of the next result change."""
        self.results.append(scores(row, tensor)[self._told])
        if not self._told:
            return Detection(UNKNOWN, 0, False)
        sums = np.sum(self.results, axis=0)
        best = int(np.argmax(sums))
        most = int(sums[best])
        is_above, rested = most > self.threshold * self.over, self.left == 0
        if is_above and rested:
            self.reset()
        elif not rested and (self.results[-1] < self.threshold).all():
            self.left -= 1
        return Detection(self._told[best] if is_above else UNKNOWN, most // self.over, is_above and rested)


def scores(row: Array, tensor: Tensor) -> npt.NDArray[np.int64]:
    """Raw outputs [classes] as 0..255: int8 + 128, uint8 as they are, float32 as trunc(255 x + 0.5), held in range, NaN 0."""
    flat = row.reshape(-1)
    if tensor.dtype == "float32":
        scaled = flat.astype(np.float32) * np.float32(255) + np.float32(0.5)
        held: npt.NDArray[np.int64] = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255).astype(np.int64)
        return held
    whole: npt.NDArray[np.int64] = flat.astype(np.int64) + (128 if tensor.dtype == "int8" else 0)
    return whole

"""What a dataset is like: counts, range, groups, and samples that occur twice. For people, before a run and after a surprise."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.data.dataset import Dataset

_EXAMPLES = 3


@dataclass(frozen=True)
class Same:
    """Samples with the same input. ``examples`` are pairs of ids, the first few."""

    count: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Groups:
    """How many groups there are, and of how many samples the smallest and the largest."""

    count: int
    smallest: int
    largest: int


@dataclass(frozen=True)
class Summary:
    """``counts`` [(class, samples)], in the order of the classes. ``twice``: samples equal to an earlier one; ``disputed``: those
    of them with another label; ``shared``: samples that are in another split too, by its name. ``shown``: the indices of up to
    three samples, of different classes where there are so many."""

    name: str
    split: str
    n: int
    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    mean: float
    deviation: float
    counts: tuple[tuple[str, int], ...]
    groups: Groups | None
    twice: Same
    disputed: Same
    shared: Mapping[str, Same]
    shown: tuple[int, ...]


def summary(data: Dataset, others: Mapping[str, Dataset]) -> Summary:
    """Of ``data``, held against the ``others`` splits of the same source."""
    first: dict[bytes, int] = {}
    twice: list[tuple[int, int]] = []
    digests = _digests(data)
    for index, digest in enumerate(digests):
        earlier = first.setdefault(digest, index)
        if earlier != index:
            twice.append((earlier, index))
    disputed = [(a, b) for a, b in twice if data.labels[a] != data.labels[b]]
    counted = np.bincount(data.labels[data.labels >= 0], minlength=len(data.classes))
    sizes = Counter(data.groups.tolist()) if data.groups is not None else None
    # float64 in pieces: of a large set a copy does not fit.
    means = np.array([row.mean(dtype=np.float64) for row in data.inputs])
    squares = np.array([np.square(row, dtype=np.float64).mean() for row in data.inputs])
    mean = float(means.mean())
    return Summary(
        name=data.name,
        split=data.split,
        n=len(data),
        shape=tuple(data.inputs.shape[1:]),
        dtype=data.inputs.dtype.name,
        low=float(data.inputs.min()),
        high=float(data.inputs.max()),
        mean=mean,
        deviation=float(np.sqrt(max(0.0, squares.mean() - mean**2))),
        counts=tuple(zip(data.classes, counted.tolist(), strict=True)),
        groups=Groups(len(sizes), min(sizes.values()), max(sizes.values())) if sizes else None,
        twice=_same(data, data, twice),
        disputed=_same(data, data, disputed),
        shared={split: _shared(data, digests, other) for split, other in others.items()},
        shown=_shown(data),
    )


def _digests(data: Dataset) -> list[bytes]:
    every = [np.ascontiguousarray(array) for array in data.named.values()] or [np.ascontiguousarray(data.inputs)]
    rows = (b"".join(array[index].tobytes() for array in every) for index in range(len(data)))
    return [hashlib.blake2b(row, digest_size=16).digest() for row in rows]


def _shared(data: Dataset, digests: list[bytes], other: Dataset) -> Same:
    if other.inputs.shape[1:] != data.inputs.shape[1:]:
        return Same(0, ())
    there = {digest: index for index, digest in reversed(list(enumerate(_digests(other))))}
    return _same(data, other, [(index, there[digest]) for index, digest in enumerate(digests) if digest in there])


def _same(data: Dataset, other: Dataset, pairs: list[tuple[int, int]]) -> Same:
    return Same(len(pairs), tuple((str(data.ids[a]), str(other.ids[b])) for a, b in pairs[:_EXAMPLES]))


def _shown(data: Dataset) -> tuple[int, ...]:
    firsts = [int(np.argmax(data.labels == label)) for label in np.unique(data.labels)][:_EXAMPLES]
    rest = [index for index in range(min(len(data), 2 * _EXAMPLES)) if index not in firsts]
    return tuple(sorted((firsts + rest)[:_EXAMPLES]))

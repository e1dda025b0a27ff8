"""A labelled set of samples as it will be streamed, and the error for one that is not on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.errors import PlanError
from harness.records import DatasetFacts
from harness.text import printable

#: How a set calls its labels: it states all its classes, it has a folder for each, only those that occur are seen, or there
#: are bare indices.
Naming = Literal["stated", "folders", "seen", "indices"]


class DataMissing(PlanError):
    """The data is not on this machine and was not to be fetched: skip the case, and show ``next_step`` to the user."""


@dataclass(frozen=True)
class Event:
    """What is to be detected in a recording: ``name``, a class, from ``start_s`` to ``end_s`` behind its first sample."""

    recording: int  # its index among the samples
    start_s: float
    end_s: float
    name: str


@dataclass(frozen=True, repr=False)
class Dataset:
    """Samples in the order in which they are streamed; row i of every array is the i-th sample.

    ``ids`` [N] are stable over versions of this project: a report of last year names the same sample. ``labels`` int64 [N]
    index ``classes``; all are -1 where the data has no labels. ``inputs`` float32 [N, ...] are in real units, C order, one
    sample's shape behind the first axis. ``named``: for a model with several inputs all of them by the names that the data
    gives them, ``inputs`` the first; empty for one. ``targets`` float32 [N, ...]: what the output should be, where the data
    says that and no class. ``naming``: what ``classes`` are worth, see ``classes.matched``. ``groups`` [N]: what a sample
    shares with others (speaker, subject); None where the data does not say.
    ``sequences`` [N]: the recording that a sample is a step of, for a network with a memory; None where the data names none.
    ``events``: of samples that are recordings, what happens in them, in order; None where the data does not say. ``sample_hz``:
    instants a second, 0 = not known. ``level_step``: the inputs are an integer front end's levels times it, which an 8-bit input
    takes as they are (``encode.quantise``); 0 = they are not. Raises ``PlanError`` when the arrays do not belong together, when
    there are no samples, when an id or a class occurs twice or is no text that can be shown.
    """

    name: str
    split: str
    classes: tuple[str, ...]
    ids: npt.NDArray[np.str_]
    labels: npt.NDArray[np.int64]
    inputs: npt.NDArray[np.float32]
    naming: Naming = "stated"
    groups: npt.NDArray[np.str_] | None = None
    named: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    targets: npt.NDArray[np.float32] | None = None
    sequences: npt.NDArray[np.str_] | None = None
    events: tuple[Event, ...] | None = None
    sample_hz: int = 0
    level_step: float = 0.0

    def __post_init__(self) -> None:
        where = f"dataset {self.name}, split {self.split}"
        counts = {"ids": len(self.ids), "labels": len(self.labels), "inputs": len(self.inputs)}
        if self.groups is not None:
            counts["groups"] = len(self.groups)
        if self.sequences is not None:
            counts["sequences"] = len(self.sequences)
        if self.targets is not None:
            counts["targets"] = len(self.targets)
        counts |= {f"inputs {name}": len(array) for name, array in self.named.items()}
        if len(set(counts.values())) != 1:
            raise PlanError(
                "the arrays of a dataset differ in length", where=where, expected="one length", found=counts
            )
        if not len(self.labels):
            raise PlanError(
                "a dataset without samples proves nothing", where=where, expected="1 sample or more", found=0
            )
        floats = {"inputs": self.inputs, **self.named} | ({} if self.targets is None else {"targets": self.targets})
        if self.labels.dtype != np.int64 or any(array.dtype != np.float32 for array in floats.values()):
            raise PlanError(
                "a dataset has the wrong dtypes",
                where=where,
                expected=f"labels int64, {' and '.join(floats)} float32",
                found=f"labels {self.labels.dtype}, {', '.join(f'{k} {v.dtype}' for k, v in floats.items())}",
            )
        strange = self.labels[(self.labels < 0) | (self.labels >= len(self.classes))]
        if strange.size and not self.unlabelled:
            raise PlanError(
                "a label is no index of a class",
                where=where,
                expected=f"0..{len(self.classes) - 1}",
                found=int(strange[0]),
            )
        for name, array in floats.items():
            if not np.isfinite(array).all():
                raise PlanError(
                    f"{'a target' if name == 'targets' else 'an input'} is not a finite number",
                    where=where,
                    expected="finite values",
                    found=f"NaN or inf in sample {printable(str(self.ids[_first_not_finite(array)]))}",
                )
        ids, times = np.unique(self.ids, return_counts=True)
        if (times > 1).any():
            raise PlanError(
                "a sample id occurs twice", where=where, expected="unique ids", found=str(ids[times > 1][0])
            )
        for what, names in (("a sample id", ids), ("a class name", self.classes)):
            bad = next((name for name in map(str, names) if not _shows(name)), None)
            if bad is not None:
                raise PlanError(
                    f"{what} cannot be shown", where=where, expected="printable text", found=printable(repr(bad))
                )
        if twice := sorted({name for name in self.classes if self.classes.count(name) > 1}):
            raise PlanError(
                "a class name occurs twice", where=where, expected="each class once", found=", ".join(twice)
            )

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.labels)

    def __repr__(self) -> str:
        what = "without labels" if self.unlabelled else f"of {len(self.classes)} classes"
        return f"<Dataset {self.name}, split {self.split}: {len(self)} samples {what}>"

    @property
    def unlabelled(self) -> bool:
        """Whether its samples are of no class."""
        return bool((self.labels == -1).all())

    def label(self, index: int) -> str:
        """The class of a sample; "" where the data has no labels."""
        return "" if self.labels[index] < 0 else self.classes[self.labels[index]]

    def first(self, samples: int | None) -> Dataset:
        """The first ``samples`` of this set; all of it for None. Raises ``PlanError`` when there are not so many."""
        if samples is None or samples == len(self):
            return self
        if samples > len(self):
            raise PlanError(
                "the dataset has fewer samples than the plan asks for",
                where=f"dataset {self.name}, split {self.split}",
                expected=samples,
                found=len(self),
                next_step=f"ask for at most {len(self)}, or leave 'samples' out",
            )
        return self[:samples]

    def __getitem__(self, part: slice) -> Dataset:
        """The samples of a slice as a dataset of their own, with a hash of their own. Raises ``PlanError`` for none."""
        inputs = np.ascontiguousarray(self.inputs[part])
        groups = None if self.groups is None else self.groups[part]
        named = {name: inputs if array is self.inputs else array[part] for name, array in self.named.items()}
        targets = None if self.targets is None else self.targets[part]
        return replace(
            self,
            ids=self.ids[part],
            labels=self.labels[part],
            inputs=inputs,
            groups=groups,
            named=named,
            targets=targets,
            sequences=None if self.sequences is None else self.sequences[part],
            events=self._events_of(part),
        )

    def _events_of(self, part: slice) -> tuple[Event, ...] | None:
        if self.events is None:
            return None
        places = {old: new for new, old in enumerate(range(len(self))[part])}
        return tuple(replace(e, recording=places[e.recording]) for e in self.events if e.recording in places)

    @cached_property
    def sha256(self) -> str:
        """SHA-256, hex, of the samples as streamed: two runs with the same hash scored the same thing.

        Over, in this order: the ids, UTF-8, each followed by a line feed; the labels, int64 little endian; the inputs'
        shape, int64 little endian; the inputs, float32 little endian, C order. Further inputs follow, each as its name and a line
        feed, shape and values; then targets, in the same way as ``targets``; then ``events`` and a line feed, and a line
        for each. Name, split and class names are not in
        it: renaming a class does not make other data of it.
        """
        digest = hashlib.sha256()
        digest.update("".join(f"{name}\n" for name in self.ids).encode())
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update(np.array(self.inputs.shape, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(self.inputs, dtype="<f4").tobytes())
        more = {f"input {name}": array for name, array in self.named.items()}
        for name, array in (more | ({} if self.targets is None else {"targets": self.targets})).items():
            digest.update(f"{name}\n".encode())
            digest.update(np.array(array.shape, dtype="<i8").tobytes())
            digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        if self.events is not None:
            digest.update(b"events\n")
            told = (f"{e.recording} {e.start_s!r} {e.end_s!r} {e.name}\n" for e in self.events)
            digest.update("".join(told).encode())
        return digest.hexdigest()

    @cached_property
    def digests(self) -> npt.NDArray[np.uint64]:
        """[N] of each sample, of what it is and not of its id or label: the first 8 bytes of a SHA-256, little endian.

        Over its shape, int64 little endian, and its values, float32 little endian, C order; further inputs follow, each as its
        name and a line feed, shape and values. Of real units: two models that encode them differently have the same.
        """
        arrays = [("", self.inputs), *((name, a) for name, a in self.named.items() if a is not self.inputs)]
        parts = [
            (f"{name}\n".encode() if name else b"", np.array(a.shape[1:], "<i8").tobytes(), np.asarray(a, "<f4"))
            for name, a in arrays
        ]
        found = np.empty(len(self), dtype=np.uint64)
        for row in range(len(self)):
            digest = hashlib.sha256()
            for name, shape, values in parts:
                digest.update(name + shape)
                digest.update(np.ascontiguousarray(values[row]).tobytes())
            found[row] = int.from_bytes(digest.digest()[:8], "little")
        return found

    def facts(self) -> DatasetFacts:
        """What the record keeps of it."""
        return DatasetFacts(name=self.name, split=self.split, sha256=self.sha256, n=len(self), classes=self.classes)


def _first_not_finite(inputs: npt.NDArray[np.float32]) -> int:
    return int(np.argmin(np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1)))


def _shows(name: str) -> bool:
    return bool(name.strip()) and printable(name) == name and not {"\n", "\t"} & set(name)

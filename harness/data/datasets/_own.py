"""What all forms of one's own data share: which samples are of a split, which class a label is, the order, the scale.

A form says what is known of every sample before one is read (``Rows``), and reads those that were chosen (``made``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from harness.data.dataset import Dataset, Naming
from harness.data.datasets import _common
from harness.errors import PlanError
from harness.text import printable

Floats = npt.NDArray[np.float32]
#: What people call their splits.
SPLITS = ("train", "test", "validation", "training", "testing", "val", "valid", "dev", "eval")
#: What a label may stand for: a network's outputs fit a microcontroller; a label of 3e9 would name as many classes.
MOST_CLASSES = 1 << 16
_SHOWN = 12


class Own(_common.Options):
    """The options that every form of one's own data has."""

    classes: _common.Names = Field(
        default=(),
        description="The names of the classes, in the order of the model's outputs. Labels that are whole numbers and no"
        " names of this list are places in it, from 0. Empty: as the form finds them.",
    )
    others: str = Field(
        default="refuse",
        min_length=1,
        description="What becomes of a sample whose label is not in `classes`: refuse, skip, or the name of the class that"
        " it is counted as.",
    )
    order: Literal["stored", "shuffled"] = Field(
        default="stored",
        description="stored: as in the file, of files by their path. shuffled: by the SHA-256 of seed and sample id, the same"
        " on every machine, so that the first samples are of all classes.",
    )
    seed: int = Field(default=0, description="Another seed is another shuffle, and another division by `test_share`.")
    test_share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Divide the samples into the splits test and train by the SHA-256 of seed and group (without groups: of"
        " the sample id). This is about the share that is test. A group is never in both.",
    )
    shared_groups: bool = Field(
        default=False,
        description="Groups may be in several splits, which is refused otherwise: machines that the network was trained on,"
        " and is tested on.",
    )
    subtract: float | tuple[float, ...] = Field(
        default=0.0,
        description="Inputs are (value - subtract) / divide, in float32: one number, or one for each channel (last axis).",
    )
    divide: float | tuple[float, ...] = Field(default=1.0, description="See subtract. 255 makes 0..1 of bytes.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.others != "refuse" and not self.classes:
            raise ValueError("'others' needs 'classes': without them every label is a class")
        if self.others not in ("refuse", "skip", *self.classes):
            raise ValueError(f"'others' is refuse, skip or one of the classes ({', '.join(self.classes)})")
        divisors = self.divide if isinstance(self.divide, tuple) else (self.divide,)
        subtrahends = self.subtract if isinstance(self.subtract, tuple) else (self.subtract,)
        if not divisors or not subtrahends or not np.isfinite([*divisors, *subtrahends]).all() or 0 in divisors:
            raise ValueError("'subtract' and 'divide' are finite numbers, and nothing is divided by 0")
        return self


@dataclass(frozen=True)
class Rows:
    """All samples of a source before one is read; entry i of each is the i-th sample's.

    ``labels`` are names, None where the data has none. ``sequences``: which recording each is a step of. ``targets`` [n, ...]:
    what the output should be. ``places`` are where the samples stand, for messages; without them the source and the id.
    """

    source: str
    ids: Sequence[str]
    labels: Sequence[str] | None
    groups: Sequence[str] | None = None
    splits: Sequence[str] | None = None
    places: Sequence[str] | None = None
    targets: Floats | None = None
    sequences: Sequence[str] | None = None

    def place(self, index: int) -> str:
        """Where a sample stands."""
        return self.places[index] if self.places else f"{self.source}: {printable(self.ids[index])}"


def siblings(path: str, folder: Path) -> dict[str, Path]:
    """The splits that a path with ``{split}`` leads to; none for a path without."""
    if "{split}" not in path:
        return {}
    found = {split: folder / path.replace("{split}", split) for split in SPLITS}
    return {split: place for split, place in found.items() if _common.there(place)}


def splits_of(options: Own, path: str, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart by the path or by ``test_share``; none when the source is whichever split is asked for."""
    return ("test", "train") if options.test_share is not None else tuple(siblings(path, folder))


def refuse_shared(groups: Mapping[str, Sequence[str]], source: str, options: Own) -> None:
    """``PlanError`` when a group is in two splits: ``groups`` has those of each. A test on a known speaker tests nothing new.

    Where ``options.shared_groups`` says that it is meant, it may.
    """
    if options.shared_groups:
        return
    seen: dict[str, str] = {}
    for split, names in groups.items():
        for name in dict.fromkeys(names):
            if seen.setdefault(name, split) != split:
                raise PlanError(
                    f"the group {printable(name)!r} is in two splits",
                    where=source,
                    expected="each group (speaker, subject, ...) in one split only",
                    found=f"samples of it in {seen[name]} and in {split}",
                    next_step="move its samples to one of the two, or divide with test_share, which keeps groups together;"
                    " options: {shared_groups: true} where it is meant",
                )


def made(
    name: str,
    split: str,
    rows: Rows,
    options: Own,
    read: Callable[[Sequence[int]], Floats | dict[str, Floats]],
    *,
    naming: Naming,
    known: Sequence[str] = (),
    first: int | None = None,
) -> Dataset:
    """The dataset of ``rows`` that are of ``split``, in the order of the options.

    ``known``: the classes as the form found them, ``naming`` what they are worth; ``options.classes`` go before. ``read``
    gives the values [n, ...] of chosen samples, of each input by name where there are several, before ``subtract`` and
    ``divide``. No more than ``first`` are read.
    """
    if options.classes:
        known, naming = options.classes, "stated"
    # A Mac spells the name of a folder otherwise than whoever typed it: names are the same when their characters are.
    names = list(known)
    if naming == "seen":
        spelt: dict[str, str] = {}
        for one in known:
            spelt.setdefault(composed(one), one)
        names = list(spelt.values())
    places = {composed(name): place for place, name in enumerate(names)}
    chosen = _of_split(rows, options, split)
    labels = None if rows.labels is None else _named(rows, rows.labels, options, names, places)
    if labels is not None:
        if options.others == "skip":
            chosen = [index for index in chosen if labels[index] in places]
        for index in chosen:
            if labels[index] not in places:
                raise _strange(labels[index], names, rows.place(index))
    if not chosen:
        raise PlanError(
            f"no sample is of split {split!r}" if rows.ids else "a dataset without samples proves nothing",
            where=rows.source,
            expected="1 sample or more",
            found=f"{len(rows.ids)} samples in all",
            next_step="correct dataset.split, test_share or others",
        )
    if options.order == "shuffled":
        chosen = sorted(chosen, key=lambda index: _digest("order", options.seed, rows.ids[index]))
    chosen = chosen[:first]
    try:
        values = read(chosen)
        named = (
            {name: _scaled(array, options, rows.source) for name, array in values.items()}
            if isinstance(values, dict)
            else {}
        )
        inputs = _scaled(values, options, rows.source) if not isinstance(values, dict) else next(iter(named.values()))
    except MemoryError as error:
        raise PlanError(
            "the samples do not fit this machine's memory",
            where=rows.source,
            found=f"{len(chosen)} samples",
            next_step="ask for fewer: dataset.samples",
        ) from error
    return Dataset(
        name=name,
        split=split,
        classes=tuple(names),
        ids=np.array([rows.ids[index] for index in chosen], dtype=np.str_),
        labels=np.array([-1 if labels is None else places[labels[index]] for index in chosen], dtype=np.int64),
        inputs=inputs,
        naming=naming,
        groups=np.array([rows.groups[index] for index in chosen], dtype=np.str_) if rows.groups else None,
        named=named,
        targets=None if rows.targets is None else rows.targets[np.array(chosen)],
        sequences=np.array([rows.sequences[index] for index in chosen], dtype=np.str_) if rows.sequences else None,
    )


def level_step(options: Own, step: float) -> float:
    """``Dataset.level_step`` of features with that step: none of them when they were scaled behind the front end."""
    return step if not options.subtract and options.divide == 1 else 0.0


def _named(rows: Rows, said: Sequence[str], options: Own, names: Sequence[str], places: Mapping[str, int]) -> list[str]:
    """Each sample's label as the name of a class, where the options say how."""
    labels = [composed(label) for label in said]
    if options.classes and not places.keys() & set(labels) and all(_is_place(label, len(names)) for label in labels):
        labels = [composed(names[int(label)]) for label in labels]
    if options.others not in ("skip", "refuse"):
        labels = [label if label in places else composed(options.others) for label in labels]
    return labels


def _of_split(rows: Rows, options: Own, split: str) -> list[int]:
    every = range(len(rows.ids))
    if rows.splits is not None:
        if rows.groups:
            of_split: dict[str, list[str]] = {}
            for group, one in zip(rows.groups, rows.splits, strict=True):
                of_split.setdefault(one, []).append(group)
            refuse_shared(of_split, rows.source, options)
        known = list(dict.fromkeys(rows.splits))
        _common.known_split(rows.source, split, known)
        return [index for index in every if rows.splits[index] == split]
    if options.test_share is None:
        return list(every)
    _common.known_split(rows.source, split, ("test", "train"))
    units = rows.groups or rows.ids
    limit = int(options.test_share * (1 << 64))
    return [i for i in every if (_digest("split", options.seed, units[i]) < limit) == (split == "test")]


def _digest(purpose: str, seed: int, text: str) -> int:
    """A number below 2**64 that looks drawn, and is the same everywhere."""
    content = f"{purpose}:{seed}:{text}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big")


def composed(name: str) -> str:
    """A name with each letter and its accents as one character, as it is typed."""
    return name if name.isascii() else normalize("NFC", name)


def _is_place(label: str, count: int) -> bool:
    return label.isascii() and label.isdecimal() and len(label) < 10 and int(label) < count


def _strange(label: str, names: Sequence[str], where: str) -> PlanError:
    shown = ", ".join(names[:_SHOWN]) + (f", ... ({len(names)})" if len(names) > _SHOWN else "")
    return PlanError(
        f"a label is no class: {printable(label)!r}",
        where=where,
        expected=shown,
        found=printable(label),
        next_step="correct the label or dataset.options.classes; 'others: skip' leaves such samples out, 'others: <class>'"
        " counts them as that class",
    )


def _scaled(inputs: Floats, options: Own, source: str) -> Floats:
    for option, apply in (("subtract", np.subtract), ("divide", np.divide)):
        value = np.array(getattr(options, option), dtype=np.float32)
        if value.ndim and value.shape != inputs.shape[-1:]:
            raise PlanError(
                f"{option!r} does not fit the channels",
                where=f"dataset.options.{option}",
                expected=f"one number, or {inputs.shape[-1]} for samples {list(inputs.shape[1:])} of {source}",
                found=f"{value.size} numbers",
            )
        if (value != (option == "divide")).any():
            with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
                apply(inputs, value, out=inputs)
    return inputs

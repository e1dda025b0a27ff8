"""One's own data as a numpy archive: inputs ``x`` [N, ...] in real units, labels ``y`` [N].

Labels are class indices, one-hot rows [N, C], or text. ``ids`` [N], ``groups`` [N], ``sequences`` [N], ``split`` [N] and
``classes`` [C], optional, name samples, what they share, the recordings that they are steps of, their split, and the classes;
without ``classes`` whole numbers are the model's outputs by number. ``inputs: {a: x1, b: x2}`` names the arrays of a model's
several inputs; ``targets: y`` takes real numbers [N, ...] that the output should be in place of labels, ``unlabelled: true``
neither. Archives with ``x_test`` and ``y_test`` (``x_train``, ...), as Keras' data sets are, are read as they are. Arrays of
Python objects are refused: loading them would run code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from harness.data.dataset import Dataset, Naming
from harness.data.datasets import _array, _common, _own
from harness.disk import archive
from harness.errors import PlanError
from harness.text import printable

Arrays = Mapping[str, npt.NDArray[np.generic]]

EXAMPLE = """\
dataset:
  name: npz
  split: test
  options:
    path: data/mnist.npz        # x_test, y_test
    shape: 28x28x1
    divide: 255
"""


class Options(_own.Own, _array.ArrayOptions):
    """An archive and its arrays."""

    path: str = Field(description="The archive. {split} in it is replaced by the split's name.")
    x: str = Field(
        default="",
        description="The array of inputs [N, ...]; {split} in it as in path. Empty: x, else x_{split}.",
    )
    y: str = Field(default="", description="The array of labels [N] or [N, C]; as x. Empty: y, else y_{split}.")
    inputs: dict[str, str] = Field(
        default={},
        description="For a model with several inputs, in place of x: each input's name and its array, {a: x1, b: x2}.",
    )
    targets: str = Field(
        default="", description="The array of what the outputs should be, real numbers [N, ...], in place of y; as x."
    )
    unlabelled: bool = Field(default=False, description="There are neither labels nor targets: for `task: raw`.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.inputs and (self.x or self.shape):
            raise ValueError(f"{'x' if self.x else 'shape'} goes with one input, and inputs names several")
        if sum(map(bool, (self.y, self.targets, self.unlabelled))) > 1:
            raise ValueError("y, targets and unlabelled say the same thing: keep one")
        return self


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    if options.test_share is not None or "{split}" in options.path:
        return _own.splits_of(options, options.path, folder)
    arrays = _arrays(_common.existing(folder, options.path))
    if "split" in arrays:
        return tuple(dict.fromkeys(_text(arrays["split"], "split", options.path)))
    return tuple(one for one in _own.SPLITS if _key("x", options, one) != "x" and _key("x", options, one) in arrays)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The archive's samples; without ``ids`` they are ``<file name>-<index>``."""
    path = _common.existing(folder, options.path.replace("{split}", split))
    arrays = _arrays(path)
    x_keys = {name: key.replace("{split}", split) for name, key in options.inputs.items()} or {
        "": _found("x", options, split, arrays)
    }
    target = options.targets.replace("{split}", split)
    y_key = "" if target or options.unlabelled else _found("y", options, split, arrays)
    absent = [key for key in (*x_keys.values(), target, y_key) if key and key not in arrays]
    if absent:
        raise PlanError(
            f"the archive has no array {printable(absent[0])!r}",
            where=str(path),
            expected="arrays x and y (or x_{split} and y_{split}), optionally ids, groups, sequences, split and classes",
            found=printable(", ".join(sorted(arrays))) or "(none)",
            next_step="name them: options: {x: images, y: labels}; without labels: targets, or unlabelled: true",
        )
    xs = {name: _array.checked(arrays[key], key, str(path)) for name, key in x_keys.items()}
    n = len(next(iter(xs.values())))
    labels: list[str] | None = None
    known = _text(arrays["classes"], "classes", str(path)) if "classes" in arrays else []
    naming: Naming = "stated"
    if y_key:
        labels, known, naming = _labels(arrays, y_key, options, str(path))
    name = printable(path.stem)
    ids = _named(arrays, "ids", path) or [f"{name}-{index:05d}" for index in range(n)]
    groups, parts = _named(arrays, "groups", path), _named(arrays, "split", path)
    sequences = _named(arrays, "sequences", path)
    targets = _targets(arrays[target], target, str(path)) if target else None
    beside = (("y", labels), ("targets", targets), ("groups", groups), ("split", parts), ("sequences", sequences))
    lengths = {x_keys[one]: len(x) for one, x in xs.items()} | {"ids": len(ids)}
    lengths |= {key: len(found) for key, found in beside if found is not None}
    if len(set(lengths.values())) > 1:
        raise PlanError("the arrays differ in length", where=str(path), expected="one length", found=lengths)
    if groups is not None:
        others = {
            other: _named(_arrays(place), "groups", place) or []
            for other, place in _own.siblings(options.path, folder).items()
            if other != split
        }
        _own.refuse_shared({split: groups, **others} if others else {}, str(path), options)
    parts = None if options.test_share is not None else parts
    rows = _own.Rows(str(path), ids, labels, groups, parts, targets=targets, sequences=sequences)

    def inputs(chosen: Sequence[int]) -> _own.Floats | dict[str, _own.Floats]:
        whole = len(chosen) == n and list(chosen) == list(range(n))
        found = {
            name: _array.as_inputs(x if whole else x[np.array(chosen)], options, str(path)) for name, x in xs.items()
        }
        return found if options.inputs else found[""]

    return _own.made(name, split, rows, options, inputs, naming=naming, known=known, first=first)


def _arrays(path: Path) -> Arrays:
    _common.refuse_pointer(path)
    try:
        return archive.arrays(path)
    except archive.DamagedArchive as error:
        raise PlanError(
            "the archive cannot be read", where=str(path), expected="a .npz file of plain arrays", found=error
        ) from error


def _key(what: str, options: Options, split: str) -> str:
    given: str = getattr(options, what)
    return (given or f"{what}_{{split}}").replace("{split}", split)


def _found(what: str, options: Options, split: str, arrays: Arrays) -> str:
    """The name of an array: as the options say, else ``x``, else ``x_test``."""
    key = _key(what, options, split)
    return key if getattr(options, what) or (what not in arrays and key in arrays) else what


def _labels(arrays: Arrays, key: str, options: Options, where: str) -> tuple[list[str], list[str], Naming]:
    """Each sample's label as a name, the classes, and what they are worth."""
    y = arrays[key]
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 1 and y.dtype.kind in "SU":
        texts = _text(y, key, where)
        return (
            texts,
            _text(arrays["classes"], "classes", where) if "classes" in arrays else sorted(set(texts)),
            ("stated" if "classes" in arrays else "seen"),
        )
    width = 0
    if y.ndim == 2 and y.dtype.kind in "biuf" and ((y == 1).sum(axis=1) == 1).all() and np.isin(y, (0, 1)).all():
        width = y.shape[1]
        y = y.argmax(axis=1)
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise PlanError(
            f"{key!r} holds class indices",
            where=where,
            expected="integers or text [N], or one-hot rows [N, C]",
            found=f"{y.dtype} {list(y.shape)}",
        )
    strange = next((label for label in map(int, y) if not 0 <= label < _own.MOST_CLASSES), None)
    if strange is not None:
        raise PlanError(
            "a label is no index of a class", where=where, expected=f"0..{_own.MOST_CLASSES - 1}", found=strange
        )
    if "classes" not in arrays:
        count = max(width, int(y.max(initial=0)) + 1)
        return [str(label) for label in y.tolist()], [str(index) for index in range(count)], "indices"
    names = _text(arrays["classes"], "classes", where)
    if int(y.max(initial=0)) >= len(names):
        raise PlanError(
            "a label is no index of a class", where=where, expected=f"0..{len(names) - 1}", found=int(y.max(initial=0))
        )
    return [names[label] for label in y.tolist()], names, "stated"


def _targets(array: npt.NDArray[np.generic], key: str, where: str) -> _own.Floats:
    """[N] or [N, ...] as float32. ``PlanError`` where they are no numbers."""
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    numbers = _array.checked(array, key, where, axes=1)
    with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
        return np.array(numbers, dtype=np.float32, order="C")


def _named(arrays: Arrays, key: str, path: Path) -> list[str] | None:
    return _text(arrays[key], key, str(path)) if key in arrays else None


def _text(array: npt.NDArray[np.generic], what: str, where: str) -> list[str]:
    """The names in a one-dimensional array. ``PlanError`` when it is none, or they are no text."""
    if array.ndim != 1 or array.dtype.kind not in "iuSU":
        raise PlanError(
            f"{what!r} holds names",
            where=where,
            expected="text or whole numbers [N]",
            found=f"{array.dtype} {list(array.shape)}",
        )
    try:
        names = [one.decode("utf-8") if isinstance(one, bytes) else str(one) for one in array.tolist()]
        "".join(names).encode("utf-8")
    except (ValueError, SystemError) as error:  # numpy lets anything be in an array of text
        raise PlanError(f"{what!r} holds what is no text", where=where, expected="text", found=error) from error
    return names

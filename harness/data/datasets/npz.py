"""One's own data as a numpy archive: inputs ``x`` [N, ...] in real units, labels ``y`` [N].

Labels are class indices, one-hot rows [N, C], or text. ``ids`` [N], ``groups`` [N], ``split`` [N] and ``classes`` [C], optional,
name samples, what they share, their split, and the classes; without ``classes`` whole numbers are the model's outputs by number.
Archives with ``x_test`` and ``y_test`` (``x_train``, ...), as Keras' data sets are, are read as they are. Arrays of Python
objects are refused: loading them would run code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

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
    keys = {what: _found(what, options, split, arrays) for what in ("x", "y")}
    absent = [key for key in keys.values() if key not in arrays]
    if absent:
        raise PlanError(
            f"the archive has no array {printable(absent[0])!r}",
            where=str(path),
            expected="arrays x and y (or x_{split} and y_{split}), optionally ids, groups, split and classes",
            found=printable(", ".join(sorted(arrays))) or "(none)",
            next_step="name them: options: {x: images, y: labels}",
        )
    x = _array.checked(arrays[keys["x"]], keys["x"], str(path))
    labels, known, naming = _labels(arrays, keys["y"], options, str(path))
    name = printable(path.stem)
    ids = _named(arrays, "ids", path) or [f"{name}-{index:05d}" for index in range(len(labels))]
    groups, parts = _named(arrays, "groups", path), _named(arrays, "split", path)
    lengths = {"x": len(x), "y": len(labels), "ids": len(ids)} | {
        key: len(found) for key, found in (("groups", groups), ("split", parts)) if found is not None
    }
    if len(set(lengths.values())) > 1:
        raise PlanError("the arrays differ in length", where=str(path), expected="one length", found=lengths)
    if groups is not None:
        others = {
            other: _named(_arrays(place), "groups", place) or []
            for other, place in _own.siblings(options.path, folder).items()
            if other != split
        }
        _own.refuse_shared({split: groups, **others} if others else {}, str(path))
    rows = _own.Rows(str(path), ids, labels, groups, None if options.test_share is not None else parts)

    def inputs(chosen: Sequence[int]) -> _own.Floats:
        whole = len(chosen) == len(x) and list(chosen) == list(range(len(x)))
        return _array.as_inputs(x if whole else x[np.array(chosen)], options, str(path))

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

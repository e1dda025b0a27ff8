"""One's own data as a numpy archive: ``x`` [N, ...] inputs in real units, ``y`` [N] class indices, ``ids`` [N]
optional.

``classes`` [C], optional, names the classes; without it the labels are the model's outputs by number. Arrays of Python
objects are refused: loading them would run code.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.data.datasets import _common
from harness.disk import archive
from harness.errors import PlanError
from harness.text import printable

#: What a label may stand for: a network's outputs fit a microcontroller; a label of 3e9 would name as many classes.
MOST_CLASSES = 1 << 16


class Options(_common.Options):
    """``path`` of the archive; ``{split}`` in it is replaced by the split's name."""

    path: str


def read(options: Options, split: str, folder: Path) -> Dataset:
    """The archive's samples in their order; without ``ids`` they are ``<file name>-<index>``."""
    path = _common.existing(folder, options.path.replace("{split}", split))
    try:
        arrays = archive.arrays(path)
    except archive.DamagedArchive as error:
        raise PlanError(
            "the archive cannot be read", where=str(path), expected="a .npz file of plain arrays", found=error
        ) from error
    absent = [key for key in ("x", "y") if key not in arrays]
    if absent:
        raise PlanError(
            f"the archive has no array {absent[0]!r}",
            where=str(path),
            expected="arrays x and y, optionally ids and classes",
            found=", ".join(sorted(arrays)) or "(none)",
        )
    x, y = arrays["x"], arrays["y"]
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise PlanError(
            "'y' holds class indices", where=str(path), expected="integers [N]", found=f"{y.dtype} {list(y.shape)}"
        )
    if not (np.issubdtype(x.dtype, np.integer) or np.issubdtype(x.dtype, np.floating)) or x.ndim < 2:
        raise PlanError(
            "'x' holds inputs in real units",
            where=str(path),
            expected="integers or floats [N, ...]",
            found=f"{x.dtype} {list(x.shape)}",
        )
    strange = next((label for label in map(int, y) if not 0 <= label < MOST_CLASSES), None)
    if strange is not None:
        raise PlanError(
            "a label is no index of a class", where=str(path), expected=f"0..{MOST_CLASSES - 1}", found=strange
        )
    labels = y.astype(np.int64)
    name = printable(path.stem)
    usual = {
        "ids": np.array([f"{name}-{index:05d}" for index in range(len(y))], dtype=np.str_),
        "classes": np.arange(int(labels.max(initial=0)) + 1),
    }
    ids, classes = (_text(arrays.get(key, usual[key]), key, str(path)) for key in ("ids", "classes"))
    with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
        inputs = np.ascontiguousarray(x, dtype=np.float32)
    return Dataset(
        name=name,
        split=split,
        classes=tuple(classes),
        ids=np.array(ids, dtype=np.str_),
        labels=labels,
        inputs=inputs,
        naming="stated" if "classes" in arrays else "indices",
    )


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

"""One's own data as a numpy archive: ``x`` [N, ...] inputs in real units, ``y`` [N] class indices, ``ids`` [N]
optional.

``classes`` [C], optional, names the classes; without it the labels are the model's outputs by number. Arrays of Python
objects are refused: loading them would run code.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.data.datasets import _common
from harness.errors import PlanError
from harness.text import printable


class Options(_common.Options):
    """``path`` of the archive; ``{split}`` in it is replaced by the split's name."""

    path: str


def read(options: Options, split: str, folder: Path) -> Dataset:
    """The archive's samples in their order; without ``ids`` they are ``<file name>-<index>``."""
    path = _common.existing(folder, options.path.replace("{split}", split))
    try:
        with np.load(io.BytesIO(_common.content(path)), allow_pickle=False) as archive:
            arrays: dict[str, npt.NDArray[np.generic]] = {key: archive[key] for key in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError) as error:
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
    if not np.issubdtype(y.dtype, np.integer) or y.ndim != 1:
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
    labels = y.astype(np.int64)
    name = printable(path.stem)
    ids = arrays.get("ids", np.array([f"{name}-{index:05d}" for index in range(len(y))]))
    classes = arrays.get("classes", np.arange(int(labels.max(initial=0)) + 1))
    with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
        inputs = np.ascontiguousarray(x, dtype=np.float32)
    return Dataset(
        name=name,
        split=split,
        classes=tuple(str(name) for name in classes),
        ids=ids.astype(np.str_),
        labels=labels,
        inputs=inputs,
        naming="stated" if "classes" in arrays else "indices",
    )

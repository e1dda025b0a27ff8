"""One's own data as text: one sample a row, ``label,value,value,...``; a first row that is no sample names the columns.

The label is a class name or index. ``shape`` says how a row's values are laid out (C order); without it they are flat.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from pydantic import field_validator

from harness.data.dataset import Dataset
from harness.data.datasets import _common
from harness.errors import PlanError


class Options(_common.Options):
    """``path`` with ``{split}``; ``shape`` as ``8x8x1``; ``classes`` as ``yes,no``, else the labels in sorted order."""

    path: str
    shape: str = ""
    classes: str = ""

    @field_validator("shape")
    @classmethod
    def _extents(cls, value: str) -> str:
        if value and not all(part.isdecimal() and int(part) for part in value.split("x")):
            raise ValueError("a shape is written as 8x8x1")
        return value


def read(options: Options, split: str, folder: Path) -> Dataset:
    """The rows in their order; the sample ids are ``<file name>-<row, from 0>``."""
    path = _common.existing(folder, options.path.replace("{split}", split))
    labels, rows = _rows(path)
    shape = tuple(int(part) for part in options.shape.split("x")) if options.shape else (len(rows[0]),)
    if math.prod(shape) != len(rows[0]):
        raise PlanError(
            "a row does not fill the shape", where=str(path), expected=f"{math.prod(shape)} values", found=len(rows[0])
        )
    # Numbers sort as numbers: class 10 is not between 1 and 2.
    order = sorted(set(labels), key=lambda label: (0, int(label), "") if label.isdecimal() else (1, 0, label))
    classes = [name.strip() for name in options.classes.split(",")] if options.classes else order
    strange = sorted(set(labels) - set(classes))
    if strange:
        raise PlanError(
            f"a label is no class: {strange[0]!r}", where=str(path), expected=", ".join(classes), found=strange[0]
        )
    return Dataset(
        name=path.stem,
        split=split,
        classes=tuple(classes),
        ids=np.array([f"{path.stem}-{index:05d}" for index in range(len(rows))]),
        labels=np.array([classes.index(label) for label in labels], dtype=np.int64),
        inputs=np.array(rows, dtype=np.float32).reshape(len(rows), *shape),
    )


def _rows(path: Path) -> tuple[list[str], list[list[float]]]:
    labels: list[str] = []
    rows: list[list[float]] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, cells in enumerate(csv.reader(file), start=1):
                if not cells:
                    continue
                try:
                    values = [float(cell) for cell in cells[1:]]
                except ValueError as error:
                    if number == 1:
                        continue
                    raise PlanError("a cell is not a number", where=f"{path}:{number}", found=error) from error
                if not values or (rows and len(values) != len(rows[0])):
                    expected = f"{len(rows[0])} values" if rows else "label,value,..."
                    raise PlanError(
                        "a row has the wrong length", where=f"{path}:{number}", expected=expected, found=len(values)
                    )
                labels.append(cells[0].strip())
                rows.append(values)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlanError("the file cannot be read", where=str(path), expected="UTF-8 text", found=error) from error
    if not rows:
        raise PlanError(
            "the file has no samples", where=str(path), expected="label,value,... on each row", found="none"
        )
    return labels, rows

"""One's own data as text: one sample a row, ``label,value,value,...``; a first row without any number names the columns.

The label is a class name or index. A value is a plain decimal number: ``1_000``, ``nan``, ``1+2j`` and the digits of other
scripts, which Python would read, are mistakes here. A byte order mark, as spreadsheets write it, is passed over.
``shape`` says how a row's values are laid out (C order); without it they are flat.
"""

from __future__ import annotations

import cmath
import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import field_validator

from harness.data.dataset import Dataset
from harness.data.datasets import _common
from harness.errors import PlanError
from harness.text import printable

_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


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
    order = sorted(set(labels), key=lambda label: (not label.isdecimal(), len(label) * label.isdecimal(), label))
    classes = [name.strip() for name in options.classes.split(",")] if options.classes else order
    strange = sorted(set(labels) - set(classes))
    if strange:
        raise PlanError(
            f"a label is no class: {strange[0]!r}", where=str(path), expected=", ".join(classes), found=strange[0]
        )
    name = printable(path.stem)
    with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
        inputs = np.array(rows, dtype=np.float64).astype(np.float32).reshape(len(rows), *shape)
    return Dataset(
        name=name,
        split=split,
        classes=tuple(classes),
        ids=np.array([f"{name}-{index:05d}" for index in range(len(rows))]),
        labels=np.array([classes.index(label) for label in labels], dtype=np.int64),
        inputs=inputs,
        naming="stated" if options.classes else "seen",
    )


def _rows(path: Path) -> tuple[list[str], list[list[float]]]:
    labels: list[str] = []
    rows: list[list[float]] = []
    first: int | None = None  # the line of the first row
    headed = False
    try:
        with io.StringIO(_common.content(path).decode("utf-8-sig"), newline="") as file:
            for number, cells in enumerate(csv.reader(file), start=1):
                if not cells:
                    continue
                if first is None:
                    first = number
                    headed = _is_head(cells, f"{path}:{number}")
                    if headed:
                        continue
                strange = next((cell for cell in cells[1:] if not _NUMBER.fullmatch(cell)), None)
                if strange is not None:
                    raise PlanError(
                        "a cell is not a number",
                        where=f"{path}:{number}",
                        expected="a decimal number such as 0.5 or -1e-3",
                        found=printable(repr(strange)),
                    )
                values = [float(cell) for cell in cells[1:]]
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
    if not headed:
        _refuse_numbered_columns(labels, rows, f"{path}:{first}")
    return labels, rows


def _is_head(cells: Sequence[str], where: str) -> bool:
    """Whether the first row names the columns: none of its values is a number. Some are: a damaged sample, not passed over."""
    numbers = [cell for cell in cells[1:] if _NUMBER.fullmatch(cell)]
    if not cells[1:] or len(numbers) == len(cells) - 1:
        return False
    strange = next(cell for cell in cells[1:] if not _NUMBER.fullmatch(cell))
    if numbers or not strange.strip() or _reads_as_number(strange):
        raise PlanError(
            "the first row is nearly a sample",
            where=where,
            expected="numbers behind the label, or a name for every column",
            found=f"{len(numbers)} numbers and {printable(repr(strange))}",
            next_step="correct the cell; a first row without any number would be taken for the columns' names",
        )
    return True


def _reads_as_number(cell: str) -> bool:
    """Numbers to Python that are none here: ``1_000``, ``nan``, ``2j``; ``j`` alone is a fine name for a column."""
    try:
        value = complex(cell.strip())
    except ValueError:
        return False
    return any(c.isdigit() for c in cell) or not cmath.isfinite(value)


def _refuse_numbered_columns(labels: list[str], rows: list[list[float]], where: str) -> None:
    """Some tools head columns with 0, 1, 2, ...: taken for a sample, that row would add a class that does not exist."""
    steps = {value - index for index, value in enumerate(rows[0])}
    if len(rows[0]) > 3 and labels.count(labels[0]) == 1 and steps in ({0.0}, {1.0}):
        raise PlanError(
            "the first row looks like numbered columns, not like a sample",
            where=where,
            expected="a sample, or names that are no numbers",
            found=f"class {labels[0]!r} with the values {rows[0][0]:g}, {rows[0][1]:g}, ... and on no other row",
            next_step="remove the row, or name the columns v0, v1, ...",
        )

"""One's own data as text: one sample a row, its label in one column, its values in the others.

A value is a plain decimal number: ``1_000``, ``nan``, ``1+2j`` and the digits of other scripts, which Python would read, are
mistakes here. A first row without any number names the columns. What pandas' ``to_csv`` and spreadsheets write is read as it is:
the unnamed column of row numbers is passed over, byte order marks, semicolons and ``sep=`` lines are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from harness.data.dataset import Dataset
from harness.data.datasets import _common, _own, _table
from harness.errors import PlanError
from harness.text import printable

Column = str | int

EXAMPLE = """\
dataset:
  name: csv
  split: test
  options:
    path: data/gestures.csv     # label,speaker,part,v0,v1,...
    label: label
    group: speaker
    split_column: part
    shape: 20x6
    classes: [left, right, up]
"""


class Options(_own.Own, _table.TextOptions):
    """A file of rows and its columns. A column is named as in the first row, or by its number from 1."""

    path: str = Field(description="The file. {split} in it is replaced by the split's name.")
    label: Column = Field(
        default="", description="The column of the label. Empty: the one named label, else the first."
    )
    targets: tuple[Column, ...] = Field(
        default=(),
        description="The columns of what the outputs should be, real numbers, in place of a label.",
    )
    unlabelled: bool = Field(default=False, description="There are neither labels nor targets: for `task: raw`.")
    columns: tuple[Column, ...] = Field(
        default=(), description="The columns of the values, in this order. Empty: all that no other option names."
    )
    drop: tuple[Column, ...] = Field(default=(), description="Columns to pass over.")
    group: Column = Field(default="", description="The column of what samples share: speaker, subject. Empty: none.")
    sequence: Column = Field(
        default="",
        description="The column of the recording that a row is a step of, for a network with a memory. Empty: none.",
    )
    id: Column = Field(
        default="", description="The column of the sample's id. Empty: the name of the file and the row, from 0."
    )
    split_column: Column = Field(
        default="", description="The column that says of which split a sample is: test, train. Empty: all are."
    )
    shape: _common.Shape = Field(
        default=(), description="How a row's values are laid out (C order): 8x8x1 or [8, 8, 1]. Empty: flat."
    )

    channels: Literal["last", "first"] = Field(
        default="last",
        description="Where the channels are in `shape`: rows of samples [C, H, W], as PyTorch has them, are turned to [H, W, C].",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.channels == "first" and len(self.shape) < 2:
            raise ValueError("'channels: first' turns a 'shape' of two axes or more")
        if sum(map(bool, (self.label, self.targets, self.unlabelled))) > 1:
            raise ValueError("label, targets and unlabelled say the same thing: keep one")
        return self

    @property
    def has_labels(self) -> bool:
        """Whether one of the columns is the label."""
        return not (self.targets or self.unlabelled)


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    if options.split_column != "":
        table, columns = _columns(_common.existing(folder, options.path), options)
        return tuple(dict.fromkeys(row[columns["split_column"]].strip() for row in table.rows))
    return _own.splits_of(options, options.path, folder)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The rows of the split; the sample ids are of the column ``id``, else ``<file name>-<row, from 0>``."""
    if options.split_column != "" and (options.test_share is not None or "{split}" in options.path):
        raise PlanError(
            "the split is said twice",
            where="dataset.options.split_column",
            expected="split_column, test_share or {split} in path",
        )
    path = _common.existing(folder, options.path.replace("{split}", split))
    table, columns = _columns(path, options)
    values = _values(table, columns, options)

    def texts(option: str) -> list[str] | None:
        index = columns.get(option)
        return None if index is None else [row[index].strip() for row in table.rows]

    labels = texts("label")
    if labels is not None and "" in labels:
        raise PlanError("a row has no label", where=table.where(labels.index("")), expected="a class", found="nothing")
    name = printable(path.stem)
    groups = texts("group")
    if groups is not None:
        others = {
            other: _groups(place, options)
            for other, place in _own.siblings(options.path, folder).items()
            if other != split
        }
        _own.refuse_shared({split: groups, **others} if others else {}, str(path), options)
    n = len(table.rows)
    parsed = _numbers(table, values, options)
    targets = [table.column(column, "targets") for column in options.targets]
    if table.head is None and labels is not None:
        _refuse_numbered_columns(labels, parsed, table.where(0))
    shape = options.shape or (len(values),)
    if math.prod(shape) != len(values):
        raise PlanError(
            "a row does not fill the shape", where=str(path), expected=f"{math.prod(shape)} values", found=len(values)
        )

    def inputs(chosen: Sequence[int]) -> _own.Floats:
        found = _as_floats(parsed[np.array(chosen)]).reshape(len(chosen), *shape)
        return np.ascontiguousarray(np.moveaxis(found, 1, -1)) if options.channels == "first" else found

    rows = _own.Rows(
        str(path),
        texts("id") or [f"{name}-{index:05d}" for index in range(n)],
        labels,
        groups,
        texts("split_column"),
        [table.where(row) for row in range(n)],
        _as_floats(_numbers(table, targets, options)) if targets else None,
        texts("sequence"),
    )
    # Numbers sort as numbers: class 10 is not between 1 and 2.
    known = sorted(set(labels or ()), key=lambda label: (not label.isdecimal(), len(label) * label.isdecimal(), label))
    return _own.made(name, split, rows, options, inputs, naming="seen", known=known, first=first)


def _numbers(table: _table.Table, columns: list[int], options: Options) -> npt.NDArray[np.float64]:
    """Those columns of all rows: a damaged cell is told, whichever split it is of."""
    names = [table.head[index] for index in columns] if table.head else None
    parsed = np.empty((len(table.rows), len(columns)))
    for row, cells in enumerate(table.rows):
        parsed[row] = _table.numbers([cells[index] for index in columns], options, table.where(row), names)
    return parsed


def _as_floats(values: npt.NDArray[np.float64]) -> _own.Floats:
    with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
        return values.astype(np.float32)


def _columns(path: Path, options: Options) -> tuple[_table.Table, dict[str, int]]:
    """The table, and where the columns are that are no values."""
    wanted = {option: getattr(options, option) for option in ("label", "group", "sequence", "id", "split_column")}
    asked = [*wanted.values(), *options.targets, *options.columns, *options.drop]
    numbered = [column - 1 for column in wanted.values() if isinstance(column, int)]
    named = any(isinstance(column, str) and column for column in asked)
    table = _table.read(
        path, options, named=named, beside=numbered if options.label != "" or not options.has_labels else [0, *numbered]
    )
    found = {option: table.column(column, option) for option, column in wanted.items() if column != ""}
    if options.has_labels:
        found.setdefault("label", table.head.index("label") if table.head and table.head.count("label") == 1 else 0)
    return table, found


def _values(table: _table.Table, columns: dict[str, int], options: Options) -> list[int]:
    if options.columns:
        return [table.column(column, "columns") for column in options.columns]
    over = {*columns.values(), *(table.column(column, "drop") for column in options.drop)}
    over |= {table.column(column, "targets") for column in options.targets}
    if table.head and not table.head[0]:
        over.add(0)  # pandas' index
    found = [index for index in range(len(table.rows[0])) if index not in over]
    if not found:
        raise PlanError(
            "the rows have no values",
            where=table.where(0),
            expected="label,value,...",
            found=f"{len(table.rows[0])} cells",
        )
    return found


def _groups(path: Path, options: Options) -> list[str]:
    table, columns = _columns(path, options)
    return [row[columns["group"]].strip() for row in table.rows]


def _refuse_numbered_columns(labels: list[str], rows: npt.NDArray[np.float64], where: str) -> None:
    """Some tools head columns with 0, 1, 2, ...: taken for a sample, that row would add a class that does not exist."""
    steps = {float(value) - index for index, value in enumerate(rows[0])}
    if len(rows[0]) > 3 and labels.count(labels[0]) == 1 and steps in ({0.0}, {1.0}):
        raise PlanError(
            "the first row looks like numbered columns, not like a sample",
            where=where,
            expected="a sample, or names that are no numbers",
            found=f"class {labels[0]!r} with the values {rows[0][0]:g}, {rows[0][1]:g}, ... and on no other row",
            next_step="say 'header: yes' if the row names the columns, or remove it",
        )

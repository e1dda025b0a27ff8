"""Recordings in class folders as text: one CSV file a sample, one moment a row, one channel (sensor axis) a column.

Samples are [rows, columns], or [rows] of a file with one column, unless `shape` says otherwise; or what the front end `features`
makes of them (imu: of 400 rows of three accelerations and three turn rates).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.dataset import Dataset
from harness.data.datasets import _array, _features, _folders, _length, _own, _table

SUFFIXES = (".csv", ".tsv", ".txt")

EXAMPLE = """\
dataset:
  name: csv_folders
  split: test
  options:
    path: data/gestures         # data/gestures/circle/take-01.csv, ...
    columns: [ax, ay, az]
    length: 400
    cut: end
    test_share: 0.2
"""


class Options(
    _folders.Folders, _table.TextOptions, _array.ArrayOptions, _length.LengthOptions, _features.FeatureOptions
):
    """Folders of text files, and what is made of each. ``length``, ``pad`` and ``cut`` are of rows, before all else."""

    columns: tuple[str | int, ...] = Field(
        default=(), description="The columns, in this order, by name or by number from 1. Empty: all."
    )


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """The splits that are told apart."""
    return _folders.splits(options, folder, SUFFIXES)


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The split's files; the sample ids are their paths below ``path``."""
    named = any(isinstance(column, str) for column in options.columns)

    def one(path: Path) -> npt.NDArray[np.generic]:
        table = _table.read(path, options, named=named, beside=())
        wanted = [table.column(column, "columns") for column in options.columns] or range(len(table.rows[0]))
        rows = [
            _table.numbers([cells[index] for index in wanted], options, table.where(row))
            for row, cells in enumerate(table.rows)
        ]
        values = _length.fitted(np.array(rows, dtype=np.float64), options, path)
        if options.features:
            return values
        found = _array.as_inputs(values[np.newaxis], options, str(path)).squeeze(axis=0)
        return found.squeeze(axis=1) if found.ndim == 2 and found.shape[1] == 1 and not options.shape else found

    def made(samples: _own.Floats) -> _own.Floats:
        if not options.features:
            return samples
        where = "dataset.options.features"
        return _array.as_inputs(_features.applied(samples, options, where), options, where)

    found = _folders.read(options, split, folder, first, SUFFIXES, one, made)
    return replace(found, level_step=_own.level_step(options, _features.level_step(options)))

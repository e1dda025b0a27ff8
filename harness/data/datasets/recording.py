"""One long recording with what happens in it: sound as a mono .wav of 16 bits, or a sensor's rows as a .csv.

The only sample is all of it, [instants] or [instants, columns], in raw values. For plans with `continuous`, which play it to the
board hop by hop. Annotations are labels as Audacity exports them, or a CSV with columns start, end, label.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data import labels
from harness.data.dataset import Dataset, Event
from harness.data.datasets import _common, _riff, _table
from harness.errors import PlanError

EXAMPLE = """\
dataset:
  name: recording
  options:
    path: data/kitchen.wav
    annotations: data/kitchen.txt  # start, end, label: tabs, seconds
    classes: ["yes", "no"]
"""


class Options(_table.TextOptions):
    """A file, and what happens in it."""

    path: str = Field(min_length=1, description="The recording: a .wav, or a .csv with an instant on each row.")
    annotations: str = Field(default="", description="What happens when in it. Empty: nothing is known.")
    classes: _common.Names = Field(
        default=(), description="The names of the classes, in the order of the model's outputs. Empty: the model's own."
    )
    rate: int = Field(
        default=0,
        ge=0,
        description="Instants a second. 0: as the .wav says; for a .csv it must be given.",
    )
    columns: tuple[str | int, ...] = Field(
        default=(), description="Of a .csv: the columns, in this order, by name or by number from 1. Empty: all."
    )


_ROUNDED_S = 0.01  # a label up to the end may be written with few decimals


def splits(options: Options, folder: Path) -> tuple[str, ...]:
    """None: the file is whichever split is asked for."""
    return ()


def read(options: Options, split: str, folder: Path, first: int | None = None) -> Dataset:
    """The recording as one sample, its id the file's name."""
    path = _common.existing(folder, options.path)
    if path.is_dir():
        raise PlanError(
            "the recording is a folder",
            where=str(path),
            expected="one file, a .wav or a .csv",
            found="a folder",
            next_step="name the file; many short ones are the form wav_folders",
        )
    rate, values = _sound(path, options) if path.suffix.lower() == ".wav" else _rows(path, options)
    events: tuple[Event, ...] | None = None
    if options.annotations:
        events = labels.read(_common.existing(folder, options.annotations))
        _within(events, len(values) / rate, options.annotations)
    return Dataset(
        name="recording",
        split=split,
        classes=options.classes,
        ids=np.array([path.name]),
        labels=np.array([-1], dtype=np.int64),
        inputs=np.ascontiguousarray(values[np.newaxis], dtype=np.float32),
        events=events,
        sample_hz=rate,
    )


def _sound(path: Path, options: Options) -> tuple[int, npt.NDArray[np.float32]]:
    found = _riff.wave(path)
    if options.rate not in (0, found.rate):
        raise PlanError(
            "the recording has another rate",
            where=str(path),
            expected=f"{options.rate} Hz",
            found=f"{found.rate} Hz",
            next_step="resample it, or correct dataset.options.rate",
        )
    if options.columns:
        raise PlanError(
            "a .wav has no columns",
            where="dataset.options.columns",
            expected="columns of a .csv alone",
            found=", ".join(map(str, options.columns)),
            next_step="remove 'columns'",
        )
    if found.values.dtype.kind == "f":
        raise PlanError(
            "the recording is of floats",
            where=str(path),
            expected="whole numbers of 16 bits, as a microphone gives them",
            found="floats of 32 bits",
            next_step="write it anew as 16-bit PCM",
        )
    return found.rate, found.values.astype(np.float32)


def _rows(path: Path, options: Options) -> tuple[int, npt.NDArray[np.float32]]:
    if not options.rate:
        raise PlanError(
            "the rate of the recording is not known",
            where="dataset.options.rate",
            expected="rows a second",
            found=f"{path.name}, which does not say",
            next_step="add it: rate: 200",
        )
    named = any(isinstance(column, str) for column in options.columns)
    table = _table.read(path, options, named=named, beside=())
    wanted = [table.column(column, "columns") for column in options.columns] or list(range(len(table.rows[0])))
    rows = [
        _table.numbers([cells[index] for index in wanted], options, table.where(row))
        for row, cells in enumerate(table.rows)
    ]
    with np.errstate(over="ignore"):  # said below, with the line
        values = np.array(rows, dtype=np.float64).astype(np.float32)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise PlanError(
            "a value is too large",
            where=table.where(int(row)),
            expected="32-bit floats: less than 3.4e38 in size",
            found=f"{rows[row][column]:g}",
            next_step="correct the cell",
        )
    return options.rate, values[:, 0] if values.shape[1] == 1 else values


def _within(events: tuple[Event, ...], length_s: float, name: str) -> None:
    late = next((event for event in events if event.end_s > length_s + _ROUNDED_S), None)
    if late is not None:
        raise PlanError(
            "an annotation ends behind the recording's end",
            where=name,
            expected=f"0..{length_s:.3f} s",
            found=f"{late.name} at {late.start_s:g} to {late.end_s:g} s",
            next_step="are the annotations those of this recording, and in seconds?",
        )

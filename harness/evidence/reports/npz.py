"""``samples.npz``: the arrays of ``Samples`` under their names, without pickle, and the way back.

Those of a model's other outputs are ``outputs.NAME`` and ``reference.NAME``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from harness.disk import archive
from harness.errors import HarnessBug, MisuseError
from harness.evidence.reports import Inputs
from harness.records import Beside, Record, Samples

FILENAME = "samples.npz"
_OPTIONAL = ("decisions", "quiet", "targets", "scores", "origin", "converted", "groups", "digests", "units")
_SIDES = tuple(field.name for field in fields(Beside))


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes | None:
    """The archive; None when no sample was streamed."""
    return None if samples is None else packed(samples)


def packed(samples: Samples) -> bytes:
    """The archive."""
    arrays = {name: array for name, array in vars(samples).items() if array is not None and name != "beside"}
    for name, other in (samples.beside or {}).items():
        arrays |= {f"{side}.{name}": array for side, array in vars(other).items()}
    for name, array in arrays.items():
        if array.dtype == object:  # numpy would pickle it, and whoever loads a pickle runs it
            raise HarnessBug(f"the array {name!r} of the samples holds Python objects", found=array.dtype)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def read_samples(path: Path) -> Samples:
    """The samples in a file, or in a report directory. Raises ``MisuseError`` when it is none of ours."""
    if path.is_dir():
        path = path / FILENAME
    try:
        arrays = archive.arrays(path)
    except archive.DamagedArchive as error:
        raise MisuseError("the samples cannot be read", where=str(path), expected=FILENAME, found=error) from error
    return _samples(arrays, str(path))


def unpacked(file: BinaryIO, where: str) -> Samples:
    """The samples in an open archive; ``where`` it is, for messages. Raises as ``read_samples``."""
    try:
        arrays = archive.arrays_in(file)
    except archive.DamagedArchive as error:
        raise MisuseError("the samples cannot be read", where=where, expected=FILENAME, found=error) from error
    return _samples(arrays, where)


def _samples(found: Mapping[str, Any], where: str) -> Samples:
    arrays = dict(found)
    beside = _beside(arrays)
    needed = {field.name for field in fields(Samples)} - {"beside"}
    if not needed - set(_OPTIONAL) <= arrays.keys() <= needed:
        raise MisuseError(
            "not the arrays of a run",
            where=where,
            expected=", ".join(sorted(needed)),
            found=", ".join(sorted(arrays)),
        )
    return Samples(**arrays, beside=beside)


def _beside(arrays: dict[str, Any]) -> dict[str, Beside] | None:
    """The other outputs, taken out of ``arrays``; one that lacks a side is left there."""
    names = [key.partition(".")[2] for key in arrays if key.startswith(f"{_SIDES[0]}.")]
    found = {
        name: Beside(*(arrays.pop(f"{side}.{name}") for side in _SIDES))
        for name in names
        if all(f"{side}.{name}" in arrays for side in _SIDES)
    }
    return found or None

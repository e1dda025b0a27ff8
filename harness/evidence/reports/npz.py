"""``samples.npz``: the arrays of ``Samples`` under their names, without pickle, and the way back.

Those of a model's other outputs are ``outputs.NAME`` and ``reference.NAME``.
"""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from harness.disk import archive
from harness.errors import HarnessBug, MisuseError
from harness.evidence.reports import Inputs
from harness.records import Beside, Record, Samples

FILENAME = "samples.npz"
_OPTIONAL = ("decisions", "quiet", "targets", "scores", "origin", "converted", "groups", "digests")
_SIDES = tuple(field.name for field in fields(Beside))


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes | None:
    """The archive; None when no sample was streamed."""
    if samples is None:
        return None
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
        arrays: dict[str, Any] = dict(archive.arrays(path))
    except archive.DamagedArchive as error:
        raise MisuseError("the samples cannot be read", where=str(path), expected=FILENAME, found=error) from error
    beside = _beside(arrays)
    needed = {field.name for field in fields(Samples)} - {"beside"}
    if not needed - set(_OPTIONAL) <= arrays.keys() <= needed:
        raise MisuseError(
            "not the arrays of a run",
            where=str(path),
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

"""``samples.npz``: the arrays of ``Samples`` under their names, without pickle, and the way back."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from harness.disk import archive
from harness.errors import HarnessBug, MisuseError
from harness.evidence.reports import Inputs
from harness.records import Record, Samples

FILENAME = "samples.npz"
_OPTIONAL = ("decisions", "quiet")


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes | None:
    """The archive; None when no sample was streamed."""
    if samples is None:
        return None
    arrays = {name: array for name, array in vars(samples).items() if array is not None}
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
    needed = {field.name for field in fields(Samples)}
    if not needed - set(_OPTIONAL) <= arrays.keys() <= needed:
        raise MisuseError(
            "not the arrays of a run",
            where=str(path),
            expected=", ".join(sorted(needed)),
            found=", ".join(sorted(arrays)),
        )
    return Samples(**arrays)

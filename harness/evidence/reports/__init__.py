"""The forms of reports. One file each, each a pure function of the record and its samples.

A form's module has
- ``FILENAME``: what it is called in the report directory;
- ``render(record, samples, inputs) -> bytes | None``: its content; None when there is nothing to say without samples.
  ``inputs`` float32 [N, ...] are the real inputs in the order of ``samples``, for pictures; reports do without them.

``terminal`` is for the screen: it has no file and is not among ``names()``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from harness.records import Record, Samples

Inputs = npt.NDArray[np.float32]


class Report(Protocol):
    """What a module in this folder offers."""

    FILENAME: str

    def render(self, record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes | None:
        """The file's content."""
        ...


def names() -> list[str]:
    """The known forms of files."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return sorted(name for name in found if name != "terminal")


def load(name: str) -> Report:
    """The form of that name, which must be one of ``names()``."""
    return cast(Report, importlib.import_module(f"{__name__}.{name}"))

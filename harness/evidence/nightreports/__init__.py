"""The reports of a rack's night: what is new comes first, faults of the rig stand apart from those of the product.

One file a form, each a pure function of the night's record and the records of its cases. A form's module has
- ``FILENAME``: what it is called in the night's folder, where it takes the place of what any run has there;
- ``render(night, records) -> bytes``: its content; ``records`` by their folder below the night's.

``run.json`` and the strict ``junit.xml`` of a night are those of any run (``runreports``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Protocol, cast

from harness.evidence.nightrecord import NightRecord
from harness.evidence.nightreports._words import headline
from harness.records import Record

__all__ = ["NightReport", "headline", "load", "names"]


class NightReport(Protocol):
    """What a module in this folder offers."""

    FILENAME: str

    def render(self, night: NightRecord, records: Mapping[str, Record]) -> bytes:
        """The file's content."""
        ...


def names() -> list[str]:
    """The known forms."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str) -> NightReport:
    """The form of that name, which must be one of ``names()``."""
    return cast(NightReport, importlib.import_module(f"{__name__}.{name}"))

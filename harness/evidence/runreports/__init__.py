"""The reports of a whole run: which cases there were, what came of each, and where its own reports lie.

One file a form, each a pure function of the run's record and the records of its cases. A form's module has
- ``FILENAME``: what it is called in the run's folder;
- ``render(run, records) -> bytes``: its content; ``records`` by their folder below the run's.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Protocol, cast

from harness.evidence.runrecord import RunRecord
from harness.records import Record


class RunReport(Protocol):
    """What a module in this folder offers."""

    FILENAME: str

    def render(self, run: RunRecord, records: Mapping[str, Record]) -> bytes:
        """The file's content."""
        ...


def names() -> list[str]:
    """The known forms, ``run.json`` last: where it is new, all are."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return sorted(found, key=lambda name: (name == "json_", name))


def load(name: str) -> RunReport:
    """The form of that name, which must be one of ``names()``."""
    return cast(RunReport, importlib.import_module(f"{__name__}.{name}"))

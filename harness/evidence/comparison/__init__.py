"""The reports of ``hil compare``: what changed between two runs, what that cost, and the samples on which it shows.

One file a form, each a pure function of what was compared. A form's module has
- ``FILENAME``: what it is called in the folder that ``--out`` names;
- ``render(compared, shown) -> bytes``: its content; ``shown[i]`` are the arrays and pictures of ``compared.cases[i]``.

``terminal`` is for the screen: it has no file and is not among ``names()``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from harness.evidence.comparison.compared import Compared
from harness.evidence.comparison.pictures import Pictures
from harness.verdict.swap import Side

#: Modules of this folder that are no form of a file.
_OTHERS = frozenset({"cases", "compared", "pictures", "terminal"})


@dataclass(frozen=True)
class Shown:
    """What a report shows of a case beside its figures. ``all_flips``: every one of them, where a few would do."""

    baseline: Side
    candidate: Side
    pictures: Pictures
    all_flips: bool = False


class Report(Protocol):
    """What a module in this folder offers."""

    FILENAME: str

    def render(self, compared: Compared, shown: Sequence[Shown]) -> bytes:
        """The file's content."""
        ...


def names() -> list[str]:
    """The known forms, ``json_`` last: where compare.json is new, all are."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return sorted((name for name in found if name not in _OTHERS), key=lambda name: (name == "json_", name))


def load(name: str) -> Report:
    """The form of that name, which must be one of ``names()``."""
    return cast(Report, importlib.import_module(f"{__name__}.{name}"))


__all__ = ["Compared", "Pictures", "Report", "Shown", "load", "names"]

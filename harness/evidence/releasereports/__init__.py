"""The reports of a release: what each cell came to, and what it rests on.

One file a form, each a pure function of what was found. A form's module has
- ``FILENAME``: what it is called in the release's folder;
- ``render(facts) -> bytes``: its content.

``terminal`` is for the screen: it has no file and is not among ``names()``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

from harness.verdict.release import ReleaseFacts


class ReleaseReport(Protocol):
    """What a module in this folder offers."""

    FILENAME: str

    def render(self, facts: ReleaseFacts) -> bytes:
        """The file's content."""
        ...


def names() -> list[str]:
    """The known forms of files."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return sorted(name for name in found if name != "terminal")


def load(name: str) -> ReleaseReport:
    """The form of that name, which must be one of ``names()``."""
    return cast(ReleaseReport, importlib.import_module(f"{__name__}.{name}"))

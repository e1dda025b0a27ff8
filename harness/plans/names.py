"""Names in messages: what was probably meant, and what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is spelt most like ``name``, or None when none is near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def listed(known: Iterable[str]) -> str:
    """The names in order, for an error's ``expected``; ``(none)`` for an empty list."""
    return ", ".join(sorted(known)) or "(none)"


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """The next step for an unknown name: the near one if there is one, else ``otherwise``."""
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else otherwise

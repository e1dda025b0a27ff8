"""The table of blame, as ``run.blame`` decides by it."""

from __future__ import annotations

import re

from harness.guide.parts._words import code, table
from harness.run import blame


def rows() -> list[tuple[str, ...]]:
    """Row, what was seen, verdict, why."""
    lines = (blame.__doc__ or "").splitlines()
    start = next(i for i, line in enumerate(lines) if line.split()[:1] == ["row"])
    found = (re.split(r"\s{2,}", line.strip()) for line in lines[start + 1 :] if line.strip())
    return [tuple(cells) for cells in found]


def made() -> str:
    """A table."""
    return table(("row", "what was seen", "verdict", "why"), [(code(row), *rest) for row, *rest in rows()])

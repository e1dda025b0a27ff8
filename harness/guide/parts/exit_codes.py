"""Exit statuses of hil and of pytest, from the table that the code uses."""

from __future__ import annotations

from harness import exits


def made() -> str:
    """A table."""
    return exits.markdown()

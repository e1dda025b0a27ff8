"""How hil and pytest end, from the table that both helps show."""

from __future__ import annotations

from harness import exits


def made() -> str:
    """A table."""
    return exits.markdown()

"""Every gate against a baseline that a plan may state."""

from __future__ import annotations

from harness.guide.parts._words import code, table
from harness.verdict.relative import described


def made() -> str:
    """A table."""
    rows = [
        (
            code(one["name"]),
            str(one["unit"]),
            str(one["tasks"]),
            "yes" if one["emulator"] else "no",
            "yes" if one["hardware"] else "no",
            "exact" if one["interval"] == "none" else "by its interval",
            str(one["meaning"]),
        )
        for one in described()
    ]
    return table(("gate", "unit", "task", "emulator", "hardware", "judged", "meaning"), rows)

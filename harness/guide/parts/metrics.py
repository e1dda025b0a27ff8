"""Every measurement that a gate may name."""

from __future__ import annotations

from harness.guide.parts._words import code, table
from harness.verdict.metrics import described


def made() -> str:
    """A table."""
    rows = [
        (
            code(one["name"]),
            str(one["unit"]),
            str(one["tasks"]) if "," not in str(one["tasks"]) else "several",
            "yes" if one["emulator"] else "no",
            "yes" if one["hardware"] else "no",
            str(one["interval"]),
            str(one["meaning"]),
        )
        for one in described()
    ]
    return table(("metric", "unit", "task", "emulator", "hardware", "confidence", "meaning"), rows)

"""Sizes of the firmware and its deepest stack: known exactly, compared exactly. Pure."""

from __future__ import annotations

from harness.records import Record
from harness.verdict.swap.facts import Amount

NAMES = ("flash_bytes", "ram_bytes", "stack_bytes")


def amounts(baseline: Record, candidate: Record) -> tuple[Amount, ...]:
    """Those that either side knows. The stack is the deepest that was seen on these samples."""
    found = []
    for name in NAMES:
        before, after = (None if m is None else m.value for m in (r.measurement(name) for r in (baseline, candidate)))
        if before is not None or after is not None:
            difference = None if before is None or after is None else after - before
            found.append(Amount(name=name, unit="B", before=before, after=after, difference=difference))
    return tuple(found)

"""Sizes of the firmware, known exactly, and the deepest stack that was seen. Pure.

An interrupt of the line that comes where the stack is deep deepens it: one firmware showed 704 B after 50 samples and 752 B after
450. A gate on it should leave room for that.
"""

from __future__ import annotations

from harness.records import Record
from harness.verdict.swap.facts import Amount

NAMES = ("flash_bytes", "ram_bytes", "stack_bytes")
_SEEN = "stack_bytes"


def amounts(baseline: Record, candidate: Record) -> tuple[Amount, ...]:
    """Those that either side knows."""
    found = []
    for name in NAMES:
        before, after = (None if m is None else m.value for m in (r.measurement(name) for r in (baseline, candidate)))
        if before is not None or after is not None:
            difference = None if before is None or after is None else after - before
            found.append(
                Amount(name=name, unit="B", before=before, after=after, difference=difference, exact=name != _SEEN)
            )
    return tuple(found)

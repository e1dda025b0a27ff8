"""The history: what ran, kept for years, in one store for lists, trends, comparisons and gates.

A run is there once, by its ``run_id``, whole or not at all. It is written after its report folder and never instead of it:
where writing fails, ``hil history import`` catches up.
"""

from harness.evidence.history.errors import StoreError
from harness.evidence.history.rows import (
    Cell,
    Figure,
    GateLine,
    Note,
    Point,
    RunRow,
    SessionRow,
    StoredRun,
    TagMove,
    TagRow,
    Wanted,
)
from harness.evidence.history.store import BASE, History

__all__ = [
    "BASE",
    "Cell",
    "Figure",
    "GateLine",
    "History",
    "Note",
    "Point",
    "RunRow",
    "SessionRow",
    "StoreError",
    "StoredRun",
    "TagMove",
    "TagRow",
    "Wanted",
]

"""What goes after a while: old runs that no tag names."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from harness.evidence.history import queries
from harness.evidence.history.rows import RunRow
from harness.evidence.history.tables import runs, tag_runs

_AT_ONCE = 500  # runs in one transaction: writers come through in between


def old(connection: Connection, before: datetime) -> tuple[RunRow, ...]:
    """The runs that began before then and have no tag, oldest first."""
    return tuple(sorted(queries.rows_of(connection, _keys(connection, before, None)), key=lambda row: row.started))


def remove_some(connection: Connection, before: datetime) -> int:
    """Remove some of ``old`` with all that was kept of them; how many. 0: none is left. Tags are looked at once more."""
    keys = _keys(connection, before, _AT_ONCE)
    if keys:
        connection.execute(delete(runs).where(runs.c.key.in_(keys)))
    return len(keys)


def _keys(connection: Connection, before: datetime, limit: int | None) -> list[int]:
    tagged = select(tag_runs.c.run_key)
    found = select(runs.c.key).where(runs.c.started < before, runs.c.key.not_in(tagged))
    return list(connection.execute(found.order_by(runs.c.started).limit(limit)).scalars())

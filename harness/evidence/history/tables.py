"""The tables of the store as this version knows them. ``migrations`` makes and changes them; a test holds the two together.

All have the prefix ``hil_``: a team's database may hold other things too. What a run was lies in ``hil_attempts`` and is never
altered; ``hil_runs`` has one row a run for lists and filters, taken from the attempt that stands.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

#: Where alembic keeps which schema the store has.
VERSION_TABLE: Final = "hil_schema"


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone. SQLite keeps no zone: there it is UTC as text, which sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way in: UTC."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way out: UTC, and saying so."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts up an INTEGER key by itself, and no other type.
_Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, **more: Any) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="", **more)


def _of_run(**more: Any) -> Column[int]:
    return Column("run_key", _Key, ForeignKey("hil_runs.key", ondelete="CASCADE"), nullable=False, **more)


runs = Table(
    "hil_runs",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),  # how many there are
    Column("standing", Integer, nullable=False),  # the number of the one that this row tells of
    _text("session"),
    _text("case_id"),
    _text("plan"),
    _text("board"),
    _text("model"),
    _text("unit"),
    _text("backend"),
    _text("evidence"),
    _text("verdict"),
    _text("reasons"),  # a JSON list
    Column("started", UtcDateTime, nullable=False),
    Column("finished", UtcDateTime, nullable=False),
    Column("n", Integer, nullable=False),
    _text("metric"),  # the headline: accuracy where there is one
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    _text("measured_in"),  # the unit of these
    _text("engine"),
    _text("elf_sha256"),
    _text("model_sha256"),
    _text("dataset_sha256"),
    _text("folder"),
    _text("host"),
    _text("harness_version"),
    Column("added", UtcDateTime, nullable=False),
)

# Each filter of a list gives its newest rows without a look at the others; the one by cell also feeds trends and the matrix.
Index("ix_hil_runs_started", runs.c.started)
Index("ix_hil_runs_cell", runs.c.plan, runs.c.board, runs.c.model, runs.c.started)
Index("ix_hil_runs_session", runs.c.session, runs.c.started)
for _name in ("plan", "board", "model", "unit", "verdict", "evidence"):
    Index(f"ix_hil_runs_{_name}", runs.c[_name], runs.c.started)

attempts = Table(
    "hil_attempts",
    metadata,
    Column("key", _Key, primary_key=True),
    _of_run(),
    Column("number", Integer, nullable=False),  # from 1 on, in the order in which they came here
    Column("digest", Text, nullable=False),  # of record and samples: the same twice is one attempt
    _text("session"),
    _text("folder"),
    Column("added", UtcDateTime, nullable=False),
    Column("record", LargeBinary, nullable=False),  # record.json, zlib
    Column("samples", LargeBinary),  # samples.npz without what `packing` leaves out
    UniqueConstraint("run_key", "digest"),
    UniqueConstraint("run_key", "number"),
)

measurements = Table(
    "hil_measurements",
    metadata,
    _of_run(primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Float),  # NULL: not a number, which SQLite cannot hold
    Column("unit", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("low", Float),
    Column("high", Float),
    # Rows lie in the order of the key: a run's measurements are beside each other.
    sqlite_with_rowid=False,
)

gates = Table(
    "hil_gates",
    metadata,
    _of_run(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("metric", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("limit", Float, nullable=False),
    Column("value", Float),
    Column("passed", Boolean),
    _text("needs"),
    Column("confidence", Float),
    _text("reason"),
    sqlite_with_rowid=False,
)

#: What a list is searched by, small and beside each other: a look at every run must not read every row of ``hil_runs``.
words = Table(
    "hil_words",
    metadata,
    _of_run(primary_key=True),
    Column("words", Text, nullable=False),  # run id first, then case, session, unit, host and reasons, in lower case
    sqlite_with_rowid=False,
)

notes = Table(
    "hil_notes",
    metadata,
    Column("key", _Key, primary_key=True),
    _of_run(index=True),
    Column("at", UtcDateTime, nullable=False),
    _text("by"),
    Column("text", Text, nullable=False),
)

tags = Table(
    "hil_tags",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    _text("by"),
)

tag_runs = Table(
    "hil_tag_runs",
    metadata,
    Column("tag", Text, ForeignKey("hil_tags.name", ondelete="CASCADE"), primary_key=True),
    # No cascade: a run that is tagged cannot be removed.
    Column("run_key", _Key, ForeignKey("hil_runs.key"), primary_key=True, index=True),
)

tag_moves = Table(
    "hil_tag_moves",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("tag", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    _text("by"),
    Column("run_ids", Text, nullable=False),  # a JSON list of what it names since then; [] where it was taken away
)

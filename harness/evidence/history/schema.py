"""Which schema the store has, and bringing it to the one of this version."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from harness.evidence.history import engine as db
from harness.evidence.history.errors import StoreError
from harness.evidence.history.tables import VERSION_TABLE

#: The newest revision in ``migrations``. Revisions are counted: a greater one is a newer hil's.
SCHEMA: Final = "0001"
_MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"


def prepare(engine: Engine) -> None:
    """See that the store has this version's schema: made where there is none, changed where it is older.

    ``StoreError`` when it is newer, in one line; it is not touched then.
    """
    with db.reading(engine) as connection:
        found = _found(connection)
    if found == SCHEMA:
        return
    _refuse_newer(found, engine)
    with db.making(engine):
        db.write(engine, _upgrade)


def _upgrade(connection: Connection) -> None:
    db.hold_schema(connection)
    found = _found(connection)  # another process may have come first
    if found == SCHEMA:
        return
    _refuse_newer(found, connection.engine)
    upgrade(connection, SCHEMA)


def upgrade(connection: Connection, revision: str) -> None:
    """Run the migrations up to ``revision`` in the transaction that the connection has begun."""
    # Only where there is something to change: it takes a third of a second to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _found(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def _refuse_newer(found: str | None, engine: Engine) -> None:
    if found is not None and not (found.isdecimal() and found < SCHEMA):
        raise StoreError(
            f"the history {db.shown(engine.url)} is a newer hil's: it has schema {found}, this one reads up to {SCHEMA}; update hil"
        )

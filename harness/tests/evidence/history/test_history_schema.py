"""The schema from the first one on: made, changed, refused."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from history_runs import a_record, some_samples
from sqlalchemy import create_engine, make_url, text

from harness.evidence.history import History, StoreError, schema
from harness.evidence.history import engine as db
from harness.evidence.history.tables import VERSION_TABLE, metadata


@contextmanager
def raw(url):
    """A transaction beside the store."""
    engine = create_engine(db.url_of(url, None))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def revisions():
    config = Config()
    config.set_main_option("script_location", str(schema._MIGRATIONS))
    return [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def test_the_newest_migration_is_the_schema_of_this_version():
    found = revisions()
    assert found[-1] == schema.SCHEMA
    assert found == [f"{i:04}" for i in range(1, len(found) + 1)]  # they are counted: a newer hil's is greater


def test_the_migrations_make_the_tables_that_the_code_speaks_of(url):
    History.open(url).close()
    with raw(url) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("before", revisions())
def test_a_store_of_every_earlier_schema_is_brought_to_this_one_with_what_it_holds(url, before):
    """Each revision is made by its own migrations; what only a later one has is left empty by the rows put in here."""
    engine = db.connect(db.url_of(url, None), patience_s=1)
    db.write(engine, lambda connection: schema.upgrade(connection, before))
    columns = "run_id, attempts, standing, case_id, reasons, started, finished, n, added"
    moment = "'2026-03-01 12:00:00'"
    insert = f"INSERT INTO hil_runs ({columns}) VALUES ('old', 1, 1, 'a/b/c', '[]', {moment}, {moment}, 3, {moment})"
    db.write(engine, lambda connection: connection.execute(text(insert)))
    engine.dispose()
    with History.open(url) as history:
        assert history.add(a_record(), some_samples(), session="s")
        assert {row.run_id for row in history.runs()} == {"old", a_record().run_id}
    with raw(url) as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all() == [schema.SCHEMA]


@pytest.mark.parametrize("found", ["9999", f"{int(schema.SCHEMA) + 1:04d}", "a1b2c3"])
def test_a_newer_store_is_refused_in_one_line_and_left_alone(url, found):
    with History.open(url) as history:
        history.add(a_record(), None, session="s")
    with raw(url) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :found"), {"found": found})
    with pytest.raises(StoreError) as error:
        History.open(url)
    assert str(error.value).count("\n") == 0
    assert f"it has schema {found}, this one reads up to {schema.SCHEMA}" in str(error.value)
    with raw(url) as connection:
        assert connection.execute(text("SELECT count(*) FROM hil_runs")).scalar() == 1
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :found"), {"found": schema.SCHEMA})
    with History.open(url) as history:
        assert history.count() == 1


def test_a_store_of_this_schema_is_opened_without_alembic(tmp_path):
    """It takes a third of a second to import, and every run would pay it."""
    url = f"sqlite:///{tmp_path}/history.db"
    History.open(url).close()
    code = (
        "import sys; from harness.evidence.history import History\n"
        f"with History.open({url!r}) as history: history.count()\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_sqlite_store_lets_readers_and_a_writer_work_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/a folder/history.db"
    History.open(url).close()
    engine = db.connect(db.url_of(url, None), patience_s=1)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "auto_vacuum", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "auto_vacuum": 2, "foreign_keys": 1, "busy_timeout": 1000}


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres://me@host/x", "postgresql+psycopg"),
        ("postgresql://me@host/x", "postgresql+psycopg"),
        ("postgresql+psycopg://me@host/x", "postgresql+psycopg"),
        ("sqlite:///x.db", "sqlite"),
        ("", "sqlite"),
    ],
)
def test_addresses_are_read_as_people_write_them(given, driver, tmp_path):
    assert db.url_of(given, tmp_path).drivername == driver


def test_no_message_shows_a_password():
    from harness.errors import HilError, MisuseError

    assert "secret" not in db.shown(make_url("postgresql+psycopg://me:secret@host/x"))
    for bad in ("me:secret@host", "oracle+nothing://me:secret@host/x", "postgresql://me:secret@%zz:port/x"):
        with pytest.raises(HilError) as error:
            History.open(bad)
        assert isinstance(error.value, MisuseError)
        assert "secret" not in str(error.value)

"""The database behind the store: where it is, how it is opened, and how something is written to it whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from harness.clock import Deadline, SystemClock
from harness.disk import locks
from harness.errors import MisuseError
from harness.evidence import runs
from harness.evidence.database import OFF, VARIABLE
from harness.evidence.history.errors import StoreError

FILENAME: Final = "history.db"
#: How long a writer waits for others. Twenty at once need a second; a store that is locked for longer is told as such.
PATIENCE_S: Final = 20.0
_TRIES: Final = 4
_POLL_S: Final = 0.02
_CACHE_KIB: Final = 64 * 1024  # at most; SQLite's own 2 MB are read anew by every page of a large store
_CONNECT_S: Final = 5
_ADVISORY_LOCK: Final = 0x68696C  # "hil": whoever makes or changes the schema on PostgreSQL holds it

_T = TypeVar("_T")


def url_of(given: str | None, base: Path) -> URL:
    """Where the store is: as given, as ``HIL_DB`` says, else ``history.db`` in ``base``. ``MisuseError`` for what is no URL."""
    text_ = (given if given is not None else os.environ.get(VARIABLE, "")).strip()
    if not text_ or text_.lower() == OFF:
        return URL.create("sqlite", database=str(base.absolute() / FILENAME))
    try:
        url = make_url(text_)
    except (ArgumentError, ValueError) as error:
        raise MisuseError(
            "this is not the address of a database",
            where=VARIABLE,
            expected="sqlite:////PATH/history.db, postgresql://USER:PASSWORD@HOST/NAME, or off",
            found=repr(text_.rpartition("@")[2]),  # what stands before it may be a password
            next_step="hil guide history",
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    return url


def shown(url: URL) -> str:
    """The address for people, without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.render_as_string(hide_password=True)


def connect(url: URL, *, patience_s: float) -> Engine:
    """The engine. Nothing is connected yet. ``MisuseError`` when its driver is not installed."""
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url, patience_s)
        more: dict[str, Any] = {}
        if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
            more["connect_args"] = {"connect_timeout": _CONNECT_S}
        return create_engine(url, pool_pre_ping=True, **more)
    except (NoSuchModuleError, ModuleNotFoundError, ArgumentError) as error:
        raise MisuseError(
            "the history's database needs what is not installed",
            where=shown(url),
            found=error,
            next_step="pip install 'hil[postgres]' for PostgreSQL; SQLite and PostgreSQL are the tested ones",
        ) from error


def make_place(url: URL) -> None:
    """The folder of a SQLite file, if it is not there yet. ``StoreError`` when it cannot be made."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    folder = Path(url.database).parent
    try:
        runs.make_base(folder)
    except OSError as error:
        raise StoreError(
            "the history's folder cannot be made",
            where=str(folder),
            found=error,
            next_step="name another database by HIL_DB, or HIL_DB=off",
        ) from error


def is_absent(url: URL) -> bool:
    """Whether it is a SQLite file that is not there."""
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(url.database or "").exists()


def _sqlite(url: URL, patience_s: float) -> Engine:
    if not url.database or url.database == ":memory:":
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    elif "timeout" in url.query:
        engine = create_engine(url)
    else:
        engine = create_engine(url, connect_args={"timeout": patience_s})

    @event.listens_for(engine, "connect")
    def _begin_ourselves(connection: sqlite3.Connection, _: object) -> None:
        # Python's sqlite3 begins a transaction when it sees fit, and never one that holds the lock from its start.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock before it reads: two that both have read could both not go on.
        writes = connection.get_execution_options().get("hil_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextlib.contextmanager
def making(engine: Engine) -> Iterator[None]:
    """While the schema is made or changed: of the processes of this host, one at a time makes a SQLite file ready for many.

    ``StoreError`` when another one needs longer than it may.
    """
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        yield
        return
    clock = SystemClock()
    patience = Deadline.after(clock, PATIENCE_S)
    with told(engine.url):
        while (lock := locks.take(Path(f"{path}.making"))) is None:
            if patience.passed:
                raise StoreError(
                    "another process makes the history, and does not end",
                    where=path,
                    next_step="end it; what is missing then comes in by `hil history import`",
                )
            clock.sleep_s(_POLL_S)
        with lock:
            _make_ready_for_many(engine)
            yield


def _make_ready_for_many(engine: Engine) -> None:
    """Readers and a writer do not wait for each other (WAL), and what is pruned is given back to the disk."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        if driver.execute("PRAGMA page_count").fetchone()[0] == 0:
            driver.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has to come before the first page
        driver.execute("PRAGMA journal_mode = WAL")


def give_back(engine: Engine) -> None:
    """What was removed from a SQLite file makes it smaller. PostgreSQL does the like by itself."""
    if engine.dialect.name == "sqlite":
        with told(engine.url), engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.executescript("PRAGMA incremental_vacuum")  # execute would step once: one page
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the store. ``StoreError`` for what the database says."""
    with told(engine.url), engine.connect() as connection:
        yield connection


def write(engine: Engine, work: Callable[[Connection], _T]) -> _T:
    """``work`` in one transaction: all of it is written, or nothing. It is called again when others were in the way.

    ``StoreError`` for what the database says, also after some tries.
    """
    patience = Deadline.after(SystemClock(), PATIENCE_S)
    with told(engine.url):
        for left in reversed(range(_TRIES)):
            try:
                with engine.connect().execution_options(hil_writes=True) as connection, connection.begin():
                    return work(connection)
            except DBAPIError as error:
                if not left or patience.passed or not _may_pass(error):
                    raise
    raise AssertionError("the last try returns or raises")


def hold_schema(connection: Connection) -> None:
    """Wait until nobody else makes or changes the schema. SQLite's writers have the lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


@contextlib.contextmanager
def told(url: URL) -> Iterator[None]:
    """What a database raises, as a ``StoreError`` in few words."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        words = " ".join(str(cause).split())[:300]
        raise StoreError(
            f"the history cannot be used: {words}", where=shown(url), next_step=_next_step(words)
        ) from error


def _next_step(words: str) -> str:
    if "locked" in words:
        return "another program holds it: try again when that has ended"
    if "full" in words:
        return "make room on the disk"
    if "not a database" in words or "malformed" in words:
        return "put it aside; `hil history import hil-reports` makes a new one of the reports"
    return "see that it is there and may be written to"


def _may_pass(error: DBAPIError) -> bool:
    """Whether another writer was in the way: the same run at once, a lock, a transaction that PostgreSQL gave up."""
    if isinstance(error, IntegrityError):
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        # Most come after the patience of the connection; some at once, as after another process was killed.
        return bool(code & 0xFF == sqlite3.SQLITE_BUSY)
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")

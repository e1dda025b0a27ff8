"""The history: an append-only store of runs, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final

from sqlalchemy import URL, Engine, insert

from harness.clock import Clock, SystemClock
from harness.errors import MisuseError
from harness.evidence import layout
from harness.evidence.history import adding, naming, pruning, queries, schema
from harness.evidence.history import engine as db
from harness.evidence.history.rows import (
    Cell,
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
from harness.evidence.history.tables import notes
from harness.records import Record, Samples
from harness.text import printable

BASE: Final = Path(layout.BASE)
_LONGEST_NOTE: Final = 10_000
_MOST_POINTS: Final = 2_000
_ANY: Final = Wanted()


class History:
    """An open store. A context manager; every method is one transaction on a connection of its own, from any thread.

    Each raises ``StoreError`` when the database refuses, and then nothing was changed.
    """

    def __init__(self, engine: Engine, where: str, clock: Clock) -> None:
        self._engine = engine
        self.where = where  # for people, without a password
        self._clock = clock

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        base: Path = BASE,
        create: bool = True,
        clock: Clock | None = None,
        patience_s: float = db.PATIENCE_S,
    ) -> History:
        """The store at ``url``; None: where ``HIL_DB`` says, else ``history.db`` in ``base``.

        It is made when absent, and brought to this version's schema when older. ``create`` False: one that is absent is
        taken to be empty, and nothing is made. ``patience_s``: how long SQLite waits for other writers. ``StoreError`` when
        it cannot be opened or is of a newer hil, ``MisuseError`` for what is no URL or has no driver here.
        """
        place = db.url_of(url, base)
        where = db.shown(place)
        if not create and db.is_absent(place):
            place = URL.create("sqlite")
        else:
            db.make_place(place)
        engine = db.connect(place, patience_s=patience_s)
        try:
            schema.prepare(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, where, clock or SystemClock())

    def close(self) -> None:
        """Let go of the database. May be called again."""
        self._engine.dispose()

    def __enter__(self) -> History:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, record: Record, samples: Samples | None, *, session: str, folder: str = "") -> bool:
        """Keep a run, whole or not at all. False: it is there with the same content.

        ``session`` is the run of pytest or hil that it is of, ``folder`` where its reports lie. The id of a run that was
        broken off and gone on with comes again with another record: both are kept, the one that ended last is shown.
        """
        parcel = adding.pack(record, samples, session=session, folder=folder, at=self._clock.now())
        return db.write(self._engine, lambda connection: adding.add(connection, parcel))

    def load(self, run_id: str, attempt: int | None = None) -> StoredRun:
        """A run as it was written; ``attempt``, from 1 on: not the one that stands. ``MisuseError`` for an unknown id."""
        with db.reading(self._engine) as connection:
            return adding.load(connection, run_id, attempt, self.where)

    def attempts(self, run_id: str) -> list[tuple[str, str, Record, Samples | None]]:
        """Everything that was written under a run's id, in the order in which it came: session, folder, record, samples."""
        with db.reading(self._engine) as connection:
            return adding.attempts_of(connection, run_id, self.where)

    def known(self, run_ids: Sequence[str]) -> dict[str, datetime]:
        """Those of the ids that are there, with when the run ended."""
        with db.reading(self._engine) as connection:
            return queries.ended(connection, run_ids)

    def runs(self, want: Wanted = _ANY, *, limit: int | None = 100, offset: int = 0) -> list[RunRow]:
        """Runs in short, the newest first."""
        with db.reading(self._engine) as connection:
            return queries.some_runs(connection, want, limit, offset)

    def seconds(self, case_ids: Sequence[str]) -> dict[str, float]:
        """How long those cases took, by id, of those that were judged before: the median of the newest few runs."""
        with db.reading(self._engine) as connection:
            return queries.seconds(connection, case_ids)

    def count(self, want: Wanted = _ANY) -> int:
        """How many there are."""
        with db.reading(self._engine) as connection:
            return queries.count(connection, want)

    def sessions(self, limit: int | None = 100, *, offset: int = 0) -> list[SessionRow]:
        """Runs of pytest and hil, the newest first."""
        with db.reading(self._engine) as connection:
            return queries.sessions(connection, limit, offset)

    def cells(self, want: Wanted = _ANY) -> list[Cell]:
        """Every plan on every board with every model: its newest run, and the headline of up to 20 runs."""
        with db.reading(self._engine) as connection:
            return queries.cells(connection, want)

    def cell_names(self, want: Wanted = _ANY) -> list[tuple[str, str, str]]:
        """(plan, board, model) of every cell, in this order: much sooner than ``cells``."""
        with db.reading(self._engine) as connection:
            return queries.cell_names(connection, want)

    def trend(self, metric: str, want: Wanted = _ANY, *, limit: int | None = _MOST_POINTS) -> list[Point]:
        """The newest ``limit`` values of a measurement, oldest first. Empty for a metric that nothing has measured."""
        with db.reading(self._engine) as connection:
            return queries.trend(connection, metric, want, limit)

    def metrics(self, want: Wanted = _ANY, *, newest: int = 200) -> list[str]:
        """The names of the measurements of the newest runs."""
        with db.reading(self._engine) as connection:
            return queries.metrics(connection, want, newest)

    def gate_lines(self, metric: str, want: Wanted = _ANY) -> list[GateLine]:
        """The limits that the plans have put on a metric in their newest runs."""
        with db.reading(self._engine) as connection:
            return queries.gate_lines(connection, metric, want)

    def resolve(self, reference: str) -> tuple[RunRow, ...]:
        """The runs that ``latest``, a tag, a session, a run id or an unambiguous prefix (4 letters or more) of one names.

        Of a session each case's last. ``MisuseError`` for a name of nothing, naming what is near.
        """
        with db.reading(self._engine) as connection:
            return naming.resolve(connection, reference)

    def tag(self, name: str, run_ids: Sequence[str], *, force: bool = False, by: str = "") -> None:
        """Let ``name`` mean those runs from now on. What it meant before is kept among its moves.

        ``MisuseError`` for a name that is none or is taken by a run, for unknown runs, and, without ``force``, for a tag
        that names others.
        """
        by, at = printable(by), self._clock.now()
        db.write(
            self._engine, lambda connection: naming.tag(connection, name, list(run_ids), force=force, by=by, at=at)
        )

    def untag(self, name: str, *, by: str = "") -> None:
        """Take a tag away; its runs stay, and its moves. ``MisuseError`` when there is none."""
        by, at = printable(by), self._clock.now()
        db.write(self._engine, lambda connection: naming.untag(connection, name, by=by, at=at))

    def tags(self) -> list[TagRow]:
        """Every tag, by name."""
        with db.reading(self._engine) as connection:
            return naming.all_tags(connection)

    def note(self, run_id: str, text: str, *, by: str = "") -> None:
        """Keep what a person says of a run. ``MisuseError`` for an unknown run, and a text that is empty or too long."""
        words = printable(text).strip()
        if not 0 < len(words) <= _LONGEST_NOTE:
            raise MisuseError(
                "a note has some words",
                expected=f"1 to {_LONGEST_NOTE:,} letters",
                found=len(words),
                next_step="say it in so many",
            )
        at = self._clock.now()
        with db.reading(self._engine) as connection:
            keys = queries.keys_of(connection, [run_id])
        if run_id not in keys:
            raise MisuseError(
                "the history has no such run", where=self.where, found=run_id, next_step="hil history list"
            )
        row = {"run_key": keys[run_id], "at": at, "by": printable(by), "text": words}
        db.write(self._engine, lambda connection: connection.execute(insert(notes), [row]))

    def take_notes(self, run_id: str, said: Sequence[Note]) -> None:
        """Notes of the same run from another store; those that are here already are not doubled."""
        if said:
            db.write(self._engine, lambda connection: naming.take_notes(connection, run_id, said))

    def take_tag(self, name: str, moves: Sequence[TagMove]) -> bool:
        """A tag with its moves from another store. False: it is here and means the same. ``MisuseError``: it means others here."""
        return db.write(self._engine, lambda connection: naming.take_tag(connection, name, moves))

    def old(self, keep: timedelta) -> tuple[RunRow, ...]:
        """What ``prune`` would remove: runs that began longer ago than ``keep`` and have no tag, oldest first."""
        with db.reading(self._engine) as connection:
            return pruning.old(connection, self._clock.now() - keep)

    def prune(self, keep: timedelta) -> int:
        """Remove ``old`` runs with all that is kept of them; how many. A tagged run is never removed."""
        before = self._clock.now() - keep
        removed = 0
        while n := db.write(self._engine, lambda connection: pruning.remove_some(connection, before)):
            removed += n
        db.give_back(self._engine)
        return removed

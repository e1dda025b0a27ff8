"""Many processes write at once, and some are killed while they do: no run is lost, none is there twice, none by half."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from contextlib import suppress

import pytest
from history_runs import a_record, some_samples
from sqlalchemy import create_engine, text

from harness.evidence.history import History, adding
from harness.evidence.history import engine as db

FULL = os.environ.get("HIL_FULL") == "1"
WRITERS, RUNS_OF_ALL, KILLS = (20, 1000, 50) if FULL else (4, 24, 3)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked: they start at once")
_fork = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


def check_whole(url, least):
    """The store is readable, everything in it is whole, and what was acknowledged is there."""
    with History.open(url) as history:
        rows = history.runs(limit=None)
        assert {row.run_id for row in rows} >= least
        assert max(Counter(row.run_id for row in rows).values(), default=1) == 1
        for row in rows:
            found = history.load(row.run_id)
            assert (found.record.run_id, len(found.samples.ids)) == (row.run_id, 5)
        assert len(history.trend("accuracy", limit=None)) == len(history.trend("flash_bytes", limit=None)) == len(rows)
    engine = create_engine(db.url_of(url, None))
    with engine.connect() as connection:
        for table in ("hil_attempts", "hil_gates"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == len(rows)
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()
    return rows


def write_some(url, numbers, together):
    together.wait()
    with History.open(url) as history:
        for number in numbers:
            assert history.add(a_record(number), some_samples(), session=f"s{number % 7}") or not number
        history.add(a_record(0), some_samples(), session="s0")  # what all of them write is written once


def test_many_writers_at_once_make_the_store_lose_nothing_and_double_nothing(url):
    share = RUNS_OF_ALL // WRITERS
    together = _fork.Barrier(WRITERS)
    writers = [
        _fork.Process(target=write_some, args=(url, range(i * share, (i + 1) * share), together))
        for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    assert len(check_whole(url, {a_record(i).run_id for i in range(RUNS_OF_ALL)})) == RUNS_OF_ALL


def write_and_tell(url, first, pipe):
    with History.open(url) as history:
        for number in range(first, first + 10_000):
            history.add(a_record(number), some_samples(), session="s")
            pipe.send(number)


def test_a_writer_that_is_killed_leaves_no_half_run(url):
    acknowledged = set()
    for kill in range(KILLS):
        reader, writer = _fork.Pipe(duplex=False)
        child = _fork.Process(target=write_and_tell, args=(url, kill * 10_000, writer))
        child.start()
        writer.close()
        # It is killed while it writes the next one, each time at another place.
        for _ in range(kill % 4 + 1):
            acknowledged.add(a_record(reader.recv()).run_id)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        with suppress(EOFError):
            while True:
                acknowledged.add(a_record(reader.recv()).run_id)
        reader.close()
        check_whole(url, acknowledged)


def die_between(url):
    ours = adding._write_figures

    def die(*arguments):
        ours(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    adding._write_figures = die
    with History.open(url) as history:
        history.add(a_record(1), some_samples(), session="s")


def test_a_writer_that_is_killed_between_two_tables_has_written_nothing(url):
    with History.open(url) as history:
        history.add(a_record(0), some_samples(), session="s")
    child = _fork.Process(target=die_between, args=(url,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    (row,) = check_whole(url, {a_record(0).run_id})
    assert row.run_id == a_record(0).run_id
    with History.open(url) as history:
        assert history.add(a_record(1), some_samples(), session="s")

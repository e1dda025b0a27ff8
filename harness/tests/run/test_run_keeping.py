"""Runs go into the history by themselves, and whatever is wrong with it, reports and verdicts stand."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from harness.evidence import read_record
from harness.evidence.history import History
from harness.evidence.history.importing import bring_in
from harness.records import Record, Verdict
from harness.run.notes import CaseResult
from harness.run.whole import Whole


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIL_DB", raising=False)
    return tmp_path


def a_case(run_id="a1b2c3d4", model="small"):
    """A case that has just ended, and streamed nothing."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    record = Record(
        run_id=run_id,
        case_id=f"digits/b1/{model}",
        started=now,
        finished=now,
        verdict=Verdict.ERROR,
        reasons=("the port vanished",),
        plan="digits",
        board="b1",
        model=model,
        unit=None,
        backend="probe",
        evidence="hardware",
        firmware=None,
        dataset=None,
        reference=None,
        link=None,
    )
    return CaseResult(record, None)


def ran(root, *cases, keep=True, **how):
    """A run that leaves these cases; what is told at its end."""
    whole = Whole.new(root, ["hil", "run"], **how)
    whole.begin()
    for case in cases:
        folder = root / case.record.case_id
        case.write(folder)
        if keep:
            whole.keep(case, folder)
    told = whole.end(0)
    whole.release()
    return told


def rows(base):
    with History.open(base=base, create=False) as history:
        return history.runs()


def test_a_case_is_in_the_history_before_the_run_ends(here):
    root = here / "hil-reports" / "20260301T120000Z-7"
    case = a_case()
    whole = Whole.new(root, ["hil", "run"])
    whole.begin()
    case.write(root / case.record.case_id)
    whole.keep(case, root / case.record.case_id)
    (row,) = rows(here / "hil-reports")
    assert (row.run_id, row.session, row.folder) == (
        case.record.run_id,
        root.name,
        f"{root.name}/{case.record.case_id}",
    )
    assert whole.end(0) is None
    assert len(rows(here / "hil-reports")) == 1


def test_what_a_worker_could_not_write_is_written_when_the_run_is_summed_up(here):
    assert ran(here / "hil-reports" / "20260301T120000Z-7", a_case(), keep=False) is None
    assert len(rows(here / "hil-reports")) == 1


def test_a_run_that_reports_elsewhere_is_in_the_projects_history_under_when_it_began(here):
    for _ in range(2):
        assert ran(here / "out", a_case()) is None
    (row,) = {row.run_id: row for row in rows(here / "hil-reports")}.values()
    command = json.loads((here / "out" / "run.json").read_text())["earlier"][0]
    began = datetime.fromisoformat(command["started"])
    assert row.session == f"{began:%Y%m%dT%H%M%SZ}-{command['process']}"
    assert row.folder == (here / "out" / row.case_id).as_posix()
    assert (here / "hil-reports" / ".gitignore").is_file()


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_run_can_leave_nothing(here, monkeypatch, how):
    if how == "environment":
        monkeypatch.setenv("HIL_DB", "off")
    assert ran(here / "out", a_case(), history=how != "option") is None
    assert not (here / "hil-reports").exists()


def damaged(base, monkeypatch):
    (base / "history.db").write_bytes(b"this is no database at all" * 100)


def newer(base, monkeypatch):
    with History.open(base=base), sqlite3.connect(base / "history.db") as connection:
        connection.execute("UPDATE hil_schema SET version_num = '9999'")


def gone(base, monkeypatch):
    monkeypatch.setenv("HIL_DB", "postgresql://hil@/x?host=/nonexistent")


def full(base, monkeypatch):
    def no_room(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("harness.evidence.history.adding.add", no_room)


def broken(base, monkeypatch):
    monkeypatch.setattr("harness.evidence.history.adding.add", lambda *_: {}["a fault of ours"])


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (damaged, "file is not a database"),
        (newer, "is a newer hil's: it has schema 9999, this one reads up to 0001"),
        (gone, "the history cannot be used"),
        (full, "database or disk is full"),
        (broken, "hil itself is at fault: KeyError"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_trouble_with_the_history_is_told_once_and_costs_nothing(here, monkeypatch, trouble, words):
    base = here / "hil-reports"
    base.mkdir()
    trouble(base, monkeypatch)
    root, cases = base / "20260301T120000Z-7", [a_case("a1b2c3d4"), a_case("e5f6a7b8", model="large")]
    told = ran(root, *cases)
    assert told.startswith("2 of this run's records are not in the history: ")
    assert words in told
    assert told.endswith(f"hil history import {root}"), told
    assert ("; then hil" in told) == (trouble in (damaged, gone, full)), "what has to be done first is said before it"
    for case in cases:
        assert read_record(root / case.record.case_id) == case.record
    run = json.loads((root / "run.json").read_text())
    assert run["verdict"] == cases[0].record.verdict
    assert run["warnings"] == [told]
    for name in ("index.html", "summary.md"):
        assert "not in the history" in (root / name).read_text()


def test_import_catches_up_with_what_is_missing(here):
    root = here / "hil-reports" / "20260301T120000Z-7"
    ran(root, a_case(), history=False)
    with History.open(base=here / "hil-reports") as history:
        found = bring_in(history, here / "hil-reports" / "latest", base=here / "hil-reports")
        assert (found.added, found.known, found.left_out) == (1, 0, [])
        assert bring_in(history, root, base=here / "hil-reports").known == 1
        (row,) = history.runs()
    assert (row.session, row.folder) == (root.name, f"{root.name}/{row.case_id}")


def test_a_locked_store_is_waited_for_once(here, monkeypatch):
    from harness.run import keeping

    base = here / "hil-reports"
    History.open(base=base).close()
    holder = sqlite3.connect(base / "history.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    monkeypatch.setenv("HIL_DB", f"sqlite:///{base}/history.db?timeout=0")
    opened = []
    ours = keeping.Keeping._opened
    monkeypatch.setattr(keeping.Keeping, "_opened", lambda self: opened.append(self) or ours(self))
    told = ran(base / "20260301T120000Z-7", a_case("a1b2c3d4"), a_case("e5f6a7b8", model="large"))
    assert "database is locked" in told
    assert len(opened) == 2  # by the first case, and when the run is summed up
    holder.close()


def test_a_run_whose_history_is_off_does_not_load_what_reads_a_database(tmp_path):
    code = """
import pathlib, sys
from harness.run import runner
from harness.run.keeping import Keeping
Keeping(pathlib.Path.cwd()).keep(None, None, pathlib.Path.cwd())
sys.exit("sqlalchemy" in sys.modules)
"""
    environment = os.environ | {"HIL_DB": "off"}
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, timeout=100).returncode == 0

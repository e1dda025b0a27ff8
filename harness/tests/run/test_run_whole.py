"""A whole run: begun once by however many processes, summed up from what lies there however it ended."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from whole_runs import left, record, stopped

from harness.errors import BenchError
from harness.evidence import layout, runrecord, runs, write_reports
from harness.records import Verdict
from harness.run import whole
from harness.run.journal import FILENAME
from harness.run.whole import Whole

WORDS = ["hil", "run", "digits"]


@pytest.fixture
def root(tmp_path):
    return tmp_path / layout.BASE / "one"


def ended(run, status=0, **more):
    assert run.end(status, **more) is None
    return runrecord.read(run.root)


def test_what_lies_there_is_summed_up_with_what_has_not_come_to_its_end(root):
    run = Whole.new(root, WORDS)
    run.begin()
    assert runrecord.read(root).command.ended is None
    left(root, "a/b/m")
    left(root, "a/c/m", Verdict.FAIL)
    stopped(root, "z/b/m")
    write_reports(record("tests/test_x.py::test_it"), None, layout.test_folder(root, "tests/test_x.py::test_it"))
    write_reports(
        record("tests/test_x.py::test_it #2"), None, layout.test_folder(root, "tests/test_x.py::test_it") / "2"
    )
    found = ended(run, 1, skipped=[("m/b/x", "no data")], refused=[("typo.yaml", "unknown key")])
    assert [(e.kind, e.id, e.plan) for e in found.entries] == [
        ("case", "a/b/m", "a"),
        ("case", "a/c/m", "a"),
        ("test", "tests/test_x.py::test_it", "tests.test_x"),
        ("test", "tests/test_x.py::test_it #2", "tests.test_x"),
    ]
    assert [case.id for case in found.interrupted] == ["z/b/m"]
    assert (found.verdict, found.command.exit_status, found.command.words) == (Verdict.FAIL, 1, tuple(WORDS))
    assert found.command.ended >= found.command.started
    assert {path.name for path in root.iterdir() if path.is_file()} == {
        "run.json", "index.html", "junit.xml", "summary.md"
    }  # fmt: skip


def test_a_run_that_wrote_nothing_leaves_nothing(root):
    assert Whole.new(root, WORDS).end(3) is None
    assert not root.exists()


def test_what_a_user_keeps_beside_it_is_not_taken_for_the_runs(tmp_path):
    run = Whole.new(tmp_path, WORDS)
    run.begin()
    left(tmp_path / "other" / "hil-reports" / "one", "a/b/m")
    left(tmp_path / "x", "a/b/m")  # x/a/b/m: not where this run would put it
    write_reports(record("a/b/m"), None, tmp_path / "p" / "q" / "r")
    assert ended(run).entries == ()


def test_a_damaged_record_costs_its_own_line_only(root):
    run = Whole.new(root, WORDS)
    run.begin()
    left(root, "a/b/m")
    (layout.case_folder(root, "a/c/m")).mkdir(parents=True)
    (layout.case_folder(root, "a/c/m") / "record.json").write_text("{")
    assert [entry.id for entry in ended(run).entries] == ["a/b/m"]


def test_commands_into_one_folder_add_up_and_the_older_ones_cases_are_marked(root):
    first = Whole.new(root, ["hil", "run", "a"])
    first.begin()
    left(root, "a/b/m", finished=datetime.now(UTC) - timedelta(hours=1))
    ended(first)
    first.release()
    second = Whole.new(root, ["hil", "run", "b"])
    second.begin()
    assert not (root / "index.html").exists(), "should this one be killed, nothing may look like its result"
    left(root, "b/b/m")
    found = ended(second)
    assert [(entry.id, entry.earlier) for entry in found.entries] == [("a/b/m", True), ("b/b/m", False)]
    assert [command.words[-1] for command in (*found.earlier, found.command)] == ["a", "b"]


def test_the_processes_of_one_command_begin_it_once(root):
    base = root.parent
    command = Whole.new(root, WORDS).command
    one, other = Whole(root, command), Whole(root, command)
    one.begin()
    runs.begin(base / "of-somebody-who-began-later")
    other.begin()
    assert runs.latest(base).name == "of-somebody-who-began-later"
    assert runrecord.read(root).earlier == ()
    left(root, "a/b/m")
    assert len(ended(Whole(root, command)).entries) == 1, "the controller sums up what its workers have begun"


def test_two_runs_that_begin_in_one_second_have_folders_of_their_own(tmp_path):
    now = datetime.now(UTC)
    names = [layout.run_name(now, process) for process in (1, 2)]
    for name in names:
        Whole.new(tmp_path / layout.BASE / name, WORDS).begin()
    assert runs.latest(tmp_path / layout.BASE).name == names[1]


BEGUN = """
import os, signal, sys
from pathlib import Path
from harness.run.whole import Whole
Whole.new(Path(sys.argv[1]), ["hil"]).begin()
print("begun", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_a_run_that_was_killed_is_known_as_one_and_the_next_command_sums_up_what_it_left(root):
    done = subprocess.run([sys.executable, "-c", BEGUN, root], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "begun\n")
    assert runrecord.read(root).command.ended is None
    left(root, "a/b/m")
    run = Whole.new(root, WORDS)
    run.begin()
    found = ended(run)
    assert [entry.id for entry in found.entries] == ["a/b/m"]
    assert found.earlier[0].ended is None


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_the_rigs_error_with_the_way_out(root):
    root.mkdir(parents=True)
    root.chmod(0o500)
    with pytest.raises(BenchError, match="--report-dir"):
        Whole.new(root, WORDS).begin()


def test_a_disk_that_is_full_at_the_end_is_told_and_takes_no_record_with_it(root, monkeypatch):
    run = Whole.new(root, WORDS)
    run.begin()
    left(root, "a/b/m", Verdict.FAIL)

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.disk.files.replace", full)
    assert "No space left" in run.end(1)
    monkeypatch.undo()
    kept = json.loads((layout.case_folder(root, "a/b/m") / "record.json").read_text())
    assert kept["verdict"] == "fail"


def test_a_journal_that_is_damaged_is_no_interrupted_run(root):
    stopped(root, "a/b/m")
    stopped(root, "a/c/m")
    (layout.case_folder(root, "a/c/m") / FILENAME).write_bytes(b"garbage\n")
    assert [case.id for case in whole.interrupted(root)] == ["a/b/m"]

"""Which runs are kept and which may go: never one that runs, never what is no run of ours."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from whole_runs import left, stopped

from harness.errors import BenchError, MisuseError
from harness.evidence import layout, runs
from harness.run import claim
from harness.run.kept import choose, kept, remove
from harness.run.whole import Whole

NOW = datetime.now(UTC)


@pytest.fixture
def base(tmp_path):
    return tmp_path / layout.BASE


def made(base, name, age_days=0.0, *, end=True, interrupted=False):
    """A run that began and ended so many days ago."""
    run = Whole.new(base / name, ["hil", "run", name])
    at = NOW - timedelta(days=age_days)
    run.command = run.command.model_copy(update={"started": at})
    run.begin()
    left(run.root, "a/b/m", finished=at)
    if interrupted:
        stopped(run.root, "z/b/m")
    if end:
        run.end(0)
        run.release()
        # Its end is now; what was asked for is one of long ago.
        text = (run.root / "run.json").read_text()
        stamp = run.command.model_dump(mode="json")["started"]
        ended = text.partition('"ended": "')[2].partition('"')[0]
        (run.root / "run.json").write_text(text.replace(ended, stamp))
    return run


def names(found):
    return [run.path.name for run in found]


def test_the_newest_is_first_with_its_verdicts_its_size_and_whether_it_runs(base):
    made(base, "old", 3)
    running = made(base, "new", 1, end=False)
    new, old = kept(base)
    assert names([new, old]) == ["new", "old"]
    assert (new.state, old.state) == ("running", "ended")
    assert old.verdicts == {"pass": 1}
    assert old.n_bytes > 1000
    running.release()
    assert kept(base)[0].state == "killed"


def test_what_is_no_run_of_ours_is_neither_listed_nor_chosen(base, tmp_path):
    made(base, "run", 3)
    for path in (base / "mine", base / "empty", tmp_path / "target"):
        path.mkdir()
    (base / "mine" / "run.json").write_text('{"schema": "somebody.else/1"}')
    (base / "mine" / "notes.txt").write_text("do not lose me")
    (base / "link").symlink_to(base / "run")
    (base / "file").write_text("x")
    assert names(kept(base)) == ["run"]
    assert kept(tmp_path / "nowhere") == []


def test_a_run_of_before_runs_had_a_record_is_known_by_its_cases_records(base):
    left(base / "several", "a/b/m", finished=NOW - timedelta(days=2))
    made(base, "new", 1)
    assert names(kept(base)) == ["new", "several"]
    remove(kept(base)[1])
    assert names(kept(base)) == ["new"]


@pytest.mark.parametrize(
    ("keep", "days", "goes"),
    [
        (2, None, ["c", "d"]),
        (None, 2.5, ["c", "d"]),
        (0, None, list("abcd")),
        (1, 2.5, ["c", "d"]),
        (3, 1.5, ["d"]),
        (9, 0, []),
    ],
)
def test_only_what_no_option_spares_goes(base, keep, days, goes):
    for age, name in enumerate("abcd", start=1):
        made(base, name, age)
    older = None if days is None else timedelta(days=days)
    go, spared = choose(kept(base), now=NOW, keep=keep, older_than=older, interrupted=False)
    assert (names(go), spared) == (goes, [])


def test_without_a_word_about_which_none_goes(base):
    with pytest.raises(MisuseError, match="--keep"):
        choose(kept(base), now=NOW, keep=None, older_than=None, interrupted=False)


def test_a_run_that_could_be_gone_on_with_goes_only_when_that_is_said(base):
    made(base, "broken-off", 2, interrupted=True)
    go, spared = choose(kept(base), now=NOW, keep=0, older_than=None, interrupted=False)
    assert (go, "--interrupted" in spared[0].why) == ([], True)
    go, spared = choose(kept(base), now=NOW, keep=0, older_than=None, interrupted=True)
    assert (names(go), spared) == (["broken-off"], [])


def test_a_run_that_is_running_never_goes_not_even_when_it_began_after_it_was_looked_at(base):
    made(base, "runs", 9, end=False)
    go, spared = choose(kept(base), now=NOW, keep=0, older_than=None, interrupted=True)
    assert (go, spared[0].why) == ([], "it is running")
    made(base, "done", 5)
    done = next(run for run in kept(base) if run.path.name == "done")
    folder = layout.case_folder(base / "done", "a/b/m")
    with claim.claimed(folder, what="x"), pytest.raises(BenchError, match="written to"):
        remove(done)
    assert (folder / "record.json").is_file()


def test_a_case_that_another_process_runs_keeps_its_run(base):
    made(base, "done", 5)
    folder = layout.case_folder(base / "done", "a/b/m")
    code = (
        "import sys; from pathlib import Path; from harness.run.claim import claimed\n"
        "with claimed(Path(sys.argv[1]), what='x'):\n    print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", code, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    assert kept(base)[0].running
    other.kill()
    other.communicate()
    assert not kept(base)[0].running


def test_a_run_that_never_ended_on_another_host_may_run_there(base):
    run = made(base, "far", 5, end=False)
    run.release()
    text = (run.root / "run.json").read_text()
    (run.root / "run.json").write_text(text.replace(f'"host": "{run.command.host}"', '"host": "elsewhere"'))
    go, spared = choose(kept(base), now=NOW, keep=0, older_than=None, interrupted=True)
    assert (go, "elsewhere" in spared[0].why) == ([], True)


def test_when_the_latest_goes_the_pointer_goes_to_the_one_before_it_and_then_away(base):
    for age, name in ((2, "old"), (1, "new")):
        made(base, name, age)
    remove(kept(base)[0])
    assert runs.latest(base) == base / "old"
    remove(kept(base)[0])
    assert not os.path.lexists(base / "latest")


def test_a_link_out_of_a_run_does_not_take_what_it_leads_to(base, tmp_path):
    run = made(base, "one", 1)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (run.root / "out").symlink_to(tmp_path / "precious")
    remove(kept(base)[0])
    assert not run.root.exists()
    assert (tmp_path / "precious" / "file").is_file()


def test_a_removal_that_stopped_in_the_middle_leaves_a_run_that_can_be_removed(base, monkeypatch):
    made(base, "one", 1)

    def full(*arguments, **options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("shutil.rmtree", full)
    with pytest.raises(BenchError, match="could not be removed"):
        remove(kept(base)[0])
    monkeypatch.undo()
    assert names(kept(base)) == ["one"]
    remove(kept(base)[0])
    assert kept(base) == []

"""What lies in a report directory is the truth of the run that wrote it last, whatever came between."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from run_cases import digits_case

from harness.clock import SystemClock
from harness.errors import MisuseError
from harness.evidence import read_record
from harness.records import Verdict
from harness.run import journal
from harness.run.claim import claimed
from harness.run.options import RunOptions
from harness.run.runner import run_case

VIRTUAL = RunOptions(backend="virtual")
HERE = Path(__file__).parent


def environment():
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), str(HERE)])}


def script(text, *arguments, **more):
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)], env=environment(), capture_output=True, text=True, **more
    )


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from run_cases import digits_case
from harness.run.options import RunOptions
from harness.run.runner import run_case
def watch(step):
    if step.name == "stream" and step.share >= 0.4:
        os.kill(os.getpid(), signal.SIGKILL)
run_case(digits_case(40), RunOptions(backend="virtual"), watch=watch, folder=Path(sys.argv[1]))
"""


def test_a_rerun_into_an_interrupted_run_keeps_its_journal_and_says_how_to_go_on_with_it(tmp_path):
    assert script(INTERRUPTED, tmp_path).returncode == -9
    first = journal.read(tmp_path / journal.FILENAME)
    assert first.answered
    result = run_case(digits_case(20), VIRTUAL, watch=lambda step: None, folder=tmp_path)
    result.write(tmp_path)
    kept = tmp_path / f"journal-{first.run_id}.jsonl"
    assert journal.read(kept).answered == first.answered
    assert any(f"--resume {kept}" in warning for warning in result.record.warnings)
    assert not (tmp_path / journal.FILENAME).exists()
    resumed = run_case(
        digits_case(40), RunOptions(backend="virtual", resume=str(kept)), watch=lambda step: None, folder=tmp_path
    )
    resumed.write(tmp_path)
    assert (resumed.record.run_id, resumed.record.verdict) == (first.run_id, Verdict.PASS)
    assert not list(tmp_path.glob("journal*"))


def test_a_killed_run_leaves_no_reports_of_an_earlier_one(tmp_path):
    run_case(digits_case(20), VIRTUAL, watch=lambda step: None, folder=tmp_path).write(tmp_path)
    assert (tmp_path / "record.json").is_file()
    assert script(INTERRUPTED, tmp_path).returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == [journal.FILENAME]


def test_a_directory_that_another_run_writes_is_refused_naming_it_and_free_when_that_is_killed(tmp_path):
    holds = (
        "import sys; from pathlib import Path; from harness.run.claim import claimed\n"
        "with claimed(Path(sys.argv[1]), what='digits/b/m'):\n    print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holds, tmp_path], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout.readline() == b"held\n"
    (tmp_path / "link").symlink_to(tmp_path)
    for name in (tmp_path, tmp_path / "link"):
        with pytest.raises(MisuseError, match=rf"process {other.pid} .*digits/b/m"), claimed(name, what="x"):
            raise AssertionError
    other.kill()
    other.communicate()
    with claimed(tmp_path, what="x"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["link"], "no file of the lock's lies among the reports"


def test_the_same_process_cannot_write_one_directory_twice_at_once(tmp_path):
    others = claimed(tmp_path / "other", what="x"), claimed(None, what="x")
    with claimed(tmp_path, what="x"), others[0], others[1], pytest.raises(MisuseError), claimed(tmp_path, what="y"):
        raise AssertionError


#: A file may grow to so many bytes: to the writer that is a disk that fills up.
FULL = """
import resource, sys
from pathlib import Path
limit = int(sys.argv[1])
from harness.cli import main
import harness.run.runner, harness.run.streaming
from harness.session import wirelog
def begin(*a, _begin=harness.run.streaming.case_files, **k):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return _begin(*a, **k)
harness.run.runner.case_files = begin
sys.argv = ["hil", "run", sys.argv[2], "--board", "nucleo_f446re", "--backend", "virtual", "--samples", "60",
            "--report-dir", sys.argv[3], *sys.argv[4:]]
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size")
@pytest.mark.parametrize(
    ("limit", "more", "said"),
    [
        (1_000, (), "the journal cannot be written"),
        (20_000, (), "the reports could not be written"),
        (9_000, ("--wire-log",), "the wire log cannot be written"),
    ],
    ids=["journal", "reports", "wirelog"],
)
def test_with_a_full_disk_the_exit_status_is_the_rigs_and_no_file_says_otherwise(tmp_path, limit, more, said):
    from harness.paths import shipped

    out = tmp_path / "out" / "digits" / "nucleo_f446re" / "digits_cnn_int8"
    run_case(digits_case(20), VIRTUAL, watch=lambda step: None, folder=out).write(out)
    assert read_record(out).verdict is Verdict.PASS
    done = script(FULL, limit, shipped("testplans") / "digits.yaml", tmp_path / "out", *more)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in " ".join((done.stdout + done.stderr).split()), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for path in out.glob("record.json"):
        assert json.loads(path.read_text())["verdict"] == "error"
    assert not list(out.glob(".*")), "no half of a file is left"


class SetBack(SystemClock):
    """A clock that somebody sets back an hour when samples are under way."""

    back = timedelta()

    def now(self) -> datetime:
        return super().now() - self.back


def test_a_wall_clock_that_is_set_back_turns_no_time_negative(tmp_path):
    clock = SetBack()

    def watch(step):
        if step.name == "stream":
            clock.back = timedelta(hours=1)

    result = run_case(digits_case(20), VIRTUAL, watch=watch, clock=clock, folder=tmp_path)
    result.write(tmp_path)
    record = read_record(tmp_path)
    assert timedelta() < record.finished - record.started < timedelta(minutes=30)
    assert record.link.wall_s > 0
    assert 'time="-' not in (tmp_path / "junit.xml").read_text()


def test_a_run_gone_on_with_after_the_clock_was_set_back_does_not_end_before_it_began(tmp_path):
    assert script(INTERRUPTED, tmp_path).returncode == -9
    clock = SetBack()
    clock.back = timedelta(days=1)
    options = RunOptions(backend="virtual", resume=str(tmp_path))
    record = run_case(digits_case(40), options, watch=lambda step: None, clock=clock, folder=tmp_path).record
    assert record.finished >= record.started

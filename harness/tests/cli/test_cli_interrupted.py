"""Ctrl-C in the middle of a run: where it stands, how it is gone on with, and that it can be."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

FULL = os.environ.get("HIL_FULL") == "1"


@pytest.fixture
def interrupted(tmp_path):
    """Start a run with these arguments, interrupt it while it streams; (exit status, what it said to standard error)."""

    def run(*arguments, by=signal.SIGINT):
        environment = os.environ | {"COLUMNS": "300"}
        command = [sys.executable, "-m", "harness", "run", "digits", "--board", "nucleo_f446re", "--backend", "virtual"]
        process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        try:
            # The first line says what the run is bound to, the second its unit, the others are answers.
            pause = threading.Event()
            while process.poll() is None and not any(
                journal.read_bytes().count(b"\n") > 20 for journal in tmp_path.rglob("journal.jsonl")
            ):
                pause.wait(0.01)
            process.send_signal(by)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, said

    return run


def hil(folder, *arguments):
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_it_says_where_it_stood_and_how_to_go_on_and_that_works(interrupted, tmp_path, by):
    status, said = interrupted("--report-dir", str(tmp_path / "run"), by=by)
    assert status == 128 + by, said
    assert said.rstrip().endswith(f"hil: ended by {by.name}")
    assert re.search(r"interrupted: digits/nucleo_f446re/digits_cnn_int8: stream +\d+% \(\d+/450 samples\)", said), said
    (advice,) = re.findall(r"go on with: hil (.+)", said)
    assert "Traceback" not in said
    assert "--backend virtual" in advice  # on the default one it would be another run
    if (
        by is not signal.SIGINT and not FULL
    ):  # one handler, one folder: it is gone on with after Ctrl-C, and with HIL_FULL=1 after each
        return
    done = hil(tmp_path, *advice.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gone on with" in done.stdout


def test_without_a_word_about_reports_a_run_lies_where_pytests_do_and_is_gone_on_with_as_the_latest(
    interrupted, tmp_path
):
    status, said = interrupted()
    assert status == 130, said
    (written,) = tmp_path.glob("hil-reports/*Z-*/run.json")
    told = json.loads(written.read_text())
    assert (told["command"]["exit_status"], told["command"]["words"][:3]) == (130, ["hil", "run", "digits"])
    assert told["interrupted"][0]["answered"] > 0
    (journal,) = tmp_path.glob("hil-reports/*Z-*/digits/nucleo_f446re/digits_cnn_int8/journal.jsonl")
    done = hil(tmp_path, "run", "digits", "--board", "nucleo_f446re", "--backend", "virtual", "--resume", "latest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (journal.parent / "record.json").is_file()
    assert not journal.exists()
    assert f"reports: {journal.parent}" in done.stdout
    told = json.loads(written.read_text())
    assert (told["verdict"], told["command"]["exit_status"], len(told["earlier"])) == ("pass", 0, 1)
    assert (tmp_path / "hil-reports" / "latest").resolve() == journal.parents[3]

"""Ctrl-C in the middle of a run: where it stands, how it is gone on with, and that it can be."""

import os
import re
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def interrupted(tmp_path):
    """Start a run with these arguments, interrupt it while it streams; (exit status, what it said to standard error)."""

    def run(folder, *arguments):
        environment = os.environ | {"COLUMNS": "300"}
        command = [sys.executable, "-m", "harness", "run", "digits", "--board", "nucleo_f446re", "--backend", "virtual"]
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
        )
        journal = folder / "journal.jsonl"
        try:
            # The first line says what the run is bound to, the second its unit, the others are answers.
            while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 20):
                pass
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, said

    return run


def test_it_says_where_it_stood_and_how_to_go_on_and_that_works(interrupted, tmp_path):
    folder = tmp_path / "run"
    status, said = interrupted(folder, "--report-dir", str(folder))
    assert status == 130, said
    assert re.search(r"interrupted: digits/nucleo_f446re/digits_cnn_int8: stream +\d+% \(\d+/450 samples\)", said), said
    (advice,) = re.findall(r"go on with: hil (.+)", said)
    assert "Traceback" not in said
    assert "--backend virtual" in advice  # on the default one it would be another run
    command = [sys.executable, "-m", "harness", *advice.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gone on with" in done.stdout

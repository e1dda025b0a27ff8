"""A hil that works for another process ends when that one is gone, however it went."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from harness.findings import EarlierTry
from harness.run import of_night, orphan

#: Starts a hil that would run for ever, says its number, and waits to be killed.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-m", "harness", "virtual", "--board", "nucleo_f446re"],
    env=os.environ | {"HIL_PARENT": str(os.getpid())}, stdout=subprocess.PIPE, start_new_session=True,
)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_hil_whose_parent_was_killed_is_gone_soon_and_not_before(tmp_path):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as parent:
        try:
            child = int(parent.stdout.readline())
            os.kill(child, 0)
        finally:
            parent.kill()
    pause, waited = threading.Event(), 0
    while exists(child):
        pause.wait(0.05)
        waited += 1
        assert waited < 600, "it runs on"


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that ended is a zombie until whoever took it over has looked.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_it_starts_is_not_told_the_same(monkeypatch):
    monkeypatch.setenv(orphan.VARIABLE, "not a number")
    orphan.watch_as_told()
    assert orphan.VARIABLE not in os.environ
    assert not orphan._started


def test_a_night_tells_its_cases_whose_they_are_and_what_was_tried(monkeypatch):
    assert of_night.night() == ""
    assert of_night.tries() == ()
    before = EarlierTry(unit="n1", ended="error", reason="the line was silent", folder="try1")
    for name, value in of_night.environment("20261128T220000Z-1", (before,)).items():
        monkeypatch.setenv(name, value)
    assert of_night.night() == "20261128T220000Z-1"
    assert of_night.tries() == (before,)
    monkeypatch.setenv(of_night.TRIES, "{")
    assert of_night.tries() == ()

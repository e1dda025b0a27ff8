"""What a test has started ends with it, however it ends."""

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from tied import tied

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death"
)

#: One that starts another, says its number and works on.
TEST = """
from tied import tied
with tied(["sleep", "3600"]) as process:
    print(process.pid, flush=True)
    process.wait()
"""


def gone(pid, within_s=60.0):
    """Whether the process has ended by then."""
    try:
        at = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(at):
        return bool(select.select([at], [], [], within_s)[0])


def test_what_was_started_is_killed_with_a_test_that_is_killed():
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen([sys.executable, "-c", TEST], stdout=subprocess.PIPE, env=environment) as test:
        started = int(test.stdout.readline())
        test.kill()
    assert gone(started)


def test_what_was_started_is_killed_with_all_that_it_started_when_a_test_fails():
    command = ["sh", "-c", "sleep 3600 & echo $!; wait"]
    with contextlib.suppress(ZeroDivisionError), tied(command, stdout=subprocess.PIPE) as shell:
        child = int(shell.stdout.readline())
        _ = 1 / 0
    assert shell.returncode is not None
    assert gone(child)

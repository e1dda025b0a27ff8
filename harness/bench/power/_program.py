"""Another program that does the switching: run to its end, or ended at the deadline with all that it has started.

What a script leaves behind (an ``ssh`` that still waits for the power strip) would switch the unit at a time of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

from harness.bench.finding import Finding
from harness.bench.power import DEADLINE_S, failed
from harness.errors import BenchError

_MOST_SHOWN = 400


def run(words: Sequence[str], *, title: str, advice: str, install: str = "") -> str:
    """What it says on its standard output. ``BenchError`` when it is not there, fails or does not end.

    ``install`` is how to get it.
    """
    try:
        with subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=DEADLINE_S)
            except BaseException:
                _end(process)
                raise
    except FileNotFoundError as error:
        raise no_command(title, error, install or advice) from error
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise no_command(title, error, advice) from error
    if process.returncode != 0:
        said = " | ".join((err.strip() or out.strip()).splitlines())[-_MOST_SHOWN:]
        raise no_command(title, f"exit status {process.returncode}" + (f", {said}" if said else ""), advice)
    return out


def _end(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def no_command(title: str, found: object, advice: str) -> BenchError:
    """What is wrong when a program does not do it."""
    return failed(title, found, advice, expected=f"exit status 0 within {DEADLINE_S:g} s")


def there(name: str, use: str, install: str) -> Iterator[Finding]:
    """What the doctor says of the program ``name``; it is needed by bench files that name its driver alone."""
    found = shutil.which(name)
    if found:
        yield Finding("power", name, "ok", f"{found}, {use}", needed=False)
    else:
        yield Finding("power", name, "missing", f"only {use}", install, needed=False)

"""Another program that does the switching: run to its end, or ended at the deadline."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence

from harness.bench.finding import Finding
from harness.bench.power import DEADLINE_S, failed
from harness.errors import BenchError

_MOST_SHOWN = 400


def run(words: Sequence[str], *, title: str, advice: str, install: str = "") -> str:
    """What it says on its standard output. ``BenchError`` when it is not there, fails or does not end.

    ``install`` is how to get it.
    """
    try:
        done = subprocess.run(
            list(words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=DEADLINE_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise no_command(title, error, install or advice) from error
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise no_command(title, error, advice) from error
    if done.returncode != 0:
        said = " | ".join((done.stderr.strip() or done.stdout.strip()).splitlines())[-_MOST_SHOWN:]
        raise no_command(title, f"exit status {done.returncode}" + (f", {said}" if said else ""), advice)
    return done.stdout


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

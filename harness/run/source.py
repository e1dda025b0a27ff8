"""The commit that a plan stood at when it ran: what a release holds its runs together by."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from pathlib import Path

from harness.records import SourceFacts

# A share of a network that has gone away must not hold up a run.
_TIMEOUT_S = 10.0


def source_of(folder: Path | None) -> SourceFacts | None:
    """The commit of the git repository that ``folder`` lies in; of the working folder for None.

    Asked once a process and folder: an edit in the middle of a run is not in what ran. None where there is no repository, no
    commit yet or no git; nothing is raised.
    """
    return _asked((folder or Path.cwd()).resolve())


@lru_cache(maxsize=64)
def _asked(folder: Path) -> SourceFacts | None:
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    # What git does not follow is left out: reports and builds lie there, and a model is known by its own digest.
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return SourceFacts(commit=commit.strip(), dirty=changed != "")


def _git(folder: Path, *words: str) -> str | None:
    """What git says; None when it does not answer, or with an error."""
    # No lock is taken, and no program that the repository's own settings name is started.
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None

"""The runs that are kept in a folder of runs (``hil-reports``): what there is, and what may go."""

from __future__ import annotations

import platform
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from harness.errors import BenchError, HilError, MisuseError
from harness.evidence import layout, runrecord, runs
from harness.evidence.runrecord import Command
from harness.run import claim, journal, whole


@dataclass(frozen=True)
class Kept:
    """One run. ``verdicts`` counts its cases and tests, ``journals`` those that could be gone on with; sizes are in bytes.

    ``command`` is None for a run of before runs had a record of their own.
    """

    path: Path
    started: datetime
    ended: datetime | None
    command: Command | None
    verdicts: dict[str, int]
    journals: int
    n_bytes: int
    running: bool

    @property
    def state(self) -> str:
        """``running``, ``ended``, or ``killed``: begun and never ended."""
        return "running" if self.running else "killed" if self.ended is None else "ended"


def kept(base: Path) -> list[Kept]:
    """The runs in ``base``, the one that began last first. What is no run of ours is left out."""
    found = (
        [_look(path) for path in sorted(base.iterdir()) if path.is_dir() and not path.is_symlink()]
        if base.is_dir()
        else []
    )
    return sorted((run for run in found if run is not None), key=lambda run: (run.started, run.path.name), reverse=True)


@dataclass(frozen=True)
class Spared:
    """A run that was to go and stays, and why."""

    run: Kept
    why: str


def choose(
    found: Sequence[Kept], *, now: datetime, keep: int | None, older_than: timedelta | None, interrupted: bool
) -> tuple[list[Kept], list[Spared]]:
    """Which of the runs (``kept``) go, and which would but stay.

    With both ``keep`` and ``older_than`` only those go that neither spares. Runs that are running never go; those that could
    be gone on with only when ``interrupted`` says so. ``MisuseError`` when neither is given.
    """
    if keep is None and older_than is None:
        raise MisuseError(
            "nothing says which runs may go", expected="--keep N, --older-than AGE, or both", next_step="--keep 20"
        )
    go: list[Kept] = []
    spared: list[Spared] = []
    for place, run in enumerate(found):
        if keep is not None and place < keep:
            continue
        if older_than is not None and (run.ended or run.started) > now - older_than:
            continue
        if run.running:
            spared.append(Spared(run, "it is running"))
        elif _elsewhere(run):
            spared.append(Spared(run, f"it was begun on {run.command.host if run.command else '?'} and may run there"))
        elif run.journals and not interrupted:
            spared.append(Spared(run, f"{run.journals} of its cases can be gone on with (--interrupted takes it too)"))
        else:
            go.append(run)
    return go, spared


def remove(run: Kept) -> None:
    """Take a run's folder away. ``BenchError`` when the disk refuses, or another process writes there by now.

    Its own record goes last: what was left by a removal that was itself killed is still known as a run.
    """
    try:
        with ExitStack() as held:
            for folder in (run.path, *_case_folders(run.path)):
                held.enter_context(claim.claimed(folder, what="hil reports prune"))
            for path in sorted(run.path.iterdir(), key=lambda path: path.name == runrecord.FILENAME):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            run.path.rmdir()
    except MisuseError as error:
        raise BenchError(
            "the run is being written to",
            where=str(run.path),
            found=error.found,
            next_step="wait until that has ended, and prune again",
        ) from error
    except OSError as error:
        raise BenchError(
            "the run could not be removed", where=str(run.path), found=error, next_step="check its rights and the disk"
        ) from error
    base = run.path.parent
    if runs.latest(base) is None:
        runs.point(base, next((other.path.name for other in kept(base)), None))


def _look(path: Path) -> Kept | None:
    records = dict(whole.records(path))
    try:
        run = runrecord.read(path)
    except HilError:
        run = None
    if run is None and not records:
        return None
    folders = {path, *_case_folders(path)}
    ended = run.command.ended if run else max(record.finished for record in records.values())
    return Kept(
        path=path,
        started=run.started if run else min(record.started for record in records.values()),
        ended=ended,
        command=run.command if run else None,
        verdicts=dict(Counter(record.verdict.value for record in records.values())),
        journals=sum(1 for folder in folders for _ in folder.glob(journal.ANY)),
        n_bytes=sum(file.lstat().st_size for file in path.rglob("*") if file.is_file()),
        running=any(claim.is_held(folder) for folder in folders),
    )


def _case_folders(root: Path) -> set[Path]:
    """Where cases and tests of a run lie, whether or not they came to an end."""
    found = (*root.glob("*/*/*"), *root.glob(f"{layout.TESTS}/*/*/[0-9]*"))
    return {path for path in found if path.is_dir() and not path.is_symlink()}


def _elsewhere(run: Kept) -> bool:
    # The locks are this host's: of a folder that several hosts share they say nothing.
    return run.ended is None and run.command is not None and run.command.host != platform.node()

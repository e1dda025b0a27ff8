"""What ``--resume`` names: a run's folder, a case's, a journal, a run of ``hil-reports`` by its name or id, or ``latest``."""

from __future__ import annotations

from datetime import UTC, datetime
from os import getpid
from pathlib import Path

from harness.errors import MisuseError
from harness.evidence import layout, runs
from harness.run.journal import ANY, FILENAME, case_of, run_of

_BASE = Path(layout.BASE)


def report_root(report_dir: Path | None, resume: str | None) -> Path:
    """The folder that a run writes to: the one it was told, that of the run it goes on with, else a new one in ``hil-reports``.

    ``MisuseError`` when there is no run to go on with. Nothing is made yet (``runs.begin``).
    """
    if report_dir is not None:
        return report_dir.absolute()
    if resume is not None:
        return _run_folder(_given(resume, _BASE)).absolute()
    return Path.cwd() / layout.BASE / layout.run_name(datetime.now(UTC), getpid())


def find(resume: str, case_id: str, base: Path = _BASE) -> Path | None:
    """The journal of ``case_id`` in the run that ``resume`` names; ``base`` is where runs are known by name.

    None when the run has journals, but none of this case: the case had not begun. ``MisuseError`` when there is nothing
    that could be gone on with.
    """
    given = _given(resume, base)
    if given.is_file() and case_of(given) == case_id:
        return given
    root = _run_folder(given)
    # In the run's folder itself lay the journal of its only case, before every case had a folder of its own.
    for path in (layout.case_folder(root, case_id) / FILENAME, root / FILENAME):
        if path.is_file():
            return path
    # Of cases of its own, PLAN/BOARD/MODEL: what lies elsewhere below it (/tmp, a home) are other runs.
    if any(root.glob(f"*/*/*/{FILENAME}")):
        return None
    if given.is_file():
        return given
    raise _none(resume, base)


def _given(resume: str, base: Path) -> Path:
    """The folder or the journal."""
    if resume == layout.LATEST:
        found = runs.latest(base)
    elif Path(resume).exists():
        found = Path(resume)
    else:
        found = runs.named(base, resume)
        if found is None and base.is_dir():
            found = next((path for path in sorted(base.rglob(ANY)) if run_of(path) == resume), None)
    if found is None:
        raise _none(resume, base)
    return found


def _run_folder(given: Path) -> Path:
    """The folder of the run that a folder or a journal belongs to: three up from a case's, else itself."""
    folder = (given.parent if given.is_file() else given).absolute()
    for path in [given] if given.is_file() else folder.glob(ANY):
        tail = layout.case_folder(Path(), case_of(path) or "").parts
        if tail and folder.parts[-len(tail) :] == tail:
            return folder.parents[len(tail) - 1]
    return folder


def _none(resume: str, base: Path) -> MisuseError:
    return MisuseError(
        "there is no run that could be gone on with",
        expected=f"{layout.LATEST}, the folder of a run or a case that holds {FILENAME}, or a run of {base} by name or id",
        found=resume,
    )

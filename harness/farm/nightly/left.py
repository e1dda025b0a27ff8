"""What the process of a case has left behind, and where that is kept in the night's folder.

While it runs it writes to ``.running/<plan>/<board>/<model>`` of the night's folder, as ``hil run`` writes to any folder. When it
has ended, the case's own reports come to where those of every run lie, ``<plan>/<board>/<model>``; those of an earlier try lie in
``try1`` there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.clock import Deadline, SystemClock
from harness.errors import BenchError, HilError, MisuseError
from harness.evidence import layout, read_record
from harness.evidence.nightrecord import Lack, NightCase
from harness.records import Record
from harness.run import claim, journal
from harness.text import printable

SAID: Final = "output.log"  # what the case's process printed
_RUNNING: Final = ".running"
_LAST_LINES: Final = 4
TRY: Final = "try"
_ENDING_S: Final = 15.0


@dataclass(frozen=True)
class Left:
    """``record``: None when there is none. ``lack``: why the case could not even begin, and ``why`` in words."""

    record: Record | None
    interrupted: bool = False
    lack: Lack | None = None
    why: str = ""


def running(root: Path, case_id: str) -> Path:
    """The report directory of the case's process."""
    return layout.case_folder(root / _RUNNING, case_id)


def kept(root: Path, case_id: str) -> Path:
    """Where its reports are when it has ended."""
    return layout.case_folder(root, case_id)


def made(root: Path, case_id: str) -> Path:
    """``running``, empty. ``BenchError`` when the disk refuses."""
    folder = running(root, case_id)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise refused(folder, error) from error
    return folder


def found(root: Path, case: NightCase) -> Left:
    """What is there, once its process has ended, however that was. Nothing is moved yet."""
    folder = layout.case_folder(running(root, case.id), case.id)
    for place in (folder, kept(root, case.id)):
        record = _record(place, case)
        if record is not None:
            return Left(record)
    return Left(None, interrupted=_journal(root, case.id) is not None)


def said(root: Path, case_id: str) -> str:
    """Its process's last words: from its error message on, or the last lines."""
    try:
        text = (running(root, case_id) / SAID).read_text("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.rstrip() for line in printable(text).splitlines() if line.strip()]
    began = [place for place, line in enumerate(lines) if line.startswith("hil: ")]
    return "\n".join(lines[began[-1] :] if began else lines[-_LAST_LINES:])


def settle(root: Path, case_id: str) -> Path:
    """Bring what lies in ``running`` to where it is kept; that place. May be called again, also after it was cut short."""
    whole, target = running(root, case_id), kept(root, case_id)
    try:
        target.mkdir(parents=True, exist_ok=True)
        # The record comes last: where it is, all is.
        for path in sorted(_of_case(whole, case_id), key=lambda path: path.name == "record.json"):
            into = target / path.name
            if into.is_dir():
                shutil.rmtree(into)
            path.replace(into)
        shutil.rmtree(whole, ignore_errors=True)
        _tidy(root, whole)
    except OSError as error:
        raise refused(target, error) from error
    return target


def set_aside(root: Path, case_id: str, number: int) -> Path:
    """Before the case is tried again: put what its try of that number, from 1 on, has left into a folder of its own."""
    place = kept(root, case_id)
    target = place / f"{TRY}{number}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(place.iterdir(), key=lambda path: path.name == "record.json"):
            if not path.name.startswith(TRY):
                path.replace(target / path.name)
    except OSError as error:
        raise refused(target, error) from error
    return target


def unfinished(root: Path, case_id: str) -> Path | None:
    """Where its journal lies, if it was broken off with answers that can be gone on from; brought to where it is kept."""
    path = _journal(root, case_id)
    if path is None:
        return None
    if path.parent != kept(root, case_id):
        settle(root, case_id)
    place = kept(root, case_id)
    try:
        return place if journal.read(place / journal.FILENAME).answered else None
    except MisuseError:
        return None


def forgotten(root: Path, case_id: str) -> bool:
    """Set its journal aside, whose answers nothing can go on from, so that the case begins anew; whether there was one."""
    return journal.set_aside(kept(root, case_id)) is not None


def units_of(root: Path, case_id: str) -> tuple[str, ...]:
    """The units that the journal of a case that was broken off is of."""
    path = _journal(root, case_id)
    try:
        return tuple(uid for uid, _ in journal.read(path).units) if path else ()
    except MisuseError:
        return ()


def _of_case(whole: Path, case_id: str) -> Iterator[Path]:
    folder = layout.case_folder(whole, case_id)
    if folder.is_dir():
        yield from folder.iterdir()
    if (whole / SAID).is_file():
        yield whole / SAID


def _journal(root: Path, case_id: str) -> Path | None:
    for place in (layout.case_folder(running(root, case_id), case_id), kept(root, case_id)):
        if (place / journal.FILENAME).is_file():
            return place / journal.FILENAME
    return None


def _record(place: Path, case: NightCase) -> Record | None:
    try:
        record = read_record(place / "record.json")
    except HilError:
        return None
    # That of a try before this one, which has written nothing yet.
    known = {one.run_id for one in case.tries if one.verdict is not None}
    return record if record.case_id == case.id and record.run_id not in known else None


def _tidy(root: Path, whole: Path) -> None:
    """Folders of ``running`` that nothing is in any more."""
    for folder in whole.parents:
        if folder == root or (folder.is_dir() and any(folder.iterdir())):
            return
        if folder.is_dir():
            folder.rmdir()


def refused(folder: Path, error: OSError) -> BenchError:
    """The disk does not take what a case has left."""
    return BenchError(
        "the reports could not be written",
        where=str(folder),
        found=error,
        next_step="check the disk, then go on with the night: --resume",
    )


def has_record(root: Path, case_id: str) -> bool:
    """Whether a try that has come to its end lies where the case's reports are kept."""
    return (kept(root, case_id) / "record.json").is_file()


def wait_for_its_process(root: Path, case_id: str) -> None:
    """The process of a case whose night was killed ends by itself; ``MisuseError`` when it does not, and writes there still."""
    folder = layout.case_folder(running(root, case_id), case_id)
    deadline = Deadline.after(SystemClock(), _ENDING_S)
    while claim.is_held(folder):
        if deadline.passed:
            raise MisuseError(
                "a process of the night that was killed still runs a case",
                where=str(folder),
                next_step="end it: `hil units` says which process has the unit",
            )
        SystemClock().sleep_s(0.1)

"""What a whole run came to: ``run.json``, from which with the records of its cases every report of the run is made.

A run's folder is one run: what several commands leave there (three boards one after the other, an interrupted run and the
command that went on with it) adds up.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from harness import __version__
from harness.disk.documents import parse_json
from harness.errors import MisuseError
from harness.evidence import layout
from harness.evidence.reports._words import headlines, limit
from harness.evidence.stored import of_schema
from harness.paths import read_file
from harness.records import Measurement, Record, Verdict
from harness.text import printable

SCHEMA: Final = "hil.run/1"
_INSTEAD: Final = "open the reports of its cases: they stand for themselves"
FILENAME: Final = "run.json"
# One speaks for several: a wrong product before a broken rig, both before too little evidence.
_WORST: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Command(_Frozen):
    """One command that wrote into the run's folder."""

    words: tuple[str, ...]  # the command line; values of options that look like secrets are replaced
    process: int  # the number of its process
    started: datetime  # when it began, UTC
    ended: datetime | None = None  # when it ended; null while it runs, and for ever when it was killed
    exit_status: int | None = None  # what it ended with; null as for ended
    host: str = ""  # the host's name
    system: str = ""  # operating system and processor of the host
    python: str = ""  # the version of Python
    harness_version: str = ""  # the version of hil

    def same(self, other: Command) -> bool:
        """Whether both are the same command, however far it had come."""
        return (self.process, self.started, self.host) == (other.process, other.started, other.host)


class Entry(_Frozen):
    """One case of a plan, or one test of a user's own with ``dut``, in short; its ``record.json`` says the rest."""

    id: str  # the case, plan/board/model, or the test's id in pytest
    kind: Literal["case", "test"]  # whether a plan made it or a test of the user's own
    folder: str  # where its reports lie, below the run's folder, with forward slashes
    plan: str  # the plan; for a test its module
    board: str  # the kind of board
    model: str = ""  # the model
    verdict: Verdict  # pass, fail, error or inconclusive
    reasons: tuple[str, ...] = ()  # why, for people
    missing: tuple[str, ...] = ()  # the gates that were not decided, each with what is missing
    evidence: str = ""  # hardware or emulated; unknown: no unit was opened
    unit: str = ""  # the unit's probe id
    run_id: str = ""  # the id of the record
    started: datetime  # when it began
    finished: datetime  # when it ended
    earlier: bool = False  # an earlier command left it; the last one has not run it again
    figures: tuple[Measurement, ...] = ()  # the headline measurements


class Interrupted(_Frozen):
    """A case that was begun and has not come to its end. Its answered samples are kept; ``--resume`` goes on with it."""

    id: str  # the case, plan/board/model
    folder: str  # where its journal lies, below the run's folder
    answered: int  # how many samples had been answered

    @property
    def kept(self) -> str:
        """What is kept of it, for people."""
        return f"{self.answered:,} sample{' is' if self.answered == 1 else 's are'} answered and kept"


class Skipped(_Frozen):
    """A case, or a plan as a whole, that did not run. It has no record."""

    id: str  # the case, plan/board/model, or the file of the plan
    reason: str  # why, and what to do


class RunRecord(_Frozen):
    """``run.json``."""

    schema_: str = SCHEMA  # the schema of this file
    name: str  # the name of the run's folder
    command: Command  # the last command that wrote into the folder
    earlier: tuple[Command, ...] = ()  # commands before it, oldest first
    verdict: Verdict | None = None  # the worst of all; null when no case has come to its end
    entries: tuple[Entry, ...] = ()  # the cases and tests, in the order of their ids
    interrupted: tuple[Interrupted, ...] = ()  # what was begun and not ended
    skipped: tuple[Skipped, ...] = ()  # cases whose data was missing
    refused: tuple[Skipped, ...] = ()  # plans and cases that could not begin: a mistake in them, or a fault of ours

    warnings: tuple[str, ...] = ()  # what a reader should know although it changes no verdict

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        ser_json_inf_nan="strings",
        alias_generator=lambda name: "schema" if name == "schema_" else name,
    )

    def count(self, verdict: Verdict) -> int:
        """How many cases and tests came to that verdict."""
        return sum(entry.verdict is verdict for entry in self.entries)

    @property
    def started(self) -> datetime:
        """When the first command began."""
        return min(command.started for command in (self.command, *self.earlier))

    def render(self) -> bytes:
        """The content of ``run.json``."""
        return (self.model_dump_json(by_alias=True, indent=2) + "\n").encode("utf-8", "backslashreplace")


def worst(verdicts: Sequence[Verdict], *, short: bool = False) -> Verdict | None:
    """One verdict for several, None for none. ``short``: there are cases without one, so that all together never pass."""
    found = {*verdicts, *([Verdict.INCONCLUSIVE] if short else [])}
    return next((verdict for verdict in _WORST if verdict in found), None)


def entry(record: Record, folder: str, *, since: datetime) -> Entry:
    """A record in short, which lies in ``folder`` below the run's. ``since``: when the command that tells of it began."""
    place = PurePosixPath(folder)
    case = record.case_id == folder or PurePosixPath(layout.case_folder(Path(), record.case_id).as_posix()) == place
    return Entry(
        id=record.case_id,
        kind="test" if place.parts[:1] == (layout.TESTS,) and not case else "case",
        folder=folder,
        plan=record.plan if case or len(place.parts) < 2 else place.parts[1],
        board=record.board,
        model=record.model,
        verdict=record.verdict,
        reasons=record.reasons,
        missing=tuple(gate.reason or limit(gate) for gate in record.gates if gate.is_open),
        evidence=record.evidence,
        unit=record.unit.uid if record.unit else "",
        run_id=record.run_id,
        started=record.started,
        finished=record.finished,
        earlier=record.finished < since,
        figures=tuple(headlines(record)),
    )


def command(words: Sequence[str], *, process: int, started: datetime) -> Command:
    """This command on this host, just begun."""
    return Command(
        words=tuple(printable(word) for word in without_secrets(words)),
        process=process,
        started=started,
        host=platform.node(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        harness_version=__version__,
    )


_SECRET = re.compile(r"(?i)(token|passw|secret|credential|api[-_]?key|private[-_]?key|auth)")
_IN_URL = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")
_HIDDEN: Final = "***"


def without_secrets(words: Sequence[str]) -> list[str]:
    """A command line that may be shown: passwords in URLs, and values whose name says that they are secret, are ``***``."""
    shown: list[str] = []
    hide = False
    for word in words:
        name, equals, _ = word.partition("=")
        if hide and not word.startswith("-"):
            shown.append(_HIDDEN)
        elif equals and _SECRET.search(name):
            shown.append(f"{name}={_HIDDEN}")
        else:
            shown.append(_IN_URL.sub(_HIDDEN, word))
        hide = not equals and word.startswith("-") and bool(_SECRET.search(word))
    return shown


def read(path: Path) -> RunRecord:
    """The ``run.json`` of a run's folder. ``MisuseError`` when there is none, or one that this version cannot read."""
    file = path / FILENAME
    try:
        content = parse_json(read_file(file).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise MisuseError(
            "the run's record cannot be read",
            where=str(file),
            found=error,
            next_step=_INSTEAD,
        ) from error
    what = "the run's record"
    return of_schema(RunRecord, content, schema=SCHEMA, what=what, where=str(file), instead=_INSTEAD)

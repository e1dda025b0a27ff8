"""What a night on a rack came to: ``night.json``, which the night itself goes on from and every report of it is made of.

It lies beside ``run.json`` in the night's folder and is written anew, at once, whenever something changes: who looks sees what was
true a moment ago, and a night that was killed is gone on with from it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from harness.disk.documents import parse_json
from harness.errors import MisuseError
from harness.evidence.runrecord import Command, Skipped
from harness.evidence.stored import of_schema
from harness.frozen import Frozen, Written
from harness.paths import read_file
from harness.records import Verdict

SCHEMA: Final = "hil.night/1"
FILENAME: Final = "night.json"

#: Why a case has no verdict. ``budget``: the night was too short. ``unit``: no unit could take it. ``stopped``: the night was
#: ended. ``valve``: too much of the rack went wrong at once. ``data``: it is not on this machine. ``plan``: nothing can be made of
#: the plan.
Lack = Literal["budget", "unit", "stopped", "valve", "data", "plan"]


class Before(Frozen):
    """What a case came to the last time that a night of this rack plan ran it."""

    run_id: str  # of that run
    session: str  # the night, as the history calls it
    verdict: Verdict  # what it came to
    finished: datetime  # when


class Try(Frozen):
    """One process that ran a case on a unit."""

    unit: str = ""  # the unit's probe id; "" for a virtual board that was started for it
    lent: tuple[str, ...] = ()  # further units of the kind, over which its samples were spread
    began: datetime  # when its process was started
    ended: datetime | None = None  # when it was gone; null while it runs
    verdict: Verdict | None = None  # of its record; null: it left none
    reasons: tuple[str, ...] = ()  # of its record, or why it has none
    run_id: str = ""  # of its record
    folder: str = ""  # where its reports lie, below the night's folder; "" where it left none
    late: bool = False  # it was ended, since it took longer than its deadline
    blamed: tuple[str, ...] = ()  # of an error: the units whose fault it was; none: the host's, or nobody's
    killed: bool = False  # its process was gone, or was ended, without a record of its own

    @property
    def wall_s(self) -> float:
        """How long it took, seconds; 0 while it runs."""
        return (self.ended - self.began).total_seconds() if self.ended else 0.0


class NightCase(Frozen):
    """A case of the night and what has become of it."""

    id: str  # plan/board/model
    file: str  # the plan's file
    board: str  # the kind of board
    model: str  # what the plan calls the model
    tags: tuple[str, ...] = ()  # that its unit must have
    priority: int = 0  # what has more of it runs first
    samples: int | None = None  # only so many
    shards: str = ""  # over so many units, or auto; "": on one
    baseline: str = ""  # what it is judged against
    spare: bool = False  # it may be left out for want of time
    deadline_s: float  # it is ended when it takes longer
    expected_s: float | None = None  # how long it took before; null: never run
    state: Literal["waiting", "running", "interrupted", "ended", "left"] = "waiting"  # left: it will not run
    tries: tuple[Try, ...] = ()  # in their order; the last one counts
    lack: Lack | None = None  # of what is left: why
    why: str = ""  # the same in words
    before: Before | None = None  # null: no night has run it

    @property
    def last(self) -> Try | None:
        """The try that counts; None before the first."""
        return self.tries[-1] if self.tries else None

    @property
    def verdict(self) -> Verdict | None:
        """What it came to; None while it has not."""
        return self.last.verdict if self.state == "ended" and self.last else None

    @property
    def flaky(self) -> bool:
        """Whether a try ended with an error of the rig and the next one did not."""
        return self.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE) and any(
            one.verdict is Verdict.ERROR for one in self.tries[:-1]
        )


class NightUnit(Frozen):
    """A unit of the rack, as the night has seen it."""

    uid: str  # its probe's id
    title: str  # what people call it
    board: str  # its kind
    state: str = "good"  # when it was looked at last: good, suspect, quarantined, maintenance
    reason: str = ""  # why it is in that state, or why it took no work
    busy_s: float = 0.0  # seconds with a case on it


class UnitMove(Frozen):
    """A unit that came into another state while the night ran."""

    at: datetime  # when
    uid: str  # which
    to: str  # the state
    reason: str  # why
    by: str = ""  # who moved it


class NightRecord(Written):
    """``night.json``."""

    schema_: str = SCHEMA  # the schema of this file
    name: str  # the rack plan
    title: str = ""  # its line for people
    file: str  # where the rack plan lies
    sha256: str = ""  # of that file
    session: str  # what the history calls the night
    bench: str = ""  # where its units are; "": virtual ones were started
    slots: int = 1  # so many cases at once
    budget_s: float | None = None  # seconds that it may take; null: without end
    retries: int = 1  # after an error, on other units
    quarantined: str = "skip"  # what is done with units in quarantine
    max_fails: int | None = None  # nothing more begins after so many
    max_errors: int | None = None  # nothing more begins after so many
    parts: tuple[Command, ...]  # the commands that ran it, the first one first: a night is gone on with after a stop
    stopped: str = ""  # what ended it before its cases were through; "": nothing
    cases: tuple[NightCase, ...] = ()  # in the order of the rack plan
    refused: tuple[Skipped, ...] = ()  # plans that no case could be made of, with why
    units: tuple[NightUnit, ...] = ()  # of the rack; none where virtual ones were started
    moves: tuple[UnitMove, ...] = ()  # of their states, oldest first
    compared: str = ""  # the nights that it is compared with; "": there was none
    warnings: tuple[str, ...] = ()  # what a reader should know although it changes no verdict

    @property
    def began(self) -> datetime:
        """When the first command began."""
        return self.parts[0].started

    @property
    def wall_s(self) -> float:
        """Seconds that its commands have run, without the time between them; the running one is not in it."""
        return sum((part.ended - part.started).total_seconds() for part in self.parts if part.ended)

    def of_state(self, *states: str) -> list[NightCase]:
        """The cases in one of these states."""
        return [case for case in self.cases if case.state in states]

    def render(self) -> bytes:
        """The content of ``night.json``."""
        return (self.model_dump_json(by_alias=True, indent=1) + "\n").encode("utf-8", "backslashreplace")


def folder_of(case: NightCase, number: int) -> str:
    """Where the reports of a try lie, below the night's folder; the first is 1."""
    one = case.tries[number - 1]
    return one.folder if number == len(case.tries) else f"{one.folder}/try{number}"


def read(folder: Path) -> NightRecord:
    """The ``night.json`` of a night's folder. ``MisuseError`` when there is none, or one that this version cannot read."""
    file = folder / FILENAME
    try:
        content = parse_json(read_file(file).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise MisuseError(
            "this is no night that could be gone on with",
            where=str(file),
            expected=f"the folder of a run of `hil nightly`, which holds {FILENAME}",
            found=error,
            next_step="name the night's folder, or begin a new night without --resume",
        ) from error
    return of_schema(NightRecord, content, schema=SCHEMA, what="the night's record", where=str(file))

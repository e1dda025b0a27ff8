"""What the judging of a release found, as every report of it reads it. Frozen types, written as ``release.json``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from harness.frozen import Frozen, Written
from harness.records import Backend, Evidence, GateResult, Measurement, Verdict

SCHEMA: Final = "hil.release/1"


class CellStatus(StrEnum):
    """What a cell, a plan on a board with a model, came to. Only ``pass`` lets a release pass."""

    PASS = "pass"
    FAIL = "fail"  # the product is wrong
    INCONCLUSIVE = "inconclusive"  # it was run, but what was seen is not enough
    STALE = "stale"  # what was run is another product, other limits, or too long ago
    MISSING = "missing"  # it was never run


class RunFacts(Frozen):
    """A run that speaks for a cell."""

    run_id: str  # of its record
    origin: str  # where it was found
    record_sha256: str  # of its record.json, as this version writes it
    verdict: Verdict  # what the run itself came to
    evidence: Evidence  # hardware or emulated; unknown: no unit was opened
    backend: Backend  # "probe" for a real board, else the emulator
    caveat: str = ""  # what emulated evidence cannot say
    unit: str = ""  # the unit's unique id; "" where none was opened
    started: datetime  # with its time zone
    finished: datetime  # with its time zone
    commit: str = ""  # of the repository that the plan stood in; "": not known
    dirty: bool | None = None  # whether it had edits; null: not known
    given: bool = False  # the image was named by the user, not built by the run
    elf_sha256: str = ""  # of the image; "": none was made
    model_sha256: str = ""  # of the .tflite in it
    model_file: str = ""  # name of the user's own file, where that is another: it was converted first
    model_file_sha256: str = ""  # of that file
    dataset_sha256: str = ""  # of all samples and labels
    n: int = 0  # samples that were streamed
    harness_version: str = ""  # of hil
    host: str = ""  # name of the computer


class AlarmFacts(Frozen):
    """A gate that could have been broken by chance alone: one that is decided with a confidence."""

    run_id: str  # the run whose gate it is
    gate: str  # as in the plan
    p: float  # how often chance would give this much against a product that keeps the limit, at most
    p_holm: float  # the same, raised for the number of such gates in the whole release
    broken: bool  # by its own confidence
    stands: bool  # broken, and p_holm is at most the release's rate of false alarms


class BaselineFacts(Frozen):
    """How a cell stands to its run in the baseline, sample by sample. Differences are this release minus the baseline."""

    run_id: str  # the baseline's run
    verdict: Verdict  # what the comparison came to
    reasons: tuple[str, ...]  # why
    n: int = 0  # samples compared
    lost: int = 0  # right before, wrong now
    gained: int = 0  # wrong before, right now
    difference: float | None = None  # of the accuracy; null where the task decides on no class
    low: float | None = None  # lower end of its interval
    high: float | None = None  # upper end
    margin: float | None = None  # the accuracy that may be lost at most


class CellFacts(Frozen):
    """One cell of the release."""

    id: str  # plan/board/model
    plan: str  # the plan's name
    board: str  # the kind of board
    model: str  # what the plan calls the model
    needs: Literal["hardware", "any"]  # which evidence counts
    fresh: str = ""  # how old a run may be; "": any age
    status: CellStatus  # what it came to
    reasons: tuple[str, ...]  # why, a line each
    warnings: tuple[str, ...] = ()  # what a reader should know although it changes no verdict
    run: RunFacts | None = (
        None  # the run that speaks for it; for a cell that is stale or inconclusive the nearest there is
    )
    others: tuple[str, ...] = ()  # ids of further runs of the same image that were looked at
    gates: tuple[GateResult, ...] = ()  # of that run
    figures: tuple[Measurement, ...] = ()  # of that run, those that its gates are about
    alarms: tuple[AlarmFacts, ...] = ()  # what could have been chance
    baseline: BaselineFacts | None = None  # null: the release names none, or there was nothing to compare


class Document(Frozen):
    """A file that the judging rests on."""

    name: str  # as the release names it
    sha256: str  # of its content


class ReleaseFacts(Written):
    """The whole answer."""

    schema_: str = SCHEMA  # changes when a reader of old files would break
    name: str  # the release's name
    title: str = ""  # a line for people
    judged: datetime  # when, UTC
    verdict: Verdict  # pass, fail or inconclusive
    reasons: tuple[str, ...]  # why, a line each
    commit: str = ""  # the one commit of all runs; "": the release asks for none, or no run knows one
    false_alarms: float  # the share of releases with nothing wrong that may fail by chance
    n_alarms: int = 0  # gates over all cells that could be broken by chance
    n_exact: int = 0  # gates over all cells that could not: a value is held against a limit as it is
    chance: str = ""  # both in words
    baseline: str = ""  # what it was held against; "": nothing
    cells: tuple[CellFacts, ...]  # in the order of the release file
    documents: tuple[Document, ...] = ()  # the release file and its plans
    sources: tuple[str, ...] = ()  # where runs were looked for
    harness_version: str = ""  # of hil

    def count(self, status: CellStatus) -> int:
        """How many cells came to that."""
        return sum(cell.status is status for cell in self.cells)

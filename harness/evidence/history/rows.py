"""What is asked of the store, and what it answers: frozen, without a connection behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.records import Record, Samples


@dataclass(frozen=True)
class Wanted:
    """Which runs. None: any. ``since`` is inclusive, ``until`` exclusive, both by when the run began.

    ``text`` is looked for in ids, session, unit, host and reasons, whatever its case.
    """

    plan: str | None = None
    board: str | None = None
    model: str | None = None
    verdict: str | None = None
    unit: str | None = None
    evidence: str | None = None
    session: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


@dataclass(frozen=True)
class Figure:
    """A measured value with its interval (95 %), None where none is defined."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Note:
    """What a person has said of a run."""

    at: datetime
    text: str
    by: str = ""


@dataclass(frozen=True)
class RunRow:
    """A run in short: one case of one session. Times are UTC; digests are "" where nothing was built or streamed."""

    run_id: str
    session: str
    case_id: str
    plan: str
    board: str
    model: str
    unit: str
    backend: str
    evidence: str
    verdict: str
    reasons: tuple[str, ...]
    started: datetime
    finished: datetime
    n: int  # samples that were streamed
    metric: str  # the name of the headline measurement; "" where nothing was measured
    headline: Figure | None
    measured_in: str  # the unit of the headline; "ratio" lies in 0..1
    engine: str
    elf_sha256: str
    model_sha256: str
    dataset_sha256: str
    folder: str  # of its reports: below the folder of runs with forward slashes, else absolute; "" unknown
    host: str
    harness_version: str
    attempts: int  # more than one: it was broken off and gone on with; the one that ended last is told
    tags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def accuracy(self) -> Figure | None:
        """Top-1 accuracy; None where the task has none, or nothing was measured."""
        return self.headline if self.metric == "accuracy" else None


@dataclass(frozen=True)
class StoredRun:
    """A run as it was written. ``samples`` lack ``origin``, ``converted`` and ``beside``; None: there were none."""

    record: Record
    samples: Samples | None
    row: RunRow


@dataclass(frozen=True)
class TagMove:
    """What a tag named from ``at`` on; no ``run_ids``: it was taken away."""

    at: datetime
    by: str
    run_ids: tuple[str, ...]


@dataclass(frozen=True)
class TagRow:
    """A tag: a name for a frozen set of runs. ``moves`` are all it ever named, oldest first, the present one last."""

    name: str
    run_ids: tuple[str, ...]
    at: datetime
    by: str
    moves: tuple[TagMove, ...]


@dataclass(frozen=True)
class Point:
    """A measurement of one run in a trend."""

    run_id: str
    started: datetime
    value: float
    low: float | None
    high: float | None
    n: int
    measured_in: str  # the unit of the value; "ratio" lies in 0..1
    plan: str
    board: str
    model: str
    unit: str  # which board it was
    evidence: str
    verdict: str
    harness_version: str
    case_id: str


@dataclass(frozen=True)
class GateLine:
    """A limit that the newest run of a plan on a board with a model had on a metric."""

    plan: str
    board: str
    model: str
    op: str
    limit: float


@dataclass(frozen=True)
class Cell:
    """One plan on one board with one model: its newest run, and the headline of up to 20 runs before it, oldest first."""

    plan: str
    board: str
    model: str
    latest: RunRow
    values: tuple[float, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True)
class SessionRow:
    """One run of pytest or `hil run`: what its cases came to."""

    name: str
    started: datetime
    finished: datetime
    verdicts: dict[str, int]

    @property
    def n(self) -> int:
        """How many cases and tests."""
        return sum(self.verdicts.values())

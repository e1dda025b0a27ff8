"""What the conversion and the board cost, as cells: the same in every report for people."""

from __future__ import annotations

from harness.conversion import StepFacts
from harness.evidence.reports._words import between, figure, interval, p_value, signed
from harness.records import Measurement, Record

TITLE = "what the conversion cost, what the board cost"
#: (title, whether it is a number)
ROW_COLUMNS = (("on the same samples", False), ("computed by", False), ("accuracy", True), ("95 % interval", True))
STEP_COLUMNS = (
    ("from, to", False),
    ("lost", True),
    ("gained", True),
    ("both wrong", True),
    ("difference", True),
    ("95 % interval", True),
    ("McNemar mid-p", True),
)
_ROWS = {"origin": "origin, on the host", "tflite": ".tflite, on the host", "board": "board"}
_STEPS = {"conversion": "origin to .tflite", "board": ".tflite to board", "total": "origin to board"}


def row_columns(record: Record) -> tuple[tuple[str, bool], ...]:
    """The titles of ``rows``: the accuracy, or the metric of the record's task."""
    found = record.conversion.task_rows if record.conversion else ()
    metric = found[0].metric if found else "accuracy"
    return tuple((metric if title == "accuracy" else title, number) for title, number in ROW_COLUMNS)


def step_columns(record: Record) -> tuple[tuple[str, bool], ...]:
    """The titles of ``steps``."""
    changes = record.conversion.changes if record.conversion else ()
    if not changes:
        return STEP_COLUMNS
    return (("from, to", False), (f"mean change: {changes[0].score}", True), ("95 % interval", True), ("n", True))


def rows(record: Record) -> list[tuple[str, ...]]:
    """One for each that answered; none where the origin was not run."""
    if record.conversion is None:
        return []
    if record.conversion.task_rows:
        return [
            (_ROWS[row.name], row.engine, figure(row.value, row.unit), _range(row.low, row.high, row.unit))
            for row in record.conversion.task_rows
        ]
    return [
        (_ROWS[row.name], row.engine, figure(row.accuracy, "ratio"), between(row.low, row.high))
        for row in record.conversion.rows
    ]


def steps(record: Record) -> list[tuple[str, ...]]:
    """One for each two that are compared, sample by sample."""
    if record.conversion is None:
        return []
    if record.conversion.changes:
        return [
            (_STEPS[one.name], figure(one.change, "1"), _range(one.low, one.high, "1"), f"{one.n:,}")
            for one in record.conversion.changes
        ]
    return [_step(step) for step in record.conversion.steps]


def note(record: Record) -> str:
    """What was done to the samples to fit the origin; empty for nothing."""
    words = record.conversion.origin.inputs if record.conversion else ""
    return f"the origin's samples are {words}" if words else ""


def method(record: Record) -> str:
    """How the steps were computed."""
    if record.conversion and record.conversion.steps:
        return "Lost: right before, wrong after. The interval is Tango's, of the paired difference."
    return "Each sample's score after minus its score before, on average. The interval is by resampling the samples."


def _range(low: float | None, high: float | None, unit: str) -> str:
    return interval(Measurement(name="", value=0.0, unit=unit, n=0, low=low, high=high))


def _step(step: StepFacts) -> tuple[str, ...]:
    counts = (f"{count:,}" for count in (step.lost, step.gained, step.both_wrong))
    return (
        _STEPS[step.name],
        *counts,
        signed(step.difference),
        between(step.low, step.high, change=True),
        p_value(step.p),
    )

"""The part of a record that tells what the conversion of a network cost, and what the board cost beside it."""

from __future__ import annotations

from typing import Literal

from harness.frozen import Frozen


class OriginFacts(Frozen):
    """What the network was converted from, and what ran it on the host."""

    file: str  # where it was found
    sha256: str  # of that file
    engine: str  # what ran it
    version: str  # its version
    inputs: str = ""  # what was done to the samples to fit it, in words; "" for nothing


class RowFacts(Frozen):
    """One of three that answered the same samples: ``origin`` and ``tflite`` on the host, ``board``."""

    name: Literal["origin", "tflite", "board"]  # which
    engine: str  # what computed it
    n: int  # samples
    accuracy: float  # top-1, over all of them
    low: float  # lower end of its 95 % interval
    high: float  # upper end


class StepFacts(Frozen):
    """Two rows, sample by sample. ``conversion``: origin to tflite; ``board``: tflite to board; ``total``: origin to board."""

    name: Literal["conversion", "board", "total"]  # which
    both_right: int  # samples that both decided rightly
    lost: int  # right before, wrong after
    gained: int  # wrong before, right after
    both_wrong: int  # samples that neither decided rightly
    difference: float  # accuracy after minus before
    low: float  # lower end of its 95 % interval, by Tango's score
    high: float  # upper end
    p: float  # McNemar's mid-p, two-sided


class TaskRowFacts(Frozen):
    """As RowFacts where no class is decided on: the task's own figure."""

    name: Literal["origin", "tflite", "board"]  # which
    engine: str  # what computed it
    metric: str  # the task's first one
    unit: str  # its unit
    value: float  # the figure
    n: int  # samples, or rows of windows
    low: float | None = None  # lower end of its 95 % interval; null where it has none
    high: float | None = None  # upper end


class ChangeFacts(Frozen):
    """As StepFacts where no class is decided on: how the samples' scores change, sample by sample."""

    name: Literal["conversion", "board", "total"]  # which
    score: str  # what a score is, in words
    n: int  # samples that both have a score of
    change: float  # mean of after minus before
    low: float | None = None  # lower end of its 95 % interval, by resampling the samples; null for fewer than two
    high: float | None = None  # upper end


class Conversion(Frozen):
    """What the conversion cost and what the board cost, on the same samples."""

    origin: OriginFacts  # what it was converted from
    rows: tuple[RowFacts, ...]  # origin, tflite, board; empty where no class is decided on
    steps: tuple[StepFacts, ...]  # conversion, board, total; empty where no class is decided on
    task_rows: tuple[TaskRowFacts, ...] = ()  # origin, tflite, board, where no class is decided on
    changes: tuple[ChangeFacts, ...] = ()  # conversion, board, total, where no class is decided on

    def describe(self) -> str:
        """One line for people: where what was lost was lost."""
        if not self.steps:
            return "; ".join(f"{one.name}: {one.score} changes by {one.change:.4g} on average" for one in self.changes)
        step = {step.name: step for step in self.steps}
        on_host, on_board, before = step["conversion"], step["board"], self.rows[0]
        return (
            f"of {before.n} samples the conversion lost {on_host.lost} and gained {on_host.gained}, the board against the"
            f" .tflite on the host lost {on_board.lost} and gained {on_board.gained};"
            f" before the conversion {before.accuracy:.1%} are right"
        )

"""What the conversion cost and what the board cost: three that answered the same samples, two by two. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from harness.conversion import ChangeFacts, RowFacts, StepFacts, TaskRowFacts
from harness.records import Measurement
from harness.verdict import tasks
from harness.verdict.clustered import Groups
from harness.verdict.metrics._common import groups_of
from harness.verdict.paired import Paired, compare
from harness.verdict.statistics import wilson
from harness.verdict.tasks._truth import resampled
from harness.verdict.view import View

Row = Literal["origin", "tflite", "board"]
Step = Literal["conversion", "board", "total"]
STEPS: Final[dict[Step, tuple[Row, Row]]] = {
    "conversion": ("origin", "tflite"),
    "board": ("tflite", "board"),
    "total": ("origin", "board"),
}


def pairs(view: View) -> dict[Step, Paired]:
    """Each step's counts; none where the origin was not run."""
    right = view.right
    return {step: compare(right[before], right[after]) for step, (before, after) in STEPS.items() if right}


def rows(view: View, engines: dict[Row, str]) -> tuple[RowFacts, ...]:
    """The accuracies with their 95 % intervals, in the order of the road from the origin to the board."""
    found = []
    for name, engine in engines.items():
        if name in view.right:
            hits = int(view.right[name].sum())
            low, high = wilson(hits, view.n)
            found.append(RowFacts(name=name, engine=engine, n=view.n, accuracy=hits / view.n, low=low, high=high))
    return tuple(found)


def steps(view: View) -> tuple[StepFacts, ...]:
    """The paired differences, each with Tango's 95 % interval and McNemar's mid-p."""
    return tuple(_facts(step, pair) for step, pair in pairs(view).items())


def answered(view: View) -> dict[Row, View]:
    """The same samples as each of the three answered them, for a task that decides on no class; none without an origin."""
    samples = view.samples
    if samples.origin is None or view.decides:
        return {}
    whole = replace(
        samples,
        answered=np.ones(view.n, dtype=np.bool_),
        status=np.zeros(view.n, dtype=np.uint8),
        input_crc=samples.sent_crc,
        origin=None,
        converted=None,
    )
    converted = samples.reference if samples.converted is None else samples.converted
    real = replace(view.output, dtype="float32", scale=0.0, zero_point=0)
    return {
        "origin": replace(view, output=real, samples=replace(whole, outputs=samples.origin, reference=samples.origin)),
        "tflite": replace(view, samples=replace(whole, outputs=converted, reference=converted)),
        "board": view,
    }


def task_rows(view: View, engines: dict[Row, str]) -> tuple[TaskRowFacts, ...]:
    """The first of the task's own metrics of each, in the order of the road from the origin to the board."""
    task, found = tasks.load(view.task.name), []
    for name, one in answered(view).items():
        known = {m.name: m for m in task.measure(one)}
        m = next((known[metric] for metric in task.HEADLINES if metric in known), None)
        if m is not None:
            found.append(
                TaskRowFacts(
                    name=name,
                    engine=engines[name],
                    metric=m.name,
                    unit=m.unit,
                    value=m.value,
                    n=m.n,
                    low=m.low,
                    high=m.high,
                )
            )
    return tuple(found)


def changes(view: View) -> dict[Step, Measurement]:
    """How much the task's score of a sample changes in each step, on average, over the samples that have one before and after.

    Interval: bootstrap over the samples. None for a task without scores, or without an origin.
    """
    task = tasks.load(view.task.name)
    scores = {name: task.scores(one) for name, one in answered(view).items()}
    found: dict[Step, Measurement] = {}
    for step, (before, after) in STEPS.items():
        one, other = scores.get(before), scores.get(after)
        if one is None or other is None:
            continue
        both = np.isfinite(one) & np.isfinite(other)
        if both.any():
            found[step] = _mean_change(f"score_change.{step}", other[both] - one[both], groups_of(view, both))
    return found


def _mean_change(name: str, off: npt.NDArray[np.float64], groups: Groups | None) -> Measurement:
    return resampled(name, "1", len(off), lambda rows: np.asarray(off[rows].mean()), groups)


def change_facts(view: View) -> tuple[ChangeFacts, ...]:
    """``changes``, for the record."""
    score = tasks.load(view.task.name).SCORE
    return tuple(
        ChangeFacts(name=step, score=score, n=m.n, change=m.value, low=m.low, high=m.high)
        for step, m in changes(view).items()
    )


def _facts(step: Step, pair: Paired) -> StepFacts:
    low, high = pair.interval()
    return StepFacts(
        name=step,
        both_right=pair.both_right,
        lost=pair.lost,
        gained=pair.gained,
        both_wrong=pair.both_wrong,
        difference=pair.difference,
        low=low,
        high=high,
        p=pair.p,
    )

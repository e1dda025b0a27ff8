"""What the conversion cost and what the board cost: three that answered the same samples, two by two. Pure."""

from __future__ import annotations

from typing import Final, Literal

from harness.conversion import RowFacts, StepFacts
from harness.verdict.paired import Paired, compare
from harness.verdict.statistics import wilson
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

"""``accuracy``: top-1. The share of all samples sent whose decision is the label.

A sample that was lost, failed, or computed from a damaged input is wrong: losing the hard ones must not raise the
figure. An unknown is wrong too. Interval: Wilson, 95 %; by groups too where the data has them.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share_of
from harness.verdict.view import View

FAMILY = Family(
    ("accuracy",),
    shares=("accuracy",),
    grouped=("accuracy",),
    tasks=("classification",),
    meanings={"accuracy": "top-1: decided as labelled, of all samples sent; lost and unknown ones are wrong"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Top-1 accuracy over the samples sent."""
    right = view.sound & (view.decisions == view.samples.labels)
    return (share_of(view, "accuracy", right),)

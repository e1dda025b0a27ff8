"""``argmax_accuracy`` and ``answered_accuracy``: what a threshold costs, and what it buys. Only where the plan's rule has one.

``argmax_accuracy`` is over all samples sent, as ``accuracy`` is, with the largest output as the decision whatever its size: what
the network alone can do. ``answered_accuracy`` is over the samples that were decided as a class: how far an answer can be
trusted; it is left out when none was. Neither replaces ``accuracy``, in which an unknown is wrong. Intervals: Wilson, 95 %;
by groups too where the data has them.
"""

from __future__ import annotations

from harness.plans.schema import ArgmaxRule, ThresholdRule
from harness.records import Measurement
from harness.verdict.decide import UNKNOWN, decide
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share_of
from harness.verdict.view import View

FAMILY = Family(
    ("argmax_accuracy", "answered_accuracy"),
    shares=("argmax_accuracy", "answered_accuracy"),
    grouped=("argmax_accuracy", "answered_accuracy"),
    tasks=("classification",),
    meanings={
        "argmax_accuracy": "top-1 with the largest output deciding, whatever the threshold; of all samples sent",
        "answered_accuracy": "decided as labelled, of the samples that were not decided as unknown",
    },
    absent="the plan's rule has no threshold",
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Both, for a rule with a threshold."""
    if not isinstance(view.rule, ThresholdRule):
        return ()
    labels, sound = view.samples.labels, view.sound
    largest = decide(view.samples.outputs, ArgmaxRule(), view.output)
    answered = sound & (view.decisions != UNKNOWN)
    found = [share_of(view, "argmax_accuracy", sound & (largest == labels))]
    if answered.any():
        found.append(share_of(view, "answered_accuracy", view.decisions == labels, answered))
    return tuple(found)

"""``unknown_rate``: share of all samples sent that were answered soundly but decided as unknown. Wilson, 95 %."""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.decide import UNKNOWN
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share_of
from harness.verdict.view import View

FAMILY = Family(
    ("unknown_rate",),
    shares=("unknown_rate",),
    grouped=("unknown_rate",),
    tasks=("classification",),
    meanings={"unknown_rate": "samples answered soundly but decided as unknown"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """The rate."""
    return (share_of(view, "unknown_rate", view.sound & (view.decisions == UNKNOWN)),)

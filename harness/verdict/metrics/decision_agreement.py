"""``decision_agreement``: share of all samples sent that board and reference decide alike. Wilson, 95 %.

A sample that is not sound agrees with nothing.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.view import View

FAMILY = Family(
    ("decision_agreement",),
    shares=("decision_agreement",),
    tasks=("classification",),
    meanings={"decision_agreement": "samples that board and reference decide alike"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """The share."""
    alike = view.sound & (view.decisions == view.reference_decisions)
    return (share("decision_agreement", int(np.count_nonzero(alike)), view.n),)

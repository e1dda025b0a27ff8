"""How often the board and the reference run on the host are at one.

- ``agreement``: share of all samples sent whose raw outputs are the reference's, byte for byte; a NaN is
  a NaN, whatever its bits.
- ``decision_agreement``: share of all samples sent that are decided alike.

A sample that is not sound agrees with nothing. Intervals: Wilson, 95 %; an agreement of 1 from n samples still leaves
room for as much disagreement as the interval says.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.view import View

FAMILY = Family(
    ("agreement", "decision_agreement"),
    shares=("agreement", "decision_agreement"),
    meanings={
        "agreement": "samples whose raw outputs are the reference's, byte for byte",
        "decision_agreement": "samples that board and reference decide alike",
    },
)


def measure(view: View) -> tuple[Measurement, ...]:
    """The two shares."""
    alike = view.sound & (view.decisions == view.reference_decisions)
    return (
        share("agreement", int(view.identical.sum()), view.n),
        share("decision_agreement", int(np.count_nonzero(alike)), view.n),
    )

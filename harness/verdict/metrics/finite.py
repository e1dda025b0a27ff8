"""``nonfinite_outputs``: share of all samples sent that were answered soundly with a NaN or an infinity. Wilson, 95 %.

Where the outputs are floats and the plan has no gate on it, it must be 0: a network that gives NaN where its reference does
agrees with it, and is of no use.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.view import View

FAMILY = Family(
    ("nonfinite_outputs",),
    shares=("nonfinite_outputs",),
    per_output=True,
    meanings={"nonfinite_outputs": "samples answered with a NaN or an infinity"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """The share; 0 for outputs that are whole numbers."""
    odd = np.zeros(view.n, dtype=np.bool_)
    for _, outputs, _ in view.each:
        odd |= ~np.isfinite(outputs.astype(np.float64)).all(axis=1)
    n = int(view.asked.sum())
    return (share("nonfinite_outputs", int((view.compared & odd).sum()), n),) if n else ()

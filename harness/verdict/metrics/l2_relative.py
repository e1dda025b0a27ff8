"""``l2_relative_error``: length of the difference to the reference / length of the board's outputs, as one long vector.

What ST's X-CUBE-AI prints as ``l2r`` in its line "X-cross": over every output of all samples, dequantised, and divided by
what the C model gave, not by the reference (ST, "Evaluation report and metrics", X-CUBE-AI 5.2 and 7.0: ``l2r`` of the script
in "Post-processing example"; a published report of 8.1 says the same, see the tests). That script adds 1.2e-7 to the divisor;
here a board that gives nothing but zeros where the reference does not is infinitely wrong, and 0 where it does too.

A NaN on one side alone is infinitely far. Absent without a sound sample; ``n`` counts samples.
"""

from __future__ import annotations

import math

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("l2_relative_error",),
    per_output=True,
    meanings={
        "l2_relative_error": "length of all outputs' differences to the reference / of the outputs; X-CUBE-AI's l2r"
    },
    units={"l2_relative_error": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """A number without unit, 0 or more."""
    n = int(view.compared.sum())
    if n == 0:
        return ()
    return (Measurement(name="l2_relative_error", value=_relative(view), unit="1", n=n),)


def _relative(view: View) -> float:
    if view.pairs is None:
        return math.inf
    ours, theirs = view.pairs
    apart, length = float(np.linalg.norm(ours - theirs)), float(np.linalg.norm(ours))
    if apart == 0:
        return 0.0
    return apart / length if length else math.inf

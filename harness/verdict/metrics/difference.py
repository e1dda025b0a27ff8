"""``max_abs_diff``: how far board and reference are apart at most, over every output of the sound samples, dequantised.

A NaN on one side alone is infinitely far. Absent without a sound sample; ``n`` counts samples.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("max_abs_diff",),
    per_output=True,
    meanings={"max_abs_diff": "largest difference of an output to the reference, dequantised"},
    units={"max_abs_diff": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """In the output's real unit."""
    n = int(view.compared.sum())
    if n == 0:
        return ()
    return (Measurement(name="max_abs_diff", value=float(view.differences.max()), unit="1", n=n),)

"""``mae``: mean absolute difference to the reference, over every output of the sound samples, dequantised.

What ST's X-CUBE-AI prints as ``mae`` in its line "X-cross" (ST, "Evaluation report and metrics", X-CUBE-AI 7.0). Not
``mean_abs_error``, which is of the labels. A NaN on one side alone is infinitely far. Absent without a sound sample; ``n``
counts samples.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("mae",),
    per_output=True,
    meanings={"mae": "mean of all outputs' absolute differences to the reference, dequantised; X-CUBE-AI's mae"},
    units={"mae": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """In the output's real unit."""
    n = int(view.compared.sum())
    if n == 0:
        return ()
    return (Measurement(name="mae", value=float(view.differences.mean()), unit="1", n=n),)

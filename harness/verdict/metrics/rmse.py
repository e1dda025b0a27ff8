"""``rmse``: root mean square of the differences to the reference, over every output of the sound samples, dequantised.

What ST's X-CUBE-AI prints as ``rmse`` in its line "X-cross" (ST, "Evaluation report and metrics", X-CUBE-AI 7.0, which
also says that int8 and uint8 are dequantised first). A NaN on one side alone is infinitely far. Absent without a sound
sample; ``n`` counts samples.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("rmse",),
    per_output=True,
    meanings={"rmse": "root mean square of all differences to the reference, dequantised; X-CUBE-AI's rmse"},
    units={"rmse": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """In the output's real unit."""
    n = int(view.compared.sum())
    if n == 0:
        return ()
    return (Measurement(name="rmse", value=float(np.sqrt(np.mean(np.square(view.differences)))), unit="1", n=n),)

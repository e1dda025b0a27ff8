"""``max_abs_diff`` and ``rmse``: how far apart board and reference are, over every output of the sound samples,
dequantised.

A NaN on one side alone is infinitely far. Both are absent without a sound sample; ``n`` counts samples.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("max_abs_diff", "rmse"),
    meanings={
        "max_abs_diff": "largest difference of an output to the reference, dequantised",
        "rmse": "root mean square of all outputs' differences to the reference, dequantised",
    },
    units={"max_abs_diff": "1", "rmse": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Both, in the output's real unit."""
    n = int(view.sound.sum())
    if n == 0:
        return ()
    apart = view.differences
    return (
        Measurement(name="max_abs_diff", value=float(apart.max()), unit="1", n=n),
        Measurement(name="rmse", value=float(np.sqrt(np.mean(np.square(apart)))), unit="1", n=n),
    )

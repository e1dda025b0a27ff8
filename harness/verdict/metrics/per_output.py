"""``binary_accuracy`` and ``mean_abs_error``: the per-output figures that are easily mistaken for top-1 accuracy.

- ``binary_accuracy``: share of single outputs on the right side of 0.5 (above 0.5 for the label's, not above for the
  others); an unsound sample has all outputs wrong. With ten classes, "always none" reaches 0.9. No interval: the
  outputs of one sample are not independent.
- ``mean_abs_error``: per sound sample the sum over the outputs of |expected - output|, expected being 1 for the label
  and 0 otherwise; the mean of these. Absent without a sound sample.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("binary_accuracy", "mean_abs_error"),
    ratios=("binary_accuracy",),
    tasks=("classification",),
    meanings={
        "binary_accuracy": "single outputs on the right side of 0.5; ten classes and never a decision make 0.9",
        "mean_abs_error": "sum of a sample's |expected - output|, mean over the samples",
    },
    units={"mean_abs_error": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Both figures, from the dequantised outputs."""
    real = view.output.real(view.samples.outputs)
    expected = np.eye(len(view.classes))[view.samples.labels]
    right = ((real > 0.5) == (expected > 0.5)) & ~np.isnan(real) & view.sound[:, np.newaxis]
    found = [Measurement(name="binary_accuracy", value=float(right.mean()), unit="ratio", n=right.size)]
    if view.sound.any():
        sums = np.abs(expected - real)[view.sound].sum(axis=1)
        value = float(np.nan_to_num(sums, nan=np.inf, posinf=np.inf).mean())
        found.append(Measurement(name="mean_abs_error", value=value, unit="1", n=int(view.sound.sum())))
    return tuple(found)

"""``cosine_similarity``: cosine of the angle between the board's outputs and the reference's, each as one long vector.

What ST's X-CUBE-AI prints as ``cos`` in its line "X-cross": over every output of all samples, dequantised (ST, "Evaluation
report and metrics", ST Edge AI Core 2.2: COS). It says nothing of a common factor: outputs twice as large as the
reference's have 1. Between -1 and 1; 1 when both are nothing but zeros, 0 when one is.

A NaN on one side alone makes it -1, the least that it can be, so that no gate passes over it. Absent without a sound
sample; ``n`` counts samples.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("cosine_similarity",),
    signed=("cosine_similarity",),
    per_output=True,
    meanings={"cosine_similarity": "cosine between all outputs and the reference's, dequantised; X-CUBE-AI's cos"},
    units={"cosine_similarity": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """A number without unit, from -1 to 1."""
    n = int(view.compared.sum())
    if n == 0:
        return ()
    return (Measurement(name="cosine_similarity", value=_cosine(view), unit="1", n=n),)


def _cosine(view: View) -> float:
    if view.pairs is None:
        return -1.0
    ours, theirs = view.pairs
    if np.array_equal(ours, theirs):
        return 1.0  # exactly: no rounding may break a gate on equal outputs
    # Each made of length 1 first: the product of two lengths may be too large, or too small, for a float.
    lengths = [float(np.linalg.norm(side)) for side in (ours, theirs)]
    if not all(lengths):
        return 0.0
    cosine = float(np.vdot(ours / lengths[0], theirs / lengths[1]))
    return max(-1.0, min(cosine, 1.0))

"""``score_change.conversion``, ``.board``, ``.total``: what the conversion and the board do to a task's score of a sample.

For tasks that decide on no class and have a score (see ``tasks``). It is the mean over the samples of the score after minus the
score before, so that of an error a loss is above 0, and of a signal-to-noise ratio below. Interval: bootstrap over the samples;
by groups too where the data has them. Absent where nobody names what the network was converted from, or it was not run.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.conversion import changes
from harness.verdict.metrics import Family
from harness.verdict.view import View

_STEPS = ("score_change.conversion", "score_change.board", "score_change.total")
FAMILY = Family(
    _STEPS,
    interval=_STEPS,
    grouped=_STEPS,
    unbounded=_STEPS,
    meanings={
        "score_change.conversion": "mean change of a sample's score from the origin to the .tflite, both on the host",
        "score_change.board": "mean change of a sample's score from the .tflite on the host to the board",
        "score_change.total": "mean change of a sample's score from the origin to the board",
    },
    units=dict.fromkeys(_STEPS, "1"),
    tasks=("anomaly", "multi_label", "regression", "sequence"),
    absent="needs what the network was converted from: name its 'origin' beside its file",
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Three, where both sides of each have a score; nothing without an origin."""
    return tuple(changes(view).values())

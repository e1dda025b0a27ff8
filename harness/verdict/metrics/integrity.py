"""Whether what was sent is what was scored.

- ``lost_samples``: sent and never answered.
- ``failed_samples``: answered with a status other than 0.
- ``input_integrity``: share of all samples sent that were answered with the CRC-32 of the input as it was meant. A lost
  sample proves nothing about its input and counts against it. Wilson, 95 %.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.view import View

FAMILY = Family(
    ("failed_samples", "input_integrity", "lost_samples"),
    shares=("input_integrity",),
    whole=("failed_samples", "lost_samples"),
    counted=("failed_samples", "lost_samples"),
    meanings={
        "failed_samples": "answered with an error status",
        "input_integrity": "samples whose input the engine read as it was meant, by its CRC-32",
        "lost_samples": "sent and never answered",
    },
    units={"failed_samples": "samples", "lost_samples": "samples"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """All three."""
    s = view.samples
    lost = int((~s.answered).sum())
    failed = int((s.answered & (s.status != 0)).sum())
    kept = int((s.answered & (s.input_crc == s.sent_crc)).sum())
    return (
        Measurement(name="lost_samples", value=lost, unit="samples", n=view.n),
        Measurement(name="failed_samples", value=failed, unit="samples", n=view.n),
        share("input_integrity", kept, view.n),
    )

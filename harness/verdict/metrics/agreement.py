"""``agreement``: share of all samples sent whose raw outputs are the reference's, byte for byte; a NaN is a NaN, whatever its bits.

A sample that is not sound agrees with nothing. Of recordings only the hops that run the network are samples here.
Interval: Wilson, 95 %; an agreement of 1 from n samples still leaves room for as
much disagreement as the interval says.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.view import View

FAMILY = Family(
    ("agreement",),
    shares=("agreement",),
    per_output=True,
    meanings={"agreement": "samples whose raw outputs are the reference's, byte for byte"},
    absent="the network never ran",
)


def measure(view: View) -> tuple[Measurement, ...]:
    """The share."""
    n = int(view.asked.sum())
    return (share("agreement", int((view.identical & view.asked).sum()), n),) if n else ()

"""``hop_load.*``, ``late_hops``: whether the board keeps up with the sensor. Hardware only.

- ``hop_load.p50|p90|p99|max``: cycles of front end, network and rule in a hop, by the cycles that a hop lasts.
- ``late_hops``: hops that took longer than they last.

Of hops that ran the network while nothing was received; at the sensor's pace of all that did. An emulator's instructions are
``hop_instructions``.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._percentiles import SUFFIXES, meanings, percentiles, with_interval
from harness.verdict.played import timed
from harness.verdict.view import View

FAMILY = Family(
    (*(f"hop_load.{suffix}" for suffix in SUFFIXES), "late_hops"),
    interval=with_interval("hop_load"),
    only="hardware",
    whole=("late_hops",),
    tasks=("detection",),
    meanings=meanings("hop_load", "cycles of a hop by those that it lasts")
    | {"late_hops": "hops that took longer than they last"},
    units={**{f"hop_load.{suffix}": "1" for suffix in SUFFIXES}, "late_hops": "hops"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Where the counter's clock is known."""
    played = view.truth.played
    if view.evidence != "hardware" or played is None or not view.clock_hz:
        return ()
    chosen = timed(view, played)
    load = view.samples.cycles[chosen] / (view.clock_hz * played.hop_s)
    if not load.size:
        return ()
    late = Measurement(name="late_hops", value=int(np.sum(load > 1)), unit="hops", n=load.size)
    return (*percentiles("hop_load", load, "1"), late)

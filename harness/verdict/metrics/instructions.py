"""``instructions.*``: executed per run of the network, on an emulator only. Not a time: no pipeline, no wait states."""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._percentiles import SUFFIXES, counted, meanings, percentiles, with_interval
from harness.verdict.view import View

_NAMES = tuple(f"instructions.{suffix}" for suffix in SUFFIXES)
FAMILY = Family(
    _NAMES,
    interval=with_interval("instructions"),
    only="emulated",
    whole=_NAMES,
    meanings=meanings("instructions", "instructions per run of the network"),
    units=dict.fromkeys(_NAMES, "instructions"),
)


def measure(view: View) -> tuple[Measurement, ...]:
    """The percentiles of the emulator's count."""
    return percentiles("instructions", counted(view), "instructions") if view.evidence == "emulated" else ()

"""``instructions.*``: executed per run of the network, on an emulator only. Not a time: no pipeline, no wait states."""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._percentiles import SUFFIXES, counted, percentiles
from harness.verdict.view import View

FAMILY = Family(tuple(f"instructions.{suffix}" for suffix in SUFFIXES), interval=True, only="emulated")


def measure(view: View) -> tuple[Measurement, ...]:
    """The percentiles of the emulator's count."""
    return percentiles("instructions", counted(view), "instructions") if view.evidence == "emulated" else ()

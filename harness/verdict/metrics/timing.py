"""``cycles.*`` and ``latency_us.*``: per run of the network, read on the board before anything is sent. Hardware only.

An emulator has neither: what it counts is ``instructions``, and they are never shown under these names.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._percentiles import SUFFIXES, counted, meanings, percentiles, with_interval
from harness.verdict.view import View

FAMILY = Family(
    tuple(f"{stem}.{suffix}" for stem in ("cycles", "latency_us") for suffix in SUFFIXES),
    interval=with_interval("cycles") + with_interval("latency_us"),
    only="hardware",
    whole=tuple(f"cycles.{suffix}" for suffix in SUFFIXES),
    meanings=meanings("cycles", "cycles per run of the network")
    | meanings("latency_us", "time per run of the network"),
    units={
        f"{stem}.{suffix}": unit for stem, unit in (("cycles", "cycles"), ("latency_us", "us")) for suffix in SUFFIXES
    },
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Cycles, and microseconds where the counter's clock is known."""
    if view.evidence != "hardware":
        return ()
    cycles = counted(view)
    found = percentiles("cycles", cycles, "cycles")
    if view.clock_hz:
        found += percentiles("latency_us", cycles * 1e6 / view.clock_hz, "us")
    return found

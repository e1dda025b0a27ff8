"""``hop_instructions.*``, ``front_end_instructions.*``, ``network_instructions.*``: what a hop costs, on an emulator only.

- ``hop_instructions.share``: the most that a hop took, by the clock cycles that it lasts at the board's clock. Instructions are no
  cycles: below 1 it may keep up, above 1 it cannot. Whether it does is for hardware to say (``hop_load.max``).

Of hops that ran the network while nothing was received; at the sensor's pace of all that did.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.metrics._percentiles import SUFFIXES, meanings, percentiles, with_interval
from harness.verdict.played import timed
from harness.verdict.view import View

_STEMS = {
    "hop_instructions": "instructions of a hop: front end, network, rule",
    "front_end_instructions": "instructions of the front end in a hop",
    "network_instructions": "instructions of the network in a hop",
}
_COUNTS = tuple(f"{stem}.{suffix}" for stem in _STEMS for suffix in SUFFIXES)
FAMILY = Family(
    (*_COUNTS, "hop_instructions.share"),
    interval=tuple(name for stem in _STEMS for name in with_interval(stem)),
    only="emulated",
    whole=_COUNTS,
    tasks=("detection",),
    meanings={name: text for stem, what in _STEMS.items() for name, text in meanings(stem, what).items()}
    | {"hop_instructions.share": "the most instructions of a hop, by the clock cycles that it lasts"},
    units={**dict.fromkeys(_COUNTS, "instructions"), "hop_instructions.share": "1"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """What the emulator counted, and its share of a hop where the board's clock is known."""
    played = view.truth.played
    if view.evidence != "emulated" or played is None:
        return ()
    chosen = timed(view, played)
    whole = view.samples.cycles[chosen].astype(np.float64)
    whole = whole if whole.any() else whole[:0]
    found = list(percentiles("hop_instructions", whole, "instructions"))
    for stem, values in (("front_end", played.front_end), ("network", played.network)):
        counts = values[chosen].astype(np.float64)
        found += percentiles(f"{stem}_instructions", counts if counts.any() else counts[:0], "instructions")
    if played.clock_hz and whole.size:
        share = float(whole.max()) / (played.clock_hz * played.hop_s)
        found.append(Measurement(name="hop_instructions.share", value=share, unit="1", n=whole.size))
    return tuple(found)

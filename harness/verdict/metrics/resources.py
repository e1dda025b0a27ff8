"""``flash_bytes``, ``ram_bytes``, ``stack_bytes`` of the firmware; the rest is of the link.

- ``samples_per_s``: answered samples by the wall time of streaming, on the harness's clock.
- ``line_use``, ``overlap``: see ``LinkFacts``.
- ``board_resets``: how often the board started anew while it streamed, by itself or by its probe because it was silent.
  A run survives that; ``board_resets == 0`` is the gate for those who do not want it to.

Each is absent when unknown.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("flash_bytes", "ram_bytes", "samples_per_s", "stack_bytes", "line_use", "overlap", "board_resets"),
    ratios=("line_use", "overlap"),
    whole=("flash_bytes", "ram_bytes", "stack_bytes", "board_resets"),
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Those that are known."""
    found = []
    if view.link is not None:
        resets = view.link.resets + view.link.revived
        found.append(Measurement(name="board_resets", value=resets, unit="resets", n=1))
        if view.link.overlap is not None:
            found.append(Measurement(name="overlap", value=view.link.overlap, unit="ratio", n=view.n))
    if view.link is not None and view.link.wall_s > 0:
        answered = int(view.samples.answered.sum())
        found.append(Measurement(name="samples_per_s", value=answered / view.link.wall_s, unit="1/s", n=answered))
        if view.link.line_use is not None:
            found.append(Measurement(name="line_use", value=view.link.line_use, unit="ratio", n=view.n))
    if view.firmware is not None:
        found.append(Measurement(name="flash_bytes", value=view.firmware.flash_bytes, unit="B", n=1))
        found.append(Measurement(name="ram_bytes", value=view.firmware.ram_bytes, unit="B", n=1))
    if view.stack_bytes is not None:
        found.append(Measurement(name="stack_bytes", value=view.stack_bytes, unit="B", n=1))
    return tuple(found)

"""``flash_bytes``, ``ram_bytes``, ``stack_bytes`` of the firmware, and

- ``board_resets``: how often the board started anew while it streamed, by itself or by its probe because it was silent.
  A run survives that; ``board_resets == 0`` is the gate for those who do not want it to.

Each is absent when unknown.
"""

from __future__ import annotations

from harness.records import Measurement
from harness.verdict.metrics import Family
from harness.verdict.view import View

FAMILY = Family(
    ("flash_bytes", "ram_bytes", "stack_bytes", "board_resets"),
    whole=("flash_bytes", "ram_bytes", "stack_bytes", "board_resets"),
    meanings={
        "board_resets": "how often the board started anew while it streamed",
        "flash_bytes": "what the firmware takes of the flash",
        "ram_bytes": "what the firmware takes of the RAM, its reserved stack included",
        "stack_bytes": "deepest stack that was seen",
    },
    units={"flash_bytes": "B", "ram_bytes": "B", "stack_bytes": "B", "board_resets": "resets"},
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Those that are known."""
    found = []
    if view.link is not None:
        resets = view.link.resets + view.link.revived
        found.append(Measurement(name="board_resets", value=resets, unit="resets", n=1))
    if view.firmware is not None:
        found.append(Measurement(name="flash_bytes", value=view.firmware.flash_bytes, unit="B", n=1))
        found.append(Measurement(name="ram_bytes", value=view.firmware.ram_bytes, unit="B", n=1))
    if view.stack_bytes is not None:
        found.append(Measurement(name="stack_bytes", value=view.stack_bytes, unit="B", n=1))
    return tuple(found)

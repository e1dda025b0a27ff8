"""What needs time before it can be used: oscillators, PLLs, regulators. In virtual time, so the same in every run.

The times that the chips' blocks give here are of the order of the data sheets' maxima and were compared with no chip: what
is held is that a ready flag comes late, and that a program which does not wait for it is seen.
"""

from __future__ import annotations

from harness.virtual.core.clock import VirtualClock


class Warmup:
    """Names of things that were switched on, and since when each is ready."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._ready_at: dict[str, float] = {}

    def start(self, name: str, us: float) -> None:
        """Switch it on: ready after so many microseconds."""
        self._ready_at[name] = self._clock.seconds() + us / 1e6

    def stop(self, name: str) -> None:
        """Switch it off."""
        self._ready_at.pop(name, None)

    def on(self, name: str) -> bool:
        """Whether it was switched on."""
        return name in self._ready_at

    def ready(self, name: str) -> bool:
        """Whether it is on, and has been for long enough."""
        return self.on(name) and self._clock.seconds() >= self._ready_at[name]

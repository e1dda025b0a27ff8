"""Virtual time: one tick per instruction, plus the ticks skipped while the core waits.

A tick is one cycle of the core's clock (HCLK). ``now`` includes skipped time, ``instructions`` does not. Devices put
the moment of their next event here; the run loop never executes past the earliest one, so an event happens at its
exact tick.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.cpu import Core

NEVER = 1 << 62


class VirtualClock:
    """Ticks since power-on and the devices' next events."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._counter = core.counter
        self._base = 0
        self._at: list[int] = []
        self._actions: list[Callable[[], None]] = []
        self.next_at = NEVER
        self._hz = 16_000_000
        self._s, self._s_at = 0.0, 0  # the time in seconds at that tick, when the clock last changed its speed
        self.line_busy = 0  # bit per serial line with bytes under way: then waiting may be skipped without a pause

    @property
    def hz(self) -> int:
        """Ticks per second: they change as the program changes the core's clock."""
        return self._hz

    @hz.setter
    def hz(self, value: int) -> None:
        self._s, self._s_at, self._hz = self.seconds(), self.now(), value

    def seconds(self) -> float:
        """Virtual time since power-on, whatever the clock's speed was."""
        return self._s + (self.now() - self._s_at) / self._hz

    def now(self) -> int:
        """The present tick; exact inside device callbacks too."""
        return self._base + self._counter.value if self._core.running else self._base

    @property
    def instructions(self) -> int:
        """Instructions executed since power-on, the present one included."""
        core = self._core
        return core.executed + (self._counter.value if core.running else 0)

    def add(self, action: Callable[[], None]) -> int:
        """Register an event source; returns its number for ``schedule``."""
        self._at.append(NEVER)
        self._actions.append(action)
        return len(self._at) - 1

    def schedule(self, source: int, at: int) -> None:
        """Let the source's action be called at tick ``at`` (``NEVER`` takes it back). Replaces its former moment."""
        self._at[source] = at
        self.next_at = min(self._at)
        if self._core.running and at < NEVER:
            left = at - self.now()
            self._core.end_within(left if left > 0 else 0)

    def advance(self, ticks: int) -> None:
        """Account for executed instructions, or skip ticks while the core waits."""
        self._base += ticks

    def skip_to(self, at: int) -> None:
        """Skip to tick ``at`` from inside or outside a run; never goes back."""
        ahead = at - self.now()
        if ahead > 0:
            self._base += ahead
            if self._core.running and self.next_at < NEVER:
                left = self.next_at - at
                self._core.end_within(left if left > 0 else 0)

    def fire_due(self) -> None:
        """Call the actions whose moment has come, earliest first."""
        while self.next_at <= self.now():
            source = self._at.index(self.next_at)
            self._at[source] = NEVER
            self.next_at = min(self._at)
            self._actions[source]()

"""``dut.power``: a unit's power in the hands of a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.bench.power import PowerSwitch
from harness.clock import Clock, SystemClock


@dataclass(frozen=True)
class Power:
    """A unit's power in the hands of a test. Whatever the switch cannot do is a ``BenchError``.

    It is the board's own supply that is meant: where probe and port lose theirs with it, they are gone, and that is told.
    """

    switch: PowerSwitch
    went_off: Callable[[], None]
    came_on: Callable[[], None]
    clock: Clock = field(default_factory=SystemClock)

    def off(self) -> None:
        """Switch it off. Until ``on`` every other use of the unit is a ``MisuseError``; it is switched on when the test ends."""
        self.went_off()
        self.switch.off()

    def on(self) -> None:
        """Switch it on, connect its probe anew and, where a model was on it, greet it: then as after ``dut.reset()``."""
        self.switch.on()
        self.came_on()

    def cycle(self, off_s: float = 0.5) -> None:
        """Off, ``off_s`` seconds of the host's clock, and on."""
        self.off()
        self.clock.sleep_s(off_s)
        self.on()

"""``dut.power``: a unit's power in the hands of a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.bench.power import PowerSwitch
from harness.bench.unit import Unit
from harness.clock import Clock, SystemClock
from harness.errors import BenchError
from harness.run.bring_up import Live

_MOST_READS = 100


@dataclass(frozen=True)
class Power:
    """A unit's power in the hands of a test. Whatever the switch cannot do is a ``BenchError``.

    Where probe and port lose theirs with the board, they are waited for when it is back.
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


def came_on(unit: Unit, live: Live | None, clock: Clock) -> None:
    """After its power came: the port again where it had gone with the power, and a new connection to the probe.

    ``BenchError`` when one of them does not come back.
    """
    try:
        for _ in range(_MOST_READS):  # what was said before it ended is no news; that it has ended stands behind it
            if not unit.transport.read(4096, 0.0):
                break
    except BenchError as gone:
        transport = unit.reopen_port(gone, clock)
        if live is not None:
            live.session.move_to(transport)
    unit.reconnect_probe()

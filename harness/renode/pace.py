"""How much virtual time passes when. Pure: it is told the wall clock.

Bytes on the line, and a core that computes, pull time forward as fast as the host can. Otherwise virtual time keeps to the
wall clock, so that the firmware's time-outs mean what they say; what could not be kept up with is not caught up.
"""

from __future__ import annotations

_SHORT_US, _LONG_US = 2_000, 10_000
_BIT_TIMES = 10  # of a byte
_ALERT_S = 0.05
_LAG_S = 0.05


class Pace:
    """The times are seconds of any monotonic clock."""

    def __init__(self, now_s: float) -> None:
        self._virtual_s = 0.0
        self._epoch_s = now_s
        self._active_s = now_s

    def wait_s(self, now_s: float, on_the_way: int) -> float:
        """How long until the next step is due; 0 while bytes are on their way to the board."""
        return 0.0 if on_the_way else max(0.0, self._virtual_s - (now_s - self._epoch_s))

    def step_us(self, now_s: float, on_the_way: int, baud: int) -> int:
        """The longest next step: what is on its way arrives, and there is some time to answer it."""
        if on_the_way or now_s - self._active_s < _ALERT_S:
            return min(on_the_way * _BIT_TIMES * 1_000_000 // baud + _SHORT_US, _LONG_US)
        return _LONG_US

    def passed(self, now_s: float, duration_s: float, *, moved: bool, computed: bool) -> None:
        """A step is over. ``moved``: bytes did, either way. ``computed``: the core was at work."""
        self._virtual_s += duration_s
        ahead_s = self._virtual_s - (now_s - self._epoch_s)
        if moved:
            self._active_s = now_s
        if ((moved or computed) and ahead_s > 0) or ahead_s < -_LAG_S:
            self._epoch_s = now_s - self._virtual_s

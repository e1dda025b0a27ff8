"""How much virtual time passes when. Pure: it is told the wall clock.

Bytes on the line pull time forward as fast as the host can: a slice is as long as its bytes take on a line of the port's
speed. Otherwise virtual time keeps to the wall clock, so that the firmware's time-outs mean what they say; what could not
be kept up with is not caught up.
"""

from __future__ import annotations

BYTES_AT_ONCE = 64  # a program's input ring must hold them: they all arrive at the start of a slice
_SHORT_S, _LONG_S = 0.001, 0.005
_ALERT_S = 0.05
_LAG_S = 0.05


class Pace:
    """The times are seconds of any monotonic clock."""

    def __init__(self, now_s: float) -> None:
        self._virtual_s = 0.0
        self._epoch_s = now_s
        self._active_s = now_s

    def wait_s(self, now_s: float, waiting: int) -> float:
        """How long until the next slice is due; 0 while ``waiting`` bytes are on their way to the board."""
        return 0.0 if waiting else max(0.0, self._virtual_s - (now_s - self._epoch_s))

    def slice(self, now_s: float, waiting: int, baud: int) -> tuple[float, int]:
        """The next slice: its length in virtual seconds and how many of ``waiting`` bytes arrive in it."""
        count = min(waiting, BYTES_AT_ONCE)
        if count:
            self._active_s = now_s
            return max(count * 10 / baud, _SHORT_S / 10), count
        return (_SHORT_S if now_s - self._active_s < _ALERT_S else _LONG_S), 0

    def passed(self, now_s: float, duration_s: float, *, busy: bool) -> None:
        """A slice is over. ``busy``: bytes moved in it, either way."""
        self._virtual_s += duration_s
        ahead_s = self._virtual_s - (now_s - self._epoch_s)
        if busy:
            self._active_s = now_s
        if (busy and ahead_s > 0) or ahead_s < -_LAG_S:
            self._epoch_s = now_s - self._virtual_s

"""The clock by which a unit is waited for: an emulated one is given its time in its own seconds, not in the host's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from harness.clock import Clock
from harness.errors import BenchError

#: An emulator that does not live at all for so long, by the host's clock, is stuck.
STANDSTILL_S: Final = 60.0
#: A host that looked at its clock so long ago was stopped meanwhile, or got no processor: it has not waited for the unit.
_LONGEST_STEP_S: Final = 5.0
_ASK_EVERY_S: Final = 0.01


class UnitClock:
    """A ``Clock`` whose seconds pass only while both this process and the unit live.

    ``own_time_s`` says how long the unit has lived (``EmulatedUnit.own_time_s``); None while it cannot tell: then it is
    taken to live. ``monotonic_s`` raises ``BenchError`` when an emulator has stood still for ``STANDSTILL_S``.
    """

    def __init__(self, host: Clock, own_time_s: Callable[[], float | None], *, where: str) -> None:
        self._host = host
        self._own_time_s = own_time_s
        self._where = where
        self._seen_s = self._alive_s = host.monotonic_s()
        self._own_s: float | None = None
        self._waited_s = self._behind_s = 0.0
        self._at_s = 0.0

    def monotonic_s(self) -> float:
        """Seconds of waiting; never goes back."""
        now_s = self._host.monotonic_s()
        since_s = now_s - self._seen_s
        if self._own_s is None or since_s >= _ASK_EVERY_S:
            self._look(now_s, min(since_s, _LONGEST_STEP_S))
            since_s = 0.0
        self._at_s = max(self._at_s, self._waited_s + since_s)
        return self._at_s

    def _look(self, now_s: float, step_s: float) -> None:
        own_s, before_s = self._own_time_s(), self._own_s
        self._seen_s, self._own_s = now_s, own_s
        if own_s is None or before_s is None:
            self._alive_s = now_s
            self._waited_s += step_s
            return
        lived_s = max(0.0, own_s - before_s)
        if own_s < before_s:
            self._behind_s = 0.0  # it begins its count anew: what it makes up for now it has not lived in our sight
        if lived_s:
            self._alive_s = now_s
        elif now_s - self._alive_s >= STANDSTILL_S:
            raise BenchError(
                "the emulated board gets no further: its process does not run",
                where=self._where,
                expected=f"some life within {STANDSTILL_S:g} s",
                found=f"none for {now_s - self._alive_s:.0f} s, by its own clock",
                next_step="is it stopped, or this host without processor or memory to spare? Run again",
            )
        # It tells in steps: what it was behind in the last ones, it may have lived by now. Not what it was behind in all
        # its life: a host that was stopped would find that it has waited all the time that the unit lived meanwhile.
        self._behind_s = min(self._behind_s + step_s, _LONGEST_STEP_S)
        passed_s = min(lived_s, self._behind_s)
        self._behind_s -= passed_s
        self._waited_s += passed_s

    def now(self) -> datetime:
        """See Clock."""
        return self._host.now()

    def sleep_s(self, duration_s: float) -> None:
        """See Clock: by the host's time."""
        self._host.sleep_s(duration_s)

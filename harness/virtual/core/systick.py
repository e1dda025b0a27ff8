"""SysTick, counting the core's clock in virtual time (ARM DDI 0403E, B3.3)."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import NEVER, VirtualClock
from harness.virtual.core.exceptions import SYSTICK, Exceptions

_ENABLE, _TICKINT, _COUNTFLAG = 1, 2, 1 << 16
_MOST = 0xFFFFFF


class SysTick:
    """A 24-bit down counter. ``reference_ticks()`` gives core cycles per tick of its reference clock: 8 on the STM32.

    They need not be whole: then a period is still as long as it is, to the nearest cycle.
    """

    def __init__(self, clock: VirtualClock, exceptions: Exceptions) -> None:
        self._clock, self._exc = clock, exceptions
        self.reference_ticks: Callable[[], float] = lambda: 8
        self.refuse: Callable[[str], None] = lambda _what: None  # see Noticed.refuse
        self._event = clock.add(self._wrap)
        self.reset()

    def reset(self) -> None:
        """The state after a system reset: off."""
        self._control = self._reload = 0
        self._zero_at = 0  # the tick at which the counter reaches 0 next (while enabled)
        self._stopped_value = 0
        self._flag = False
        self._clock.schedule(self._event, NEVER)

    def _divider(self) -> float:
        return 1 if self._control & 4 else self.reference_ticks()

    def _ticks(self, counts: int) -> int:
        return max(1, round(counts * self._divider()))

    @property
    def period_s(self) -> float | None:
        """Seconds between two ticks, None while it does not interrupt."""
        if self._control & (_ENABLE | _TICKINT) != _ENABLE | _TICKINT or not self._reload:
            return None
        return self._ticks(self._reload + 1) / self._clock.hz

    def _value(self) -> int:
        if not self._control & _ENABLE or not self._reload:
            return self._stopped_value
        return int(max(0, self._zero_at - self._clock.now()) / self._divider()) & _MOST

    def _start(self, value: int) -> None:
        if self._control & _ENABLE and self._reload:
            self._zero_at = self._clock.now() + self._ticks(value or self._reload + 1)
            self._clock.schedule(self._event, self._zero_at)
        else:
            self._stopped_value = value
            self._clock.schedule(self._event, NEVER)

    def _wrap(self) -> None:
        self._flag = True
        # From the planned moment, not from now: the period must not drift when an event is handled late.
        self._zero_at += self._ticks(self._reload + 1)
        if self._zero_at <= self._clock.now():
            self._zero_at = self._clock.now() + self._ticks(self._reload + 1)
        self._clock.schedule(self._event, self._zero_at)
        if self._control & _TICKINT:
            self._exc.pend(SYSTICK)

    def read(self, offset: int) -> int:
        """Registers at 0x10 (CTRL), 0x14 (LOAD), 0x18 (VAL), 0x1C (CALIB)."""
        if offset == 0x10:
            value, self._flag = self._control | (_COUNTFLAG if self._flag else 0), False
            return value
        if offset == 0x14:
            return self._reload
        return self._value() if offset == 0x18 else 0x4000493D  # CALIB of the STM32F4: 1 ms at 18.75 MHz

    def write(self, offset: int, value: int) -> None:
        """See ``read``; any write to VAL clears the counter and its flag."""
        if offset == 0x10:
            left = self._value()
            self._control = value & 7
            self._start(left)
        elif offset == 0x14:
            if value > _MOST:
                self.refuse(
                    f"count another period than is meant: SysTick's reload of {value} has more than 24 bits"
                    " (is HCLK taken for its reference clock?)"
                )
            self._reload = value & _MOST
            if self._control & _ENABLE and not self._zero_at > self._clock.now():
                self._start(0)
        elif offset == 0x18:
            self._flag = False
            self._start(0)

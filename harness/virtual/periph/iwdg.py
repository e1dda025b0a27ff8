"""The independent watchdog (RM0390, 20.4), counting in virtual time."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import NEVER, VirtualClock
from harness.virtual.periph.base import Peripheral

KR, PR, RLR, SR = 0x00, 0x04, 0x08, 0x0C
_LSI_HZ = 32_000


class Iwdg(Peripheral):
    """Once started only a reset stops it. ``on_timeout()`` resets the chip."""

    reset_values = {RLR: 0xFFF}  # noqa: RUF012

    def __init__(self, clock: VirtualClock, on_timeout: Callable[[], None]) -> None:
        super().__init__("IWDG")
        self._clock = clock
        self._event = clock.add(on_timeout)
        self._unlocked = self._running = False

    def reset(self) -> None:
        """Stopped."""
        super().reset()
        self._unlocked = self._running = False
        self._clock.schedule(self._event, NEVER)

    def clock_changed(self) -> None:
        """The core's clock changed: LSI did not, so the deadline lies at another tick. Counts anew (documented)."""
        if self._running:
            self._reload()

    def get(self, offset: int) -> int:
        """KR reads 0; updates of PR and RLR are instant, so SR is 0."""
        return 0 if offset in (KR, SR) else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """Keys start, reload and unlock."""
        if offset == KR:
            self._unlocked = value == 0x5555
            if value == 0xCCCC:
                self._running = True
            if value in (0xCCCC, 0xAAAA) and self._running:
                self._reload()
        elif self._unlocked and offset == PR:
            self.regs[PR] = value & 7
        elif self._unlocked and offset == RLR:
            self.regs[RLR] = value & 0xFFF

    def _reload(self) -> None:
        periods = (self.regs[RLR] + 1) * (4 << min(self.regs.get(PR, 0), 6))
        self._clock.schedule(self._event, self._clock.now() + periods * self._clock.hz // _LSI_HZ)

"""The independent watchdog (RM0390, 20.4), counting in virtual time."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import NEVER, VirtualClock
from harness.virtual.periph.base import Peripheral, field

KR, PR, RLR, SR, WINR = 0x00, 0x04, 0x08, 0x0C, 0x10
KR_KEY_UNLOCK, KR_KEY_RELOAD, KR_KEY_START = 0x5555, 0xAAAA, 0xCCCC
PR_PR, RLR_RL = 7, 0xFFF
_LSI_HZ = 32_000


class Iwdg(Peripheral):
    """Once started only a reset stops it. ``on_timeout()`` resets the chip. ``window``: it has WINR, which is stored."""

    def __init__(self, clock: VirtualClock, on_timeout: Callable[[], None], *, window: bool = False) -> None:
        self.reset_values = {RLR: RLR_RL, **({WINR: RLR_RL} if window else {})}
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
            self._unlocked = value == KR_KEY_UNLOCK
            if value == KR_KEY_START:
                self._running = True
            if value in (KR_KEY_START, KR_KEY_RELOAD) and self._running:
                self._reload()
        elif self._unlocked and offset == PR:
            self.regs[PR] = field(value, PR_PR)
        elif self._unlocked and offset == RLR:
            self.regs[RLR] = field(value, RLR_RL)

    def _reload(self) -> None:
        periods = (self.regs[RLR] + 1) * (4 << min(self.regs.get(PR, 0), 6))
        self._clock.schedule(self._event, self._clock.now() + periods * self._clock.hz // _LSI_HZ)

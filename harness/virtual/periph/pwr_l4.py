"""The power controller of the STM32L4 and L4+ (RM0351, RM0432: chapter PWR): voltage ranges and boost, which take time."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.base import Peripheral, field
from harness.virtual.periph.warmup import Warmup

CR1, CR3, SR1, SR2, CR5 = 0x00, 0x08, 0x10, 0x14, 0x80
CR1_VOS = 3 << 9
SR2_VOSF = 1 << 10  # the voltage is still rising
CR5_R1MODE = 1 << 8  # L4+ only: 0 is range 1 boost mode
_RISE_US = 40


class PwrL4(Peripheral):
    """``on_change()`` is told of changes of range and boost."""

    reset_values = {CR1: 0x200, CR3: 0x8000, CR5: CR5_R1MODE}  # noqa: RUF012

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__("PWR")
        self.clocked = False
        self.on_change: Callable[[], None] = lambda: None
        self._warm = Warmup(clock)
        self._warm.start("range 1", 0)

    def reset(self) -> None:
        """Range 1, no boost."""
        super().reset()
        self._warm.start("range 1", 0)

    @property
    def voltage_range(self) -> int:
        """1 or 2. Until the voltage has risen it is 2 that counts."""
        return 1 if self._warm.ready("range 1") else 2

    @property
    def boost(self) -> bool:
        """Whether range 1 has the voltage for more than 80 MHz."""
        return not self.regs[CR5] & CR5_R1MODE

    def get(self, offset: int) -> int:
        """SR2 says whether the voltage is still rising."""
        if offset == SR2:
            return SR2_VOSF if self._warm.on("range 1") and not self._warm.ready("range 1") else 0
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """The status registers are read-only; VOS 0 and 3 are not taken over."""
        if offset in (SR1, SR2):
            return
        if offset == CR1:
            wanted = field(value, CR1_VOS)
            if wanted not in (1, 2):
                value = value & ~CR1_VOS | self.regs[CR1] & CR1_VOS
            elif wanted == 2:
                self._warm.stop("range 1")
            elif not self._warm.on("range 1"):
                self._warm.start("range 1", _RISE_US)
        super().set(offset, value)
        if offset in (CR1, CR5):
            self.on_change()

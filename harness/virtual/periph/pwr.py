"""The power controller (RM0390, 5.1.3, 5.1.4 and 5.4): voltage scales and over-drive, which take time."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.core.clock import VirtualClock
from harness.virtual.periph.base import Peripheral, field
from harness.virtual.periph.warmup import Warmup

CR, CSR = 0x00, 0x04
CR_VOS, CR_ODEN, CR_ODSWEN = 3 << 14, 1 << 16, 1 << 17
CSR_VOSRDY, CSR_ODRDY, CSR_ODSWRDY = 1 << 14, 1 << 16, 1 << 17
_OVER_DRIVE_US = 40


class Pwr(Peripheral):
    """``pll_on()``: VOS may be changed only while the PLL is off. ``on_change()`` is told of writes to CR."""

    reset_values = {CR: 0xC000}  # noqa: RUF012

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__("PWR")
        self.clocked = False
        self.pll_on: Callable[[], bool] = lambda: False
        self.on_change: Callable[[], None] = lambda: None
        self._warm = Warmup(clock)

    def reset(self) -> None:
        """Scale 1, no over-drive."""
        super().reset()
        self._warm.stop("ODEN")
        self._warm.stop("ODSWEN")

    @property
    def scale(self) -> int:
        """The voltage scale that CR asks for: 1 is the highest voltage."""
        return (3, 3, 2, 1)[field(self.regs[CR], CR_VOS)]

    @property
    def over_drive(self) -> bool:
        """Whether the core runs on the over-drive voltage."""
        return self._warm.ready("ODSWEN")

    def get(self, offset: int) -> int:
        """CSR says what is ready."""
        if offset != CSR:
            return super().get(offset)
        ready = self._warm.ready
        value = CSR_VOSRDY if self.pll_on() else 0
        return value | (CSR_ODRDY if ready("ODEN") else 0) | (CSR_ODSWRDY if ready("ODSWEN") else 0)

    def set(self, offset: int, value: int) -> None:
        """CSR is read-only here; over-drive is switched on in two steps, each with its flag."""
        if offset != CR:
            return
        if (value ^ self.regs[CR]) & CR_VOS and self.pll_on():
            self.refuse("ignore PWR_CR.VOS: it is written while the PLL is on")
            return
        if value & CR_ODSWEN and not self._warm.ready("ODEN"):
            self.refuse("let its core voltage drop: ODSWEN is set before over-drive is ready (ODRDY)")
            return
        for name, bit in (("ODEN", CR_ODEN), ("ODSWEN", CR_ODSWEN)):
            if not value & bit:
                self._warm.stop(name)
            elif not self._warm.on(name):
                self._warm.start(name, _OVER_DRIVE_US)
        super().set(offset, value)
        self.on_change()

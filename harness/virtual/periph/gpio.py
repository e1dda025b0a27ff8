"""GPIO ports (RM0390, 7.4)."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.periph.base import Peripheral

MODER, IDR, ODR, BSRR, LCKR, AFRL, AFRH = 0x00, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24


class Gpio(Peripheral):
    """One port. Outputs read back on IDR; inputs read ``inputs`` (a bit per pin, settable from outside)."""

    def __init__(self, name: str, reset_values: dict[int, int] | None = None, inputs: int = 0) -> None:
        self.reset_values = reset_values or {}
        super().__init__(name)
        self.clocked = False
        self.inputs = inputs
        self.on_change: Callable[[], None] = lambda: None

    def reset(self) -> None:
        """All pins back to inputs."""
        super().reset()
        self.on_change()

    def get(self, offset: int) -> int:
        """IDR mixes driven and outside levels."""
        if offset == IDR:
            mode, out = self.regs.get(MODER, 0), self.regs.get(ODR, 0)
            driven = sum(1 << pin for pin in range(16) if mode >> 2 * pin & 3 == 1)
            return (out & driven | self.inputs & ~driven) & 0xFFFF
        return 0 if offset == BSRR else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """BSRR sets and clears ODR bits at once; set wins over clear."""
        if offset == BSRR:
            self.regs[ODR] = self.regs.get(ODR, 0) & ~(value >> 16) | value & 0xFFFF
        elif offset != IDR:
            super().set(offset, value)
            if offset in (MODER, AFRL, AFRH):
                self.on_change()

    def alternate(self, pin: int) -> int | None:
        """The alternate function of a pin, or None if it is not in that mode."""
        if self.regs.get(MODER, 0) >> 2 * pin & 3 != 2:
            return None
        return self.regs.get(AFRL if pin < 8 else AFRH, 0) >> 4 * (pin & 7) & 15

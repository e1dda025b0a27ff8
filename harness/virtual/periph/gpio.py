"""GPIO ports (RM0390, 7.4)."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.periph.base import Peripheral, field

MODER, OSPEEDR, PUPDR, IDR, ODR, BSRR = 0x00, 0x08, 0x0C, 0x10, 0x14, 0x18
LCKR, AFRL, AFRH = 0x1C, 0x20, 0x24
MODER_MODER0, MODER_MODER1, AFRL_AFRL0, AFRL_AFRL1 = 3, 3 << 2, 15, 15 << 4  # of pins 0 and 1; the others follow
_PINS = 16
_OUTPUT, _ALTERNATE = 1, 2


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
            driven = sum(1 << pin for pin in range(_PINS) if self._mode(pin) == _OUTPUT)
            return self.regs.get(ODR, 0) & driven | self.inputs & ~driven & (1 << _PINS) - 1
        return 0 if offset == BSRR else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """BSRR sets and clears ODR bits at once; set wins over clear."""
        if offset == BSRR:
            self.regs[ODR] = self.regs.get(ODR, 0) & ~(value >> _PINS) | value & (1 << _PINS) - 1
        elif offset != IDR:
            super().set(offset, value)
            if offset in (MODER, AFRL, AFRH):
                self.on_change()

    def alternate(self, pin: int) -> int | None:
        """The alternate function of a pin, or None if it is not in that mode."""
        if self._mode(pin) != _ALTERNATE:
            return None
        register, number = (AFRL, pin) if pin < _PINS // 2 else (AFRH, pin - _PINS // 2)
        return field(self.regs.get(register, 0), AFRL_AFRL0 * (AFRL_AFRL1 // AFRL_AFRL0) ** number)

    def _mode(self, pin: int) -> int:
        return field(self.regs.get(MODER, 0), MODER_MODER0 * (MODER_MODER1 // MODER_MODER0) ** pin)

"""What every reset and clock controller here shares: clock gates, peripheral resets, the cause of the last reset."""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.periph.base import Peripheral


class ClockControl(Peripheral):
    """``on_clock(hclk_hz)`` is told of changes; ``gates`` maps (enable register, bit) to the peripheral behind it.

    Of each enable register there is a reset register with the same bits, ``reset_distance`` bytes before it.
    """

    reset_distance = 0x20

    def __init__(self, name: str, first_flags: int) -> None:
        super().__init__(name)
        self.gates: dict[tuple[int, int], Peripheral] = {}
        self.on_clock: Callable[[int], None] = lambda _hz: None
        self.reset_flags = first_flags

    @property
    def hclk_hz(self) -> int:
        """The core's clock."""
        raise NotImplementedError

    def reset(self) -> None:
        """Clocks as after power-on, all gates closed. The reset flags stay."""
        super().reset()
        self._update_gates()
        self.on_clock(self.hclk_hz)

    def _gate_or_reset(self, offset: int, value: int) -> None:
        """Act on a write that may be to an enable or to a reset register."""
        self._update_gates()
        for (register, bit), peripheral in self.gates.items():
            if register == offset + self.reset_distance and value >> bit & 1:
                peripheral.reset()

    def _update_gates(self) -> None:
        for (register, bit), peripheral in self.gates.items():
            peripheral.clocked = bool(self.regs.get(register, 0) >> bit & 1)

"""What all peripherals share: word registers, reset values, the clock gate."""

from __future__ import annotations

from collections.abc import Callable

_WORD = 0xFFFFFFFF


def field(word: int, mask: int) -> int:
    """What stands in ``word`` under ``mask``, moved down to bit 0."""
    return (word & mask) // (mask & -mask)


def put(mask: int, value: int) -> int:
    """``value`` moved to the place of ``mask``."""
    return value * (mask & -mask) & mask


class Peripheral:
    """Registers at word offsets. Without its clock (RCC) a peripheral reads 0 and ignores writes, as on the chip.

    Subclasses override ``get`` and ``set`` where a register does more than store. Where a chip would not do what they are
    asked, they call ``refuse`` ("on a chip this would ..."), which stops the unit; ``hint`` notes what may explain a
    failure. The chip's file connects both to ``Machine.noticed``.
    """

    reset_values: dict[int, int] = {}  # noqa: RUF012 - constant tables

    def __init__(self, name: str) -> None:
        self.name = name
        self.clocked = True
        self.refuse: Callable[[str], None] = lambda _what: None
        self.hint: Callable[[str], None] = lambda _what: None
        self.regs: dict[int, int] = dict(self.reset_values)

    def reset(self) -> None:
        """The state after a system reset."""
        self.regs = dict(self.reset_values)

    def read(self, offset: int, size: int) -> int:
        """Any access width."""
        if not self.clocked:
            return 0
        if size == 4 or not offset & 3:
            value = self.get(offset)
            return value if size == 4 else value & (1 << 8 * size) - 1
        return self.get(offset & ~3) >> 8 * (offset & 3) & (1 << 8 * size) - 1

    def write(self, offset: int, size: int, value: int) -> None:
        """Narrow writes change their part of the stored word."""
        if not self.clocked:
            self.hint(f"{self.name} is written while its clock is off: the chip ignores that")
            return
        if size != 4:
            shift = 8 * (offset & 3)
            offset &= ~3
            value = self.regs.get(offset, 0) & ~((1 << 8 * size) - 1 << shift) | value << shift
        self.set(offset, value & _WORD)

    def get(self, offset: int) -> int:
        """The word at ``offset``."""
        return self.regs.get(offset, 0)

    def set(self, offset: int, value: int) -> None:
        """Write the word at ``offset``."""
        self.regs[offset] = value


class Watched(Peripheral):
    """Registers that keep what is written; ``on_change()`` tells of it."""

    def __init__(self, name: str) -> None:
        self.on_change: Callable[[], None] = lambda: None
        super().__init__(name)

    def reset(self) -> None:
        """The state after a reset."""
        super().reset()
        self.on_change()

    def set(self, offset: int, value: int) -> None:
        """Write and tell."""
        super().set(offset, value)
        self.on_change()


class Unmodelled(Peripheral):
    """A peripheral that exists on the chip but not here: its registers keep what is written and do nothing."""

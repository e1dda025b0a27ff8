"""The inter-processor channels of a PSoC 62 (2 MB): locks, data, and the interrupts that notify and release raise.

Names, places and reset values are those of Infineon's SVD.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.periph.base import Peripheral

STRUCT0_ACQUIRE, STRUCT0_RELEASE, STRUCT0_NOTIFY = 0x00, 0x04, 0x08
STRUCT0_DATA0, STRUCT0_DATA1, STRUCT0_LOCK_STATUS, STRUCT1_ACQUIRE = 0x0C, 0x10, 0x1C, 0x20
INTR_STRUCT0_INTR, INTR_STRUCT0_INTR_SET, INTR_STRUCT0_INTR_MASK, INTR_STRUCT0_INTR_MASKED = (
    0x1000,
    0x1004,
    0x1008,
    0x100C,
)
INTR_STRUCT1_INTR = 0x1020
STRUCT0_ACQUIRE_SUCCESS, STRUCT0_LOCK_STATUS_ACQUIRED = 1 << 31, 1 << 31
STRUCT0_NOTIFY_INTR_NOTIFY, STRUCT0_RELEASE_INTR_RELEASE = 0xFFFF, 0xFFFF
INTR_STRUCT0_INTR_NOTIFY, INTR_STRUCT0_INTR_RELEASE = 0xFFFF << 16, 0xFFFF

_COUNT = 16  # channels, and as many interrupts
_CHANNEL, _INTERRUPT = STRUCT1_ACQUIRE, INTR_STRUCT1_INTR - INTR_STRUCT0_INTR  # bytes from one to the next
_NOTIFIED = 16  # the first bit of INTR_NOTIFY


class Ipc(Peripheral):
    """``on_interrupt(n)`` is told when interrupt ``n`` begins to be requested."""

    def __init__(self) -> None:
        self.on_interrupt: Callable[[int], None] = lambda _number: None
        super().__init__("IPC")

    def notified(self, interrupt: int) -> list[int]:
        """The channels whose notifications ask for that interrupt."""
        value = self._masked(INTR_STRUCT0_INTR + _INTERRUPT * interrupt) & INTR_STRUCT0_INTR_NOTIFY
        return [channel for channel in range(_COUNT) if value >> _NOTIFIED + channel & 1]

    def acknowledge(self, interrupt: int, channel: int) -> None:
        """Clear a notification."""
        self.set(INTR_STRUCT0_INTR + _INTERRUPT * interrupt, 1 << _NOTIFIED + channel)

    def enable(self, interrupt: int, channel: int) -> None:
        """Let a channel's notifications ask for an interrupt."""
        register = INTR_STRUCT0_INTR_MASK + _INTERRUPT * interrupt
        self.set(register, self.regs.get(register, 0) | 1 << _NOTIFIED + channel)

    def held(self, channel: int) -> bool:
        """Whether somebody has the channel."""
        return bool(self.regs.get(_CHANNEL * channel + STRUCT0_LOCK_STATUS, 0))

    def data(self, channel: int) -> int:
        """The channel's first word."""
        return self.regs.get(_CHANNEL * channel + STRUCT0_DATA0, 0)

    def answer(self, channel: int, value: int) -> None:
        """Change the channel's first word."""
        self.regs[_CHANNEL * channel + STRUCT0_DATA0] = value

    def release(self, channel: int) -> None:
        """Free the channel."""
        self.regs[_CHANNEL * channel + STRUCT0_LOCK_STATUS] = 0

    def get(self, offset: int) -> int:
        """Reading ACQUIRE takes a free channel and says whether that worked."""
        if offset >= INTR_STRUCT0_INTR:
            block, register = self._interrupt_register(offset)
            if register == INTR_STRUCT0_INTR_MASKED:
                return self._masked(block)
            return super().get(block if register == INTR_STRUCT0_INTR_SET else offset)
        if offset < _CHANNEL * _COUNT and offset % _CHANNEL == STRUCT0_ACQUIRE:
            lock = offset + STRUCT0_LOCK_STATUS
            taken = self.regs.get(lock, 0)
            self.regs[lock] = STRUCT0_LOCK_STATUS_ACQUIRED
            return 0 if taken else STRUCT0_ACQUIRE_SUCCESS
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """NOTIFY and RELEASE of a held channel request the interrupts that their bits name."""
        if offset >= INTR_STRUCT0_INTR:
            self._set_interrupt(offset, value)
        elif offset < _CHANNEL * _COUNT:
            channel, register = divmod(offset, _CHANNEL)
            if register in (STRUCT0_DATA0, STRUCT0_DATA1):
                super().set(offset, value)
            elif register == STRUCT0_NOTIFY and self.held(channel):
                self._request(value & STRUCT0_NOTIFY_INTR_NOTIFY, 1 << _NOTIFIED + channel)
            elif register == STRUCT0_RELEASE:
                self.release(channel)
                self._request(value & STRUCT0_RELEASE_INTR_RELEASE, 1 << channel)

    @staticmethod
    def _interrupt_register(offset: int) -> tuple[int, int]:
        """Where its block begins, and which register of the block it is, as the one of the first block."""
        register = INTR_STRUCT0_INTR + (offset - INTR_STRUCT0_INTR) % _INTERRUPT
        return offset - register + INTR_STRUCT0_INTR, register

    def _masked(self, block: int) -> int:
        mask = self.regs.get(block + INTR_STRUCT0_INTR_MASK - INTR_STRUCT0_INTR, 0)
        return self.regs.get(block, 0) & mask

    def _request(self, interrupts: int, bit: int) -> None:
        for number in range(_COUNT):
            if interrupts >> number & 1:
                self._set_interrupt(INTR_STRUCT0_INTR_SET + _INTERRUPT * number, bit)

    def _set_interrupt(self, offset: int, value: int) -> None:
        block, register = self._interrupt_register(offset)
        before = self._masked(block)
        if register == INTR_STRUCT0_INTR:
            self.regs[block] = self.regs.get(block, 0) & ~value
        elif register == INTR_STRUCT0_INTR_SET:
            self.regs[block] = self.regs.get(block, 0) | value
        elif register == INTR_STRUCT0_INTR_MASK:
            super().set(offset, value)
        if self._masked(block) and not before:
            self.on_interrupt((block - INTR_STRUCT0_INTR) // _INTERRUPT)

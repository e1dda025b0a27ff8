"""What is registered on the double's bus: plain registers, scripts, nothing, and the serial ports as Renode models them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from harness.virtual.core.exceptions import Exceptions
from harness.virtual.periph.base import Peripheral

Tell = Callable[[str, int, int | None], None]
_WIDTHS = {1: "Byte", 2: "Word", 4: "DoubleWord"}


class RegisterFile(Peripheral):
    """``Miscellaneous.HilRegisters``: see the C# file for what it is made with."""

    def __init__(self, name: str, told: dict[str, str]) -> None:
        super().__init__(name)
        self._initial, self._follows, self._always = (
            _lists(told.get(key, "")) for key in ("initial", "follows", "always")
        )
        self.reset()

    def reset(self) -> None:
        """See Peripheral."""
        super().reset()
        self.regs.update(self._initial)  # type: ignore[arg-type]  # pairs

    def get(self, offset: int) -> int:
        """Flags follow other bits."""
        seen = super().get(offset)
        for at, source, mask, up, down in self._follows:
            if at == offset:
                seen = seen & ~(mask << up >> down) | (self.regs.get(source, 0) & mask) << up >> down
        for at, mask in self._always:
            seen |= mask if at == offset else 0
        return seen


def _lists(text: str) -> list[list[int]]:
    return [[int(number, 16) for number in re.split("[=:]", entry)] for entry in text.strip('"').split(",") if entry]


class Nothing:
    """A range where nothing is registered: reads are 0, stores are dropped, both are told."""

    def __init__(self, base: int, tell: Tell) -> None:
        self._base, self._tell = base, tell

    def read(self, offset: int, size: int) -> int:
        """See Device."""
        self._tell(f"Read{_WIDTHS[size]}", self._base + offset, None)
        return 0

    def write(self, offset: int, size: int, value: int) -> None:
        """See Device."""
        self._tell(f"Write{_WIDTHS[size]}", self._base + offset, value)


class Uart(Peripheral):
    """What Renode's serial ports have in common: sending takes no time, and what is received waits without limit."""

    def __init__(self, name: str, irq: int, exceptions: Exceptions) -> None:
        super().__init__(name)
        self._irq, self._exceptions = 16 + irq, exceptions
        self._queue: deque[int] = deque()
        self.transmit: Callable[[int], None] = lambda _byte: None

    def receive(self, byte: int) -> None:
        """``WriteChar``."""
        self._queue.append(byte)
        self._signal()

    def reset(self) -> None:
        """See Peripheral."""
        super().reset()
        self._queue.clear()
        self._signal()

    def set(self, offset: int, value: int) -> None:
        """See Peripheral."""
        super().set(offset, value)
        self._signal()

    def _take(self, empty: int = 0) -> int:
        value = self._queue.popleft() if self._queue else empty
        self._signal()
        return value

    def _signal(self) -> None:
        self._exceptions.set_level(self._irq, self._wanted())

    def _wanted(self) -> bool:
        raise NotImplementedError


class Stm32F4Uart(Uart):
    """``UART.STM32_UART``."""

    def get(self, offset: int) -> int:
        """SR has TXE and TC always; DR takes a byte."""
        if offset == 0x00:
            return 0xC0 | (0x20 if self._queue else 0)
        return self._take() if offset == 0x04 else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """DR sends."""
        if offset == 0x04:
            if self.regs.get(0x0C, 0) & (1 << 13 | 1 << 3):
                self.transmit(value & 0xFF)
        else:
            super().set(offset, value)

    def _wanted(self) -> bool:
        control = self.regs.get(0x0C, 0)
        return bool(control & 0xC0 or (control & 0x20 and self._queue))


class Stm32L4Uart(Uart):
    """``UART.STM32F7_USART``."""

    def get(self, offset: int) -> int:
        """ISR has TXE and TC always; RDR takes a byte."""
        if offset == 0x1C:
            return 0x6000C0 | (0x20 if self._queue else 0)
        return self._take() if offset == 0x24 else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """TDR sends."""
        if offset == 0x28:
            if self.regs.get(0x00, 0) & 1:
                self.transmit(value & 0xFF)
        else:
            super().set(offset, value)

    def _wanted(self) -> bool:
        control = self.regs.get(0x00, 0)
        return bool(control & 1 and (control & 0xC0 or (control & 0x20 and self._queue)))


class Psoc6Scb(Uart):
    """What ``HilPsoc6Scb.cs`` does, register by register; a test holds the two against each other."""

    _done = 0
    reset_values = {  # noqa: RUF012
        0x000: 0x0300000F,
        0x040: 0x03000000,
        0x044: 0x00000002,
        0x048: 0x000A0002,
        0x200: 0x00000107,
        0x300: 0x00000107,
    }

    def reset(self) -> None:
        """See Peripheral."""
        self._done = 0
        super().reset()

    def _transmit_requests(self) -> int:
        return 0x13 | self._done

    @property
    def _entries(self) -> int:
        return 128 if self.regs.get(0, 0) & 1 << 11 else 64  # BYTE_MODE

    def _receive_requests(self) -> int:
        level = min(len(self._queue), self._entries)
        trigger = level > self.regs.get(0x304, 0) & 0xFF
        return (1 if trigger else 0) | (4 if level else 0) | (8 if level == self._entries else 0)

    def get(self, offset: int) -> int:
        """Levels, data and requests."""
        sending = self._transmit_requests() & self.regs.get(0xF88, 0)
        receiving = self._receive_requests() & self.regs.get(0xFC8, 0)
        match offset:
            case 0x208:
                return 0
            case 0x308:
                return min(len(self._queue), self._entries)
            case 0x340:
                return self._take(0xFFFFFFFF)
            case 0xE00:
                return (4 if sending else 0) | (8 if receiving else 0)
            case 0xF80:
                return self._transmit_requests()
            case 0xF8C:
                return sending
            case 0xFC0:
                return self._receive_requests()
            case 0xFCC:
                return receiving
        return super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """TX_FIFO_WR sends, INTR_TX acknowledges, RX_FIFO_CTRL may clear."""
        if offset == 0x240:
            if self.regs.get(0, 0) >> 31:
                self.transmit(value & 0xFF)
                self._done = 1 << 9
        elif offset == 0xF80:
            self._done &= ~value
        elif offset not in (0x208, 0x308, 0xE00, 0xF8C, 0xFC0, 0xFCC):
            self.regs[offset] = value
            if offset == 0x304 and value & 1 << 16:
                self._queue.clear()
        self._signal()

    def _wanted(self) -> bool:
        receiving = self._receive_requests() & self.regs.get(0xFC8, 0)
        return bool(receiving or self._transmit_requests() & self.regs.get(0xF88, 0))


UARTS: dict[str, type[Uart]] = {
    "UART.STM32_UART": Stm32F4Uart,
    "UART.STM32F7_USART": Stm32L4Uart,
    "UART.HilPsoc6Scb": Psoc6Scb,
}

"""The CPU subsystem of a PSoC 62 (2 MB): the cores' clocks, vector tables and power, and what the CM0+ takes as its NMI.

Names, places and reset values are those of Infineon's SVD.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.virtual.periph.base import Watched, field, put
from harness.virtual.periph.psoc6_srss import IMO_HZ

LOW_HZ = 32_768
IDENTITY, CM4_STATUS, CM4_CLOCK_CTL, CM4_VECTOR_TABLE_BASE = 0x0, 0x4, 0x8, 0x200
CM0_CTL, CM0_CLOCK_CTL, CM0_VECTOR_TABLE_BASE, CM0_NMI_CTL0, CM0_NMI_CTL3 = 0x1000, 0x1008, 0x1120, 0x1140, 0x114C
CM4_PWR_CTL, SYSTICK_CTL = 0x1200, 0x1600
CM4_NMI_CTL0, CM4_NMI_CTL3, UDB_PWR_CTL, UDB_PWR_DELAY_CTL, CM4_PWR_DELAY_CTL = 0x240, 0x24C, 0x300, 0x304, 0x1204
RAM0_CTL0, RAM0_STATUS, RAM1_CTL0, RAM1_STATUS, RAM1_PWR_CTL = 0x1300, 0x1304, 0x1380, 0x1384, 0x1388
RAM2_CTL0, RAM2_STATUS, RAM2_PWR_CTL = 0x13A0, 0x13A4, 0x13A8
RAM_PWR_DELAY_CTL, ROM_CTL, BUFF_CTL = 0x13C0, 0x13C4, 0x1500

IDENTITY_P, IDENTITY_NS, IDENTITY_MS = 1, 2, 15 << 8
CM4_STATUS_SLEEPING, CM4_STATUS_SLEEPDEEP, CM4_STATUS_PWR_DONE = 1, 2, 1 << 4
CM4_CLOCK_CTL_FAST_INT_DIV = 0xFF << 8
CM4_VECTOR_TABLE_BASE_ADDR22, CM0_VECTOR_TABLE_BASE_ADDR24 = 0x3FFFFF << 10, 0xFFFFFF << 8
CM0_CLOCK_CTL_SLOW_INT_DIV, CM0_CLOCK_CTL_PERI_INT_DIV = 0xFF << 8, 0xFF << 24
CM0_NMI_CTL0_SYSTEM_INT_IDX = 0x3FF
CM4_PWR_CTL_PWR_MODE, CM4_PWR_CTL_PWR_MODE_ENABLED, CM4_PWR_CTL_VECTKEYSTAT = 3, 3, 0xFFFF << 16
SYSTICK_CTL_CLOCK_SOURCE = 3 << 24

_KEY_WRITTEN, _KEY_READ = 0x05FA << 16, 0xFA05 << 16
_IMO = 1  # of CLOCK_SOURCE


class Cpuss(Watched):
    """``on_cm4_power(on)`` is told when CM4_PWR_CTL changes the core's."""

    reset_values = {  # noqa: RUF012
        CM4_STATUS: CM4_STATUS_SLEEPING | CM4_STATUS_SLEEPDEEP | CM4_STATUS_PWR_DONE,
        CM0_CTL: 0xFA050002,
        **dict.fromkeys(range(CM0_NMI_CTL0, CM0_NMI_CTL3 + 4, 4), CM0_NMI_CTL0_SYSTEM_INT_IDX),
        **dict.fromkeys(range(CM4_NMI_CTL0, CM4_NMI_CTL3 + 4, 4), CM0_NMI_CTL0_SYSTEM_INT_IDX),
        **dict.fromkeys((RAM0_CTL0, RAM1_CTL0, RAM2_CTL0), 0x00030001),
        **dict.fromkeys((RAM0_STATUS, RAM1_STATUS, RAM2_STATUS, ROM_CTL, BUFF_CTL), 1),
        **dict.fromkeys((RAM1_PWR_CTL, RAM2_PWR_CTL), 0xFA050003),
        **dict.fromkeys((UDB_PWR_DELAY_CTL, CM4_PWR_DELAY_CTL), 0x12C),
        UDB_PWR_CTL: 0xFA050001,
        RAM_PWR_DELAY_CTL: 0x96,
        CM4_PWR_CTL: 0xFA050001,
        SYSTICK_CTL: 0x40000147,
    }

    def __init__(self) -> None:
        self.on_cm4_power: Callable[[bool], None] = lambda _on: None
        super().__init__("CPUSS")

    @property
    def cm4_on(self) -> bool:
        """Whether the CM4 is powered and out of reset."""
        return self.regs[CM4_PWR_CTL] & CM4_PWR_CTL_PWR_MODE == CM4_PWR_CTL_PWR_MODE_ENABLED

    def get(self, offset: int) -> int:
        """Power changes are done at once."""
        return CM4_STATUS_PWR_DONE if offset == CM4_STATUS and self.cm4_on else super().get(offset)

    def set(self, offset: int, value: int) -> None:
        """CM4_PWR_CTL needs its key."""
        if offset == CM4_PWR_CTL:
            if value & CM4_PWR_CTL_VECTKEYSTAT != _KEY_WRITTEN:
                return
            was = self.cm4_on
            super().set(offset, _KEY_READ | value & ~CM4_PWR_CTL_VECTKEYSTAT)
            if was != self.cm4_on:
                self.on_cm4_power(self.cm4_on)
        elif offset != CM4_STATUS:
            masks = {
                CM4_VECTOR_TABLE_BASE: CM4_VECTOR_TABLE_BASE_ADDR22,
                CM0_VECTOR_TABLE_BASE: CM0_VECTOR_TABLE_BASE_ADDR24,
            }
            super().set(offset, value & masks.get(offset, value))

    def is_nmi(self, interrupt: int) -> bool:
        """Whether the system interrupt of that number is one of the CM0+'s NMI."""
        sources = (self.regs[at] for at in range(CM0_NMI_CTL0, CM0_NMI_CTL3 + 4, 4))
        return any(source & CM0_NMI_CTL0_SYSTEM_INT_IDX == interrupt for source in sources)

    @property
    def tick_hz(self) -> int:
        """SysTick's reference clock: the low frequency clock, or the IMO. The other choices are not modelled."""
        return IMO_HZ if field(self.regs[SYSTICK_CTL], SYSTICK_CTL_CLOCK_SOURCE) == _IMO else LOW_HZ

    @property
    def cm4_divider(self) -> int:
        """HF0 to CM4."""
        return field(self.regs.get(CM4_CLOCK_CTL, 0), CM4_CLOCK_CTL_FAST_INT_DIV) + 1

    @property
    def peri_divider(self) -> int:
        """HF0 to CLK_PERI."""
        return field(self.regs.get(CM0_CLOCK_CTL, 0), CM0_CLOCK_CTL_PERI_INT_DIV) + 1

    @property
    def cm0_divider(self) -> int:
        """HF0 to CM0+, by way of CLK_PERI."""
        return self.peri_divider * (field(self.regs.get(CM0_CLOCK_CTL, 0), CM0_CLOCK_CTL_SLOW_INT_DIV) + 1)


class SeenBy:
    """CPUSS as one bus master sees it: IDENTITY names the asker."""

    def __init__(self, cpuss: Cpuss, master: int) -> None:
        self._cpuss = cpuss
        self._identity = put(IDENTITY_MS, master) | IDENTITY_NS | IDENTITY_P

    def read(self, offset: int, size: int) -> int:
        """IDENTITY is the asker's own."""
        return self._identity if offset == IDENTITY and size == 4 else self._cpuss.read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """All the same."""
        self._cpuss.write(offset, size, value)

"""STM32F446RE as a pyOCD target: pyOCD's own F4 flash algorithm with this part's memory map (RM0390, table 5).

pyOCD 0.46 has no built-in F446. Its F412 algorithm drives the same flash controller, registers and sector layout.
"""

from __future__ import annotations

from typing import Any

from pyocd.core.memory_map import FlashRegion, MemoryMap, RamRegion
from pyocd.coresight.coresight_target import CoreSightTarget
from pyocd.target import TARGET
from pyocd.target.builtin.target_STM32F412xx import FLASH_ALGO

NAME = "stm32f446re"
_DBGMCU_APB1_FZ = 0xE0042008
_FREEZE_WATCHDOGS = 1 << 11 | 1 << 12  # while the core is halted


class Stm32F446RE(CoreSightTarget):
    """512 KB flash in sectors of 4 x 16, 1 x 64 and 3 x 128 KB; 128 KB RAM."""

    VENDOR = "STMicroelectronics (by hil)"

    MEMORY_MAP = MemoryMap(
        FlashRegion(
            start=0x08000000, length=0x10000, sector_size=0x4000, page_size=0x1000, is_boot_memory=True, algo=FLASH_ALGO
        ),
        FlashRegion(start=0x08010000, length=0x10000, sector_size=0x10000, page_size=0x1000, algo=FLASH_ALGO),
        FlashRegion(start=0x08020000, length=0x60000, sector_size=0x20000, page_size=0x1000, algo=FLASH_ALGO),
        RamRegion(start=0x20000000, length=0x20000),
    )

    def __init__(self, session: Any) -> None:
        super().__init__(session, self.MEMORY_MAP)

    def post_connect_hook(self) -> None:
        """A watchdog must not fire while the debugger holds the core."""
        self.write32(_DBGMCU_APB1_FZ, self.read32(_DBGMCU_APB1_FZ) | _FREEZE_WATCHDOGS)


def register() -> None:
    """Make the target known to pyOCD unless something else of that name is."""
    TARGET.setdefault(NAME, Stm32F446RE)

"""What a debugger does to ST's debug unit when it connects: the same registers on all chips here."""

from __future__ import annotations

from typing import Any

CR, APB1_FZ = 0xE0042004, 0xE0042008
CR_DBG_SLEEP, CR_DBG_STOP, CR_DBG_STANDBY = 1 << 0, 1 << 1, 1 << 2
APB1_FZ_DBG_WWDG_STOP, APB1_FZ_DBG_IWDG_STOP = 1 << 11, 1 << 12
_ALIVE = CR_DBG_SLEEP | CR_DBG_STOP | CR_DBG_STANDBY
_FREEZE = APB1_FZ_DBG_WWDG_STOP | APB1_FZ_DBG_IWDG_STOP


def prepare_debug_unit(target: Any) -> None:
    """Keep the clocks that a debugger needs while the core sleeps, and the watchdogs still while it holds the core.

    The firmware sleeps whenever it waits: without DBG_SLEEP its clock then stops, and the probe with it. pyOCD's own targets
    of these families (STM32F412, STM32L475) set the same three bits.
    """
    target.write32(CR, target.read32(CR) | _ALIVE)
    target.write32(APB1_FZ, target.read32(APB1_FZ) | _FREEZE)

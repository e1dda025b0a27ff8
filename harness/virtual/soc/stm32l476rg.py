"""STM32L476RG: memory map, interrupt numbers and peripherals (RM0351; DS10198), and the target for pyOCD.

Registers are held against ST's SVD (``fixtures/registers``); memory sizes are used as the authors remember RM0351.
"""

from __future__ import annotations

from typing import Any

from harness.virtual.soc._stm32l4 import RAM_BASE, Part, Pins, Stm32L4, l4_target

PYOCD_TARGET = "stm32l476rg"
# Present on the chip, stored but without effect here. DMA, timers and the other serial interfaces are among them.
_UNMODELLED = {
    "TIM2-7": (0x40000000, 0x1800),
    "LCD, RTC, WWDG": (0x40002400, 0xC00),
    "SPI2, SPI3": (0x40003800, 0x800),
    "USART3, UART4-5, I2C1-3": (0x40004800, 0x1800),
    "CAN1": (0x40006400, 0x400),
    "DAC1, OPAMP, LPTIM1, LPUART1, SWPMI1": (0x40007400, 0x1800),
    "LPTIM2": (0x40009400, 0x400),
    "SYSCFG, VREFBUF, COMP, EXTI": (0x40010000, 0x800),
    "FIREWALL": (0x40011C00, 0x400),
    "SDMMC1, TIM1, SPI1, TIM8, USART1": (0x40012800, 0x1400),
    "TIM15-17": (0x40014000, 0xC00),
    "SAI1-2, DFSDM1": (0x40015400, 0x1400),
    "DMA1, DMA2": (0x40020000, 0x800),
    "CRC": (0x40023000, 0x400),
    "TSC": (0x40024000, 0x400),
    "OTG_FS": (0x50000000, 0x40000),
    "ADC": (0x50040000, 0x400),
    "RNG": (0x50060800, 0x400),
    "FMC": (0xA0000000, 0x400),
    "QUADSPI": (0xA0001000, 0x400),
}
PART = Part(
    name="STM32L476RG",
    idcode=0x10076415,  # device 0x415
    irqs=82,
    plus=False,
    flash_bytes=1024 * 1024,
    page_bytes=2048,
    ram={"SRAM1": (RAM_BASE, 96 * 1024), "SRAM2": (0x10000000, 32 * 1024)},
    ports="ABCDEFGH",
    pins=Pins("A", tx=2, rx=3, function=7),
    options=0xFFEFF8AA,
    unmodelled=_UNMODELLED,
    inputs={"C": 1 << 13},  # PC13: the user button pulls low
)


class Stm32L476(Stm32L4):
    """One chip; see ``Stm32L4``."""

    def __init__(self, uid: str, kept_flash: int | None = None) -> None:
        super().__init__(PART, uid, kept_flash)


CHIP = Stm32L476


def target() -> Any:
    """The pyOCD target; pyOCD has none built in."""
    return l4_target(PART)

"""STM32L4R9ZI: memory map, interrupt numbers and peripherals (RM0432; DS12023), and the target for pyOCD.

Registers are held against ST's SVD of the L4P5 and header of the L4R9 (``fixtures/registers``); RM0432's page size and memory
sizes are used as the authors remember them.
SRAM2's second address (0x10000000) is not mapped.
"""

from __future__ import annotations

from typing import Any

from harness.virtual.soc._stm32l4 import RAM_BASE, Part, Pins, Stm32L4, l4_target

PYOCD_TARGET = "stm32l4r9zi"
# Present on the chip, stored but without effect here. DMA, timers and the other serial interfaces are among them.
_UNMODELLED = {
    "TIM2-7": (0x40000000, 0x1800),
    "RTC, WWDG": (0x40002800, 0x800),
    "SPI2, SPI3": (0x40003800, 0x800),
    "USART3, UART4-5, I2C1-3, CRS, CAN1": (0x40004800, 0x2000),
    "DAC1, OPAMP, LPTIM1, LPUART1, I2C4": (0x40007400, 0x1400),
    "LPTIM2": (0x40009400, 0x400),
    "SYSCFG, VREFBUF, COMP, EXTI": (0x40010000, 0x800),
    "FIREWALL": (0x40011C00, 0x400),
    "TIM1, SPI1, TIM8, USART1": (0x40012C00, 0x1000),
    "TIM15-17": (0x40014000, 0xC00),
    "SAI1-2, DFSDM1": (0x40015400, 0x1400),
    "LTDC, DSIHOST": (0x40016800, 0xC00),
    "DMA1, DMA2, DMAMUX1": (0x40020000, 0xC00),
    "CRC": (0x40023000, 0x400),
    "TSC": (0x40024000, 0x400),
    "DMA2D, GFXMMU": (0x4002B000, 0x2000),
    "OTG_FS": (0x50000000, 0x40000),
    "ADC": (0x50040000, 0x400),
    "DCMI": (0x50050000, 0x400),
    "AES, HASH, RNG": (0x50060000, 0xC00),
    "OCTOSPIM": (0x50061C00, 0x400),
    "SDMMC1": (0x50062400, 0x400),
    "FMC": (0xA0000000, 0x400),
    "OCTOSPI1-2": (0xA0001000, 0x800),
}
PART = Part(
    name="STM32L4R9ZI",
    idcode=0x10006470,  # device 0x470
    irqs=95,
    plus=True,
    flash_bytes=2 * 1024 * 1024,
    page_bytes=4096,  # with DBANK = 1, as shipped: 64-bit reads, two banks of 256 pages
    ram={"SRAM1-3": (RAM_BASE, 640 * 1024)},
    ports="ABCDEFGHI",
    pins=Pins("D", tx=5, rx=6, function=7),
    options=0xFFEFF8AA,
    unmodelled=_UNMODELLED,
    inputs={},
    hse_hz=16_000_000,
    checks_empty=True,
)


class Stm32L4R9(Stm32L4):
    """One chip; see ``Stm32L4``."""

    def __init__(self, uid: str, kept_flash: int | None = None) -> None:
        super().__init__(PART, uid, kept_flash)


CHIP = Stm32L4R9


def target() -> Any:
    """The pyOCD target; pyOCD has none built in."""
    return l4_target(PART)

"""STM32L4R9ZI (RM0432): three memories in a row make its RAM; one port more than the L4."""

from dataclasses import replace

from harness.renode.soc._stm32l4 import RCC_PLUS, STM32L4

SOC = replace(STM32L4, stubs=STM32L4.stubs | {"rcc": RCC_PLUS}, gpio=STM32L4.gpio | {"gpioi": (0x48002000, 0xFFFFFFFF)})

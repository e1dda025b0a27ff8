"""STM32L476RG (RM0351): its second RAM lies apart."""

from dataclasses import replace

from harness.renode.soc._stm32l4 import STM32L4

SOC = replace(STM32L4, extra_ram={"sram2": (0x10000000, 0x8000)})

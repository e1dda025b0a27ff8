"""Peripherals of STM32F4 parts, one file each, after RM0390."""

"""Chips: one file each, with memory map, interrupt numbers and the peripherals that are modelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.virtual.soc.stm32f446re import Stm32F446


def build(name: str, uid: str) -> tuple[str, Stm32F446]:
    """The chip ``name`` as (pyOCD target name, chip)."""
    from harness.virtual.soc import stm32f446re

    known = {stm32f446re.NAME: (stm32f446re.PYOCD_TARGET, stm32f446re.Stm32F446)}
    target, chip = known[name]
    return target, chip(uid)

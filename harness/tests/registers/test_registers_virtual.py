"""Virtual chips have the vendor's registers at the vendor's places, and after a reset they read what the vendor says."""

import pytest
from vendor import Description

from harness.virtual import soc
from harness.virtual.periph.base import Peripheral, Unmodelled

TABLES = {"stm32f446re": "stm32f446", "stm32l476rg": "stm32l476", "stm32l4r9zi": "stm32l4p5", "cy8c624a": "psoc6_02"}
OUTSIDE = ("SFLASH", "UNIQUE", "FLASHSIZE")  # memory, not a peripheral


def modelled(chip):
    """(vendor's name, peripheral) for each that does more than store."""
    for region in chip.machine.bus.regions:
        device = getattr(region.device, "_cpuss", region.device)
        if isinstance(device, Peripheral) and not isinstance(device, Unmodelled):
            yield region.name, device


def test_every_chip_has_a_table():
    assert set(TABLES) == set(soc.names())


@pytest.mark.parametrize("name", TABLES)
def test_each_region_is_where_the_vendor_has_that_peripheral(name):
    vendor, (_target, chip) = Description(TABLES[name]), soc.build(name, "places")
    regions = {region.name: region for region in chip.machine.bus.regions if region.device is not None}
    wrong = {
        n: (hex(regions[n].base), hex(base))
        for n, base in vendor.bases.items()
        if n in regions and regions[n].base != base
    }
    assert wrong == {}
    for peripheral in vendor.bases:
        for register in vendor.registers.values():
            if register.name.split(".")[0] == peripheral:
                chip.machine.bus.find(register.address, 4)  # a BusError: it is missing
    assert len([n for n in vendor.bases if n in regions]) >= 5


@pytest.mark.parametrize("name", TABLES)
def test_each_modelled_register_reads_the_vendors_value_after_a_reset(name):
    vendor, (_target, chip) = Description(TABLES[name]), soc.build(name, "resets")
    chip.reset("power")
    wrong, seen = [], 0
    for peripheral, device in modelled(chip):
        device.reset()
        device.clocked = True
        for register in vendor.registers.values():
            owner, _, short = register.name.partition(".")
            if owner != peripheral or short in vendor.own_resets.get(owner, ()):
                continue
            seen += 1
            value = device.get(register.address - vendor.bases[owner])
            if value != register.reset:
                wrong.append(
                    f"{register.name} reads {value:#x} after a reset, {register.reset:#x} by the vendor's description"
                )
    assert wrong == []
    assert seen > 60

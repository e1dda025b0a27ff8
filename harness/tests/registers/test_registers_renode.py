"""Renode's platforms have the vendor's registers at the vendor's places, with the vendor's values after a reset."""

import re

import pytest
from c_source import FIRMWARE
from vendor import Description

from harness.renode import soc

TABLES = {"stm32f446re": "stm32f446", "stm32l476rg": "stm32l476", "stm32l4r9zi": "stm32l4p5", "cy8c624a": "psoc6_02"}
NAMES = {"flashController": {"stm32": "FLASH", "cy8c": "FLASHC"}}  # Renode wants a name of its own
MODELS = FIRMWARE.parent / "harness" / "renode" / "models"
#: What a flag may be called that comes after a bit of another name.
READY = {
    r"(\w+)ON": r"\1RDY",
    r"SW(\d?)": r"SWS\1",
    r"(\w+)EN": r"\1RDY",
    "CCO_ENABLE": "CCO_READY",
    "FLL_ENABLE": "LOCKED",
}


def vendors_name(chip, name):
    return NAMES.get(name, {}).get("cy8c" if chip.startswith("cy8c") else "stm32", name.upper())


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).upper()


def test_every_platform_has_a_table():
    assert set(TABLES) == set(soc.names())


@pytest.mark.parametrize("chip", TABLES)
def test_peripherals_stand_at_the_vendors_places(chip):
    vendor, platform = Description(TABLES[chip]), soc.load(chip)
    places = {name: stub.base for name, stub in platform.stubs.items()} | dict(platform.plain)
    places |= {name: uart.base for name, uart in platform.uarts.items()} | {
        n: base for n, (base, _) in platform.gpio.items()
    }
    known = {n: base for n, base in places.items() if vendors_name(chip, n) in vendor.bases}
    assert {n: base for n, base in known.items() if base != vendor.bases[vendors_name(chip, n)]} == {}
    assert len(known) >= 5
    for name, uart in platform.uarts.items():
        number = vendor.interrupts.get("scb_5_interrupt" if name == "scb5" else name.upper())
        assert number in (None, uart.irq), name


@pytest.mark.parametrize("chip", TABLES)
def test_stand_ins_have_the_vendors_registers_and_reset_values(chip):
    vendor, platform = Description(TABLES[chip]), soc.load(chip)
    for name, stub in platform.stubs.items():
        for offset, value in stub.reset.items():
            register = vendor.by_address.get(stub.base + offset)
            assert register is not None, f"{name} + {offset:#x} is no register of the vendor's"
            assert value == register.reset, (
                f"{register.name}: {value:#x}, {register.reset:#x} by the vendor's description"
            )
    for name, (base, mode) in platform.gpio.items():
        if name.upper() in vendor.bases:
            assert mode == vendor.by_address[base].reset, name


@pytest.mark.parametrize("chip", TABLES)
def test_each_flag_that_follows_is_the_ready_flag_of_what_it_follows(chip):
    vendor, platform = Description(TABLES[chip]), soc.load(chip)
    checked = 0
    for stub in platform.stubs.values():
        for follow in stub.follows:
            source, at = vendor.by_address[stub.base + follow.source], vendor.by_address[stub.base + follow.at]
            for bit in (1 << n for n in range(32) if follow.mask >> n & 1):
                flag = bit << follow.shift if follow.shift >= 0 else bit >> -follow.shift
                ons, flags = ({n for n, m in r.fields.items() if m & b} for r, b in ((source, bit), (at, flag)))
                wanted = {
                    re.sub(f"^{on}$", ready, n) for n in ons for on, ready in READY.items() if re.fullmatch(on, n)
                }
                assert wanted & flags, f"{at.name}.{flags} follows {source.name}.{ons}"
                checked += 1
    assert checked >= 2


@pytest.mark.parametrize("file", ["HilPsoc6Scb.cs"])
def test_a_models_constants_are_the_vendors(file):
    vendor = Description("psoc6_02")
    text = (MODELS / file).read_text()
    found = re.findall(r"private const (long|uint) (\w+) = ([^;]+);", text)
    assert len(found) > 25
    for kind, name, expression in found:
        value = eval(re.sub(r"(?<=\d)u\b|(?<=[0-9A-F])u\b", "", expression))
        symbol = f"SCB5_{snake(name)}"
        if kind == "long":
            assert vendor.registers["SCB5." + snake(name)].address == vendor.bases["SCB5"] + value, name
        elif name.endswith("Reset"):
            assert vendor.register(symbol.removesuffix("_RESET")).reset == value, name
        else:
            assert vendor.objection(symbol, value) == "", name
    code = re.sub(r"//[^\n]*|private const [^;]+;", "", text)
    assert re.findall(r"case 0x\w+|<<\s*\d|&\s*0x\w+|offset == 0x", code) == []


def test_the_flls_old_places_fail():
    vendor = Description("psoc6_02")
    assert vendor.by_address[0x40260530].name == "SRSS.CLK_ECO_STATUS"
    assert 0x40260540 not in vendor.by_address

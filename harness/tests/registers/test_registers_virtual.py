"""Virtual chips have the vendor's registers at the vendor's places, and after a reset they read what the vendor says."""

import importlib
import importlib.util
from pathlib import Path

import py_source
import pytest
from vendor import Description

from harness.virtual import periph, soc
from harness.virtual.periph import psoc6_srom
from harness.virtual.periph.base import Peripheral, Unmodelled
from harness.virtual.soc import _dbgmcu, cy8c624a

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
            owner = register.name.partition(".")[0]
            if owner != peripheral or register.name in vendor.unsaid:
                continue
            seen += 1
            value = device.get(register.address - vendor.bases[owner])
            if value != register.reset:
                wrong.append(
                    f"{register.name} reads {value:#x} after a reset, {register.reset:#x} by the vendor's description"
                )
    assert wrong == []
    assert seen > 60


# -- the modules ----------------------------------------------------------------------------------------------------------


def modules():
    """Each module with registers: the vendor's name of its peripheral, and the tables of the chips that have it."""
    found = {}
    for name, table in TABLES.items():
        for region, device in modelled(soc.build(name, "modules")[1]):
            vendor = Description(table)
            if region in vendor.bases:
                found.setdefault(type(device).__module__, (region, {}))[1][table] = vendor
    return {module: (region, list(vendors.values())) for module, (region, vendors) in found.items()}


MODULES = modules()


@pytest.mark.parametrize("module", MODULES)
def test_each_offset_and_field_of_a_peripherals_module_is_the_vendors(module):
    peripheral, vendors = MODULES[module]
    assert py_source.objections(importlib.import_module(module), peripheral, vendors) == []


def test_every_module_of_a_peripheral_is_looked_at():
    folder = Path(periph.__file__).parent
    here = {f"harness.virtual.periph.{path.stem}" for path in folder.glob("*.py")} - {"harness.virtual.periph.__init__"}
    without_registers = {
        f"harness.virtual.periph.{n}" for n in ("base", "gates", "limits", "line", "psoc6_srom", "warmup")
    }
    assert here - without_registers == set(MODULES)


@pytest.mark.parametrize(
    ("module", "old", "new", "said"),
    [
        ("psoc6_srss", "0x580, 0x584", "0x530, 0x584", "is SRSS.CLK_ECO_STATUS, used as SRSS_CLK_FLL_CONFIG"),
        (
            "scb",
            "CTRL_BYTE_MODE, CTRL_MODE, CTRL_MODE_UART, CTRL_ENABLED = 15, 1 << 11",
            "CTRL_BYTE_MODE, CTRL_MODE, CTRL_MODE_UART, CTRL_ENABLED = 15, 1 << 10",
            "EZ_MODE, used as BYTE_MODE",
        ),
        ("rcc", "CR_PLLON, CR_PLLRDY, CR_PLLI2SON", "CR_PLLRDY, CR_PLLON, CR_PLLI2SON", "used as PLLON"),
        (
            "flash_l4",
            "0x00, 0x08, 0x0C, 0x10, 0x14, 0x20",
            "0x00, 0x08, 0x0C, 0x10, 0x18, 0x20",
            "is FLASH.ECCR, used as FLASH_CR",
        ),
        ("usart", "        return control", "        return control >> 3", ""),
        ("pwr", "if offset != CSR", "if offset != 0x04", "a register's offset without a name"),
    ],
)
def test_a_wrong_place_in_a_module_is_named_with_both_names(module, old, new, said, tmp_path):
    name = f"harness.virtual.periph.{module}"
    text = Path(importlib.import_module(name).__file__).read_text()
    if old not in text:
        old, new, said = (
            "    def reset(self)",
            "    def _odd(self, value: int) -> int:\n        return value >> 3 & 7\n\n    def reset(self)",
            "bits without a name",
        )
    assert old in text
    path = tmp_path / f"{module}.py"
    path.write_text(text.replace(old, new, 1))
    spec = importlib.util.spec_from_file_location(name, path)
    changed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(changed)
    peripheral, vendors = MODULES[name]
    found = py_source.objections(changed, peripheral, vendors)
    assert any(said in text for text in found), found


# -- the chips' own files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_identity_and_flash_size_stand_where_the_vendor_has_them(name):
    vendor, (_target, chip) = Description(TABLES[name]), soc.build(name, "identity")
    bus = chip.machine.bus
    if name == "cy8c624a":
        assert bus.read(vendor.registers["SFLASH.FAMILY_ID"].address, 2) == 0x102
        other = soc.build(name, "another")[1].machine.bus
        die = vendor.registers["SFLASH.DIE_LOT0"].address
        assert bus.read(die, 4) != other.read(die, 4)
        return
    words = {bus.read(vendor.registers["UNIQUE.ID"].address + 4 * i, 4) for i in range(3)}
    assert len(words - {0xFFFFFFFF}) == 3
    assert bus.read(vendor.registers["FLASHSIZE.KBYTES"].address, 2) == len(chip.array) // 1024


@pytest.mark.parametrize("name", TABLES)
def test_interrupts_have_the_vendors_numbers(name):
    vendor, (_target, chip) = Description(TABLES[name]), soc.build(name, "interrupts")
    number = chip.serial._irq - 16
    assert number == vendor.interrupts["scb_5_interrupt" if name == "cy8c624a" else "USART2"]


def test_the_psoc6s_system_calls_come_by_the_interrupt_and_clock_numbers_of_the_vendor():
    vendor = Description("psoc6_02")
    assert vendor.interrupts["cpuss_interrupts_ipc_0"] == cy8c624a.IPC_IRQ
    assert vendor.constants["PCLK_SCB5_CLOCK"] == cy8c624a.SCB5_CLOCK
    assert vendor.constants["ROM_NMI_HANDLER"] == psoc6_srom.NMI_HANDLER
    assert vendor.constants["ACT_6"] == cy8c624a._SCB_UART
    assert vendor.constants["STRONG"] == cy8c624a._STRONG


@pytest.mark.parametrize("name", [name for name in TABLES if name.startswith("stm32")])
def test_each_clock_gate_is_the_vendors_bit_of_that_peripheral(name):
    vendor, (_target, chip) = Description(TABLES[name]), soc.build(name, "gates")
    for (offset, bit), device in chip.rcc.gates.items():
        register = vendor.by_address[vendor.bases["RCC"] + offset]
        assert register.fields.get(f"{device.name}EN") == 1 << bit, (register.name, device.name)
    assert len(chip.rcc.gates) >= 8


def test_what_keeps_a_sleeping_core_in_reach_of_a_debugger_is_the_vendors():
    for table in ("stm32f446", "stm32l476", "stm32l4p5"):
        vendor = Description(table)
        freeze = vendor.registers.get("DBGMCU.APB1_FZ") or vendor.registers["DBGMCU.APB1_FZR1"]
        assert (freeze.address, vendor.registers["DBGMCU.CR"].address) == (_dbgmcu.APB1_FZ, _dbgmcu.CR)
        for register in (freeze, vendor.registers["DBGMCU.CR"]):
            for field, mask in register.fields.items():
                ours = {n.partition("_DBG_")[2]: v for n, v in vars(_dbgmcu).items() if "_DBG_" in n}
                assert ours.get(field.removeprefix("DBG_"), mask) == mask, field

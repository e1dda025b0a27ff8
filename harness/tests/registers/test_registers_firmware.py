"""The firmware's registers are the vendor's: each address, each field, each interrupt has the name that stands there.

What firmware and virtual chips have in common was written by the same hands; this holds both against what nobody here wrote.
"""

import json
import re
import runpy

import pytest
from boards import UNITS, WITHOUT, objections
from c_source import FIRMWARE, without_comments
from vendor import SHARED, TABLES, Description

BOARD_C = {unit: files[-1] for unit, (_device, files) in UNITS.items()}


def changed(unit, *replacements, file=None):
    """The objections to a unit with texts of one of its files replaced."""
    name = file or BOARD_C[unit]
    text = (FIRMWARE / name).read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return objections(unit, {name: text})


# -- the sources ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS)
def test_every_register_field_and_interrupt_is_the_vendors(unit):
    assert objections(unit) == []


def test_each_source_of_boards_core_and_flash_algorithms_is_looked_at():
    looked_at = {name for _device, files in UNITS.values() for name in files} | set(WITHOUT)
    here = [path for folder in ("arch", "boards", "flashalgo") for path in (FIRMWARE / folder).rglob("*.[ch]")]
    assert {path.relative_to(FIRMWARE).as_posix() for path in here} == looked_at


@pytest.mark.parametrize("name", WITHOUT)
def test_a_source_without_registers_has_nothing_like_an_address(name):
    numbers = re.findall(r"\b(0[xX][0-9a-fA-F]+)", without_comments((FIRMWARE / name).read_text()))
    assert [n for n in numbers if int(n, 16) >= 0x10000000] == []


def test_enough_is_found_to_be_checked():
    # A parser that finds nothing has no objections.
    for unit, (device, files) in UNITS.items():
        vendor = Description(device, "cortex_m")
        names = re.findall(r"#define (\w+)", "".join((FIRMWARE / name).read_text() for name in files))
        assert len([n for n in names if vendor.register(n)]) >= 6, unit
        assert len([n for n in names if vendor.field(n)]) >= 20, unit


# -- old and new mistakes -------------------------------------------------------------------------------------------------


def test_the_flls_old_places_are_named_for_what_they_are():
    old = changed(
        "cy8cproto_062_4343w",
        *((f"0x402605{at:02X}u", f"0x402605{at - 0x50:02X}u") for at in (0x80, 0x84, 0x88, 0x8C, 0x90)),
    )
    assert len(old) == 5
    assert any("0x40260530 is SRSS.CLK_ECO_STATUS, used as SRSS_CLK_FLL_CONFIG " in text for text in old), old
    assert any("0x4026053c is SRSS.CLK_PILO_CONFIG, used as SRSS_CLK_FLL_CONFIG4 " in text for text in old), old


def test_a_fifo_of_128_without_byte_mode_is_named():
    (text,) = changed("cy8cproto_062_4343w", ("SCB5_CTRL_MODE_UART | SCB5_CTRL_BYTE_MODE", "SCB5_CTRL_MODE_UART"))
    assert "SCB5.CTRL.BYTE_MODE is not set" in text
    assert "used as FIFO_ENTRIES, 128" in text


def test_byte_modes_wrong_bit_is_named():
    (text,) = changed("cy8cproto_062_4343w", ("SCB5_CTRL_BYTE_MODE (1u << 11)", "SCB5_CTRL_BYTE_MODE (1u << 10)"))
    assert "is SCB5.CTRL.EZ_MODE, used as BYTE_MODE" in text


def test_another_nmi_vector_than_the_roms_is_named():
    (text,) = changed("cy8cproto_062_4343w", ("cm0_start, ROM_NMI_HANDLER,", "cm0_start, (uintptr_t)cm0_fault,"))
    assert "NMI vector is (uintptr_t)cm0_fault, used as the ROM's handler (ROM_NMI_HANDLER, 0x0000000D)" in text
    (text,) = changed("cy8cproto_062_4343w", ("ROM_NMI_HANDLER 0x0000000Du", "ROM_NMI_HANDLER 0x0000000Bu"))
    assert "ROM_NMI_HANDLER is 0xb, 0xd by its source" in text


def test_an_fll_configured_while_it_is_on_and_a_root_divider_left_are_named():
    found = changed("cy8cproto_062_4343w", ("    clock_to_imo();\n", ""))
    assert any("CLK_FLL_CONFIG.FLL_ENABLE is not cleared before SRSS.CLK_FLL_CONFIG.FLL_MULT" in text for text in found)
    assert any("CLK_ROOT_SELECT0.ROOT_DIV is not 0" in text for text in found)


@pytest.mark.parametrize(
    ("unit", "file", "old", "new", "said"),
    [
        ("nucleo_f446re", None, "REG32(0x40023830u)", "REG32(0x40023834u)", "is RCC.AHB2ENR, used as RCC_AHB1ENR"),
        (
            "nucleo_f446re",
            None,
            "RCC_CR_PLLRDY (1u << 25)",
            "RCC_CR_PLLRDY (1u << 27)",
            "RCC.CR.PLLI2SRDY, used as PLLRDY",
        ),
        ("nucleo_f446re", None, "PWR_CR_ODSWEN (1u << 17)", "PWR_CR_ODSWEN (1u << 16)", "PWR.CR.ODEN, used as ODSWEN"),
        ("nucleo_f446re", None, "REG32(0x40023830u)", "REG32(0x40023C84u)", "is no register of the vendor's"),
        ("nucleo_f446re", None, "UNIQUE_ID_AT 0x1FFF7A10u", "UNIQUE_ID_AT 0x1FFF7A14u", "used as UNIQUE_ID"),
        (
            "nucleo_f446re",
            "arch/stm32.h",
            "USART2_IRQ 38u",
            "USART2_IRQ 39u",
            "USART2_IRQ is 39, the vendor's number is 38",
        ),
        (
            "nucleo_l476rg",
            "arch/stm32l4.h",
            "REG32(0x40021058u)",
            "REG32(0x40021060u)",
            "RCC.APB2ENR, used as RCC_APB1ENR1",
        ),
        ("steval_stwinkt1", None, "PWR_CR5_R1MODE (1u << 8)", "PWR_CR5_R1MODE (1u << 9)", "used as R1MODE"),
        (
            "steval_stwinkt1",
            "arch/cortex_m.h",
            "REG32(0xE000ED24u)",
            "REG32(0xE000ED28u)",
            "is SCB.CFSR, used as SCB_SHCSR",
        ),
        ("flash algorithm on an L4", None, "REG32(0x40022014u)", "REG32(0x40022018u)", "FLASH.ECCR, used as FLASH_CR"),
        (
            "flash algorithm on an L4+",
            None,
            "FLASH_CR_BKER (1u << 11)",
            "FLASH_CR_BKER (1u << 15)",
            "MER2, used as BKER",
        ),
    ],
)
def test_a_wrong_place_is_named_with_both_names(unit, file, old, new, said):
    found = changed(unit, (old, new), file=file)
    assert any(said in text for text in found), found


@pytest.mark.parametrize(
    "line",
    [
        "    *(volatile uint32_t *)0x40023830u |= 1u;",
        "    uint32_t *enable = (uint32_t *)(0x40023830u); *enable = 1;",
        "    (&RCC_CR)[12] |= 1u << 0;",
        "    RCC_AHB1ENR |= 1u;",
        "    RCC_CFGR = 10u;",
        "    RCC_CR = RCC_CR | 65536u;",
        "    uint32_t csr = RCC_CSR; if ((csr & 8u) != 0) { csr = 0; }",
        "    (void)comes(&RCC_CR, 2u, 2u);",
        "    enum { HSION = 1u << 0 };",
        '    __asm volatile("ldr r0, =0x40023830");',
        "#define ENABLE (*(volatile uint32_t *)1073887280u)",
        "#define SOME_BITS (1u << 4)",
        "#define BIT_OF(n) (1u << 4 << (n))",
    ],
)
def test_a_register_or_bits_in_any_other_form_are_refused(line):
    assert changed("nucleo_f446re", ("void board_init(void) {\n", f"void board_init(void) {{\n{line}\n"))


# -- the tables -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="the vendors' descriptions are not beside this repository")
def test_the_tables_are_what_the_vendors_descriptions_say():
    extract = runpy.run_path(str(TABLES / "extract.py"))
    for device in extract["KEPT"]:
        vendor = json.loads((SHARED / f"{device}.json").read_text())
        assert (TABLES / f"{device}.json").read_text() == extract["text"](extract["table"](device, vendor)), device


def test_own_facts_have_a_source_and_contradict_no_table():
    for device in ("stm32f446", "stm32l476", "stm32l4p5", "psoc6_02"):
        table = json.loads((TABLES / f"{device}.json").read_text())
        vendor = Description(device)
        for name, register in vendor.registers.items():
            peripheral, _, short = name.partition(".")
            known = table["peripherals"].get(peripheral, {}).get("registers", {}).get(short, (0, 0, {}))[2]
            for field, (low, width) in known.items():
                assert register.fields[field] == (1 << width) - 1 << low or field == "LATENCY", (name, field)


def test_the_boards_own_description_names_registers_too():
    import tomllib

    for board, (device, _files) in UNITS.items():
        path = FIRMWARE / "boards" / board / "board.toml"
        if not path.is_file():
            continue
        vendor, debug = Description(device), tomllib.loads(path.read_text())["debug"]
        assert vendor.named(debug["chip_id_address"]) in ("DBGMCU.IDCODE", "SFLASH.FAMILY_ID")
        assert vendor.named(debug["unique_id_address"]) in ("UNIQUE.ID", "SFLASH.DIE_LOT0")
        if debug.get("empty_flag_address"):
            flag = vendor.by_address[debug["empty_flag_address"]]
            assert (flag.name, debug["empty_flag_mask"]) == ("FLASH.SR", flag.fields["PEMPTY"])
        protection = debug.get("protection")
        if protection is None:
            continue
        level = vendor.by_address[protection["level_register"]]
        assert (level.name, protection["level_mask"]) in (
            ("FLASH.OPTCR", level.fields["RDP"]),
            ("FLASH.OPTR", level.fields["RDP"]),
        )
        if protection.get("busy_mask"):
            busy = vendor.by_address[protection["busy_register"]]
            assert (busy.name, protection["busy_mask"]) == ("FLASH.SR", busy.fields["BSY"])
        for address, _word in protection.get("unlock", ()):
            assert vendor.named(address) in ("FLASH.KEYR", "FLASH.OPTKEYR", "FLASH.OPTCR", "FLASH.OPTR", "FLASH.CR"), (
                hex(address)
            )

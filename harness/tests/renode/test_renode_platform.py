"""The platform text, and the scripts in it, run as Renode runs them."""

import dataclasses
import re

import pytest
from renode_lab import FACTS

from harness.bench.boards import load_board
from harness.bench.emulators import renode as backend
from harness.errors import BenchError
from harness.renode import soc
from harness.renode.machine import source
from harness.renode.platform import models, outside, render
from harness.testing.renode_double.devices import RegisterFile

RCC_CR, RCC_CFGR, RCC_CSR, PWR_CR, PWR_CSR = 0x00, 0x08, 0x74, 0x00, 0x04


@pytest.fixture
def stub():
    """A chip's registers as a description that was rendered makes them."""

    def made(name, chip="stm32f446re"):
        facts = dataclasses.replace(FACTS, soc=chip, uart=next(iter(soc.load(chip).uarts)))
        text = re.search(rf"(?ms)^{name}: Miscellaneous.HilRegisters.*?(?=^\S|\Z)", render(facts))[0]
        return RegisterFile(name, dict(re.findall(r"^    (\w+): (.*)$", text, re.MULTILINE)))

    return made


def test_the_boards_own_description_is_what_is_rendered():
    text = render(backend.facts(load_board("nucleo_f446re")))
    assert text == render(FACTS)
    assert "flash: Memory.MappedMemory @ { sysbus 0x08000000; sysbus 0x0 }\n    size: 0x80000" in text
    assert "sram: Memory.MappedMemory @ sysbus 0x20000000\n    size: 0x20000" in text
    assert 'cpuType: "cortex-m4"\n' in text
    assert re.search(
        r"usart2: UART.STM32_UART @ sysbus <0x40004400, \+0x400>\n    frequency: 45000000\n    -> nvic@38", text
    )


def test_counters_count_one_cycle_an_instruction():
    assert FACTS.mips == 180
    assert "dwt: Miscellaneous.DWT @ sysbus 0xE0001000\n    frequency: 180000000" in render(FACTS)


def test_the_newer_uart_model_has_its_clock_and_a_named_interrupt():
    text = render(dataclasses.replace(FACTS, soc="stm32l4r9zi", clock_hz=120_000_000, ram_bytes=0xA0000))
    assert "usart2: UART.STM32F7_USART @ sysbus 0x40004400\n    frequency: 120000000\n    IRQ -> nvic@38" in text


def test_every_chip_renders_each_entry_once():
    for name in soc.names():
        text = render(dataclasses.replace(FACTS, soc=name, uart=next(iter(soc.load(name).uarts))))
        entries = re.findall(r"^(\w+): ", text, re.MULTILINE)
        assert len(entries) == len(set(entries)) >= 10


def test_ready_flags_follow_their_enable_bits(stub):
    rcc = stub("rcc")
    assert rcc.read(RCC_CR, 4) == 0x83
    rcc.write(RCC_CR, 4, 0x83 | 1 << 24)
    assert rcc.read(RCC_CR, 4) & 1 << 25
    rcc.write(RCC_CR, 4, 0x83)
    assert not rcc.read(RCC_CR, 4) & 1 << 25
    rcc.write(RCC_CFGR, 4, 2)
    assert rcc.read(RCC_CFGR, 4) == 2 | 2 << 2
    rcc.write(RCC_CSR, 1, 1)
    assert rcc.read(RCC_CSR, 1) == 3


def test_bytes_of_a_register_are_read_and_written_alone(stub):
    rcc = stub("rcc")
    rcc.write(0x07, 1, 0x55)
    assert rcc.read(0x04, 4) == 0x55003010
    assert rcc.read(0x06, 2) == 0x5500


def test_the_overdrive_answers_in_another_register(stub):
    pwr = stub("pwr")
    assert pwr.read(PWR_CSR, 4) == 0x4000
    pwr.write(PWR_CR, 4, 3 << 16)
    assert pwr.read(PWR_CSR, 4) == 0x4000 | 3 << 16


def test_flags_may_be_lower_than_what_they_follow(stub):
    srss = stub("srss", "cy8c624a")
    assert srss.read(0x590, 4) == 0
    srss.write(0x58C, 4, 1 << 31 | 0xFF)
    assert srss.read(0x590, 4) == 1 << 2
    srss.write(0x580, 4, 1 << 31 | 500)
    assert srss.read(0x590, 4) == 1 << 2 | 1 << 0
    srss.write(0x580, 4, 500)
    assert srss.read(0x590, 4) == 1 << 2


def test_a_port_that_renode_has_no_model_of_brings_its_own_and_the_chips_whole_ram():
    facts = backend.facts(load_board("cy8cproto_062_4343w"))
    text = render(facts)
    assert "scb5: UART.HilPsoc6Scb @ sysbus 0x40650000\n    -> nvic@44" in text
    assert "sram: Memory.MappedMemory @ sysbus 0x08000000\n    size: 0x100000" in text
    assert models(facts) == ("HilBench.cs", "HilRegisters.cs", "HilPsoc6Scb.cs")


@pytest.mark.parametrize(
    ("version", "made_with"),
    [((1, 13, 3), "Machine"), ((1, 14, 0), "Machine"), ((1, 15, 0), "IMachine"), ((1, 16, 1), "IMachine")],
)
def test_its_source_is_what_each_version_can_compile(version, made_with):
    text = source(models(backend.facts(load_board("cy8cproto_062_4343w"))), version)
    assert f"public HilPsoc6Scb({made_with} machine) : base(machine)" in text
    assert f"public HilRegisters({made_with} machine, long size" in text
    assert ("GetRegisterUnsafe(" in text) is (made_with == "Machine")
    assert "HilPsoc6Scb" not in source(models(FACTS), version)


def test_a_chip_or_port_without_a_platform_says_which_file_adds_it():
    with pytest.raises(BenchError, match=r"soc/stm32x\.py"):
        render(dataclasses.replace(FACTS, soc="stm32x"))
    with pytest.raises(BenchError, match="has no LPUART9"):
        render(dataclasses.replace(FACTS, uart="LPUART9"))


@pytest.mark.parametrize(("address", "nothing"), [(0x70000000, True), (0x20020000, True), (0x40026000, False)])
def test_what_lies_outside_the_chip_is_told_from_what_has_no_model(address, nothing):
    assert outside(FACTS, address) is nothing

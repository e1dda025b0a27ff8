import importlib.util

import pytest
from pyocd.target.builtin.target_STM32L475xx import FLASH_ALGO as L475_ALGORITHM

from harness.paths import shipped
from harness.virtual import soc
from harness.virtual.periph import flash_l4 as flash
from harness.virtual.soc import _stm32l4_algorithm
from harness.virtual.soc._stm32l4 import FLASH_BASE

CONTROLLER = 0x40022000
PAGE_BYTES = {"stm32l4r9zi": 4096, "stm32l476rg": 2048}


@pytest.fixture(params=sorted(PAGE_BYTES))
def chip(request):
    return soc.build(request.param, "flash")[1]


def register(chip, offset, value=None):
    if value is None:
        return chip.machine.bus.read(CONTROLLER + offset, 4)
    return chip.machine.bus.write(CONTROLLER + offset, 4, value)


def unlock(chip):
    register(chip, flash.KEYR, 0x45670123)
    register(chip, flash.KEYR, 0xCDEF89AB)


def program(chip, offset, value):
    register(chip, flash.CR, flash.CR_PG)
    chip.machine.bus.write(FLASH_BASE + offset, 4, value & 0xFFFFFFFF)
    chip.machine.bus.write(FLASH_BASE + offset + 4, 4, value >> 32)
    register(chip, flash.CR, 0)


def double_word(chip, offset):
    return int.from_bytes(chip.array[offset : offset + 8], "little")


ERASED = (1 << 64) - 1


def test_nothing_is_programmed_before_the_keys(chip):
    chip.machine.bus.write(FLASH_BASE, 4, 0)
    assert double_word(chip, 0) == ERASED
    assert register(chip, flash.SR) & flash.SR_PGSERR


def test_a_wrong_key_locks_until_the_next_reset(chip):
    register(chip, flash.KEYR, 1)
    unlock(chip)
    assert register(chip, flash.CR) & flash.CR_LOCK


def test_a_double_word_is_programmed_by_its_second_half(chip):
    unlock(chip)
    register(chip, flash.CR, flash.CR_PG)
    chip.machine.bus.write(FLASH_BASE, 4, 0x11111111)
    assert double_word(chip, 0) == ERASED
    chip.machine.bus.write(FLASH_BASE + 4, 4, 0x22222222)
    assert double_word(chip, 0) == 0x2222222211111111
    assert register(chip, flash.SR) & flash.SR_BSY
    assert not register(chip, flash.SR) & flash.SR_BSY


@pytest.mark.parametrize(
    ("writes", "error"),
    [
        ([(0, 2)], flash.SR_SIZERR),
        ([(4, 4)], flash.SR_PGAERR),
        ([(0, 4), (12, 4)], flash.SR_PGAERR),
        ([(0, 4), (8, 4)], flash.SR_PGAERR),
    ],
    ids=["halfword", "second half alone", "halves of two", "next first half"],
)
def test_a_write_that_is_no_whole_double_word_is_an_error_and_changes_nothing(chip, writes, error):
    unlock(chip)
    register(chip, flash.CR, flash.CR_PG)
    for offset, size in writes:
        chip.machine.bus.write(FLASH_BASE + offset, size, 0)
    assert register(chip, flash.SR) & error
    assert all(double_word(chip, at) == ERASED for at in (0, 8))


def test_a_double_word_that_is_not_erased_takes_nothing_but_zeros(chip):
    unlock(chip)
    program(chip, 8, 0x1234)
    program(chip, 8, 0x0234)
    assert register(chip, flash.SR) & flash.SR_PROGERR
    assert double_word(chip, 8) == 0x1234
    register(chip, flash.SR, flash.SR_PROGERR)
    program(chip, 8, 0)
    assert (double_word(chip, 8), register(chip, flash.SR) & ~flash.SR_BSY) == (0, 0)


def test_an_error_that_was_not_cleared_stops_the_next_operation(chip):
    unlock(chip)
    program(chip, 0, 1)
    program(chip, 0, 2)
    program(chip, 8, 3)
    assert double_word(chip, 8) == ERASED
    assert register(chip, flash.SR) & flash.SR_PGSERR


@pytest.mark.parametrize(("bank", "page"), [(0, 0), (0, 7), (1, 0), (1, 255)])
def test_a_page_erase_clears_that_page_alone(chip, bank, page):
    size = PAGE_BYTES[type(chip).__module__.rpartition(".")[2]]
    assert chip.part.page_bytes == size
    unlock(chip)
    start = bank * len(chip.array) // 2 + page * size
    inside = (start, start + size - 8)
    outside = [at for at in (start - 8, start + size) if 0 <= at < len(chip.array)]
    for at in (*inside, *outside):
        program(chip, at, 0)
    control = flash.CR_PER | page << 3 | bank * flash.CR_BKER
    register(chip, flash.CR, control)
    register(chip, flash.CR, control | flash.CR_STRT)
    assert all(double_word(chip, at) == ERASED for at in inside)
    assert all(double_word(chip, at) == 0 for at in outside)


@pytest.mark.parametrize(
    ("bits", "left"), [(flash.CR_MER1, (1,)), (flash.CR_MER2, (0,)), (flash.CR_MER1 | flash.CR_MER2, ())]
)
def test_a_mass_erase_clears_the_banks_that_it_names(chip, bits, left):
    unlock(chip)
    half = len(chip.array) // 2
    for bank in (0, 1):
        program(chip, bank * half, 0)
    register(chip, flash.CR, bits | flash.CR_STRT)
    assert [bank for bank in (0, 1) if double_word(chip, bank * half) == 0] == list(left)


def call(chip, algorithm, entry, *arguments):
    """Run a function of a flash algorithm on the core, as a debugger does; its result."""
    machine, debug = chip.machine, chip.machine.debug
    code = b"".join(word.to_bytes(4, "little") for word in algorithm["instructions"])
    assert machine.bus.write_block(algorithm["load_address"], code)
    debug.write(0xDF0, 0xA05F0003)
    registers = dict(enumerate(arguments)) | {9: algorithm["static_base"], 13: algorithm["begin_stack"]}
    for number, value in {**registers, 14: algorithm["load_address"] | 1, 16: 1 << 24, 15: algorithm[entry]}.items():
        debug._write_register(number, value)
    debug.write(0xDF0, 0xA05F0001)
    for _ in range(1000):
        if debug.halted:
            return debug._read_register(0)
        machine.run(100_000)
    raise AssertionError("it does not return")


def erased_pages(chip, algorithm, address):
    """The offsets of the 2 KB blocks that an erase of the sector at ``address`` clears."""
    chip.array[:] = bytes(len(chip.array))
    chip.reset("power")
    assert call(chip, algorithm, "pc_init", FLASH_BASE, 0, 1) == 0
    call(chip, algorithm, "pc_erase_sector", address)
    return [at for at in range(0, len(chip.array), 2048) if chip.array[at : at + 2048] == b"\xff" * 2048]


def test_the_l475_algorithm_of_pyocd_erases_the_wrong_page_of_an_l4r9_and_ours_the_right_one():
    _target, chip = soc.build("stm32l4r9zi", "pages")
    assert erased_pages(chip, L475_ALGORITHM, FLASH_BASE + 0x1000) == [0x2000, 0x2800]
    assert erased_pages(chip, _stm32l4_algorithm.ALGORITHM, FLASH_BASE + 0x1000) == [0x1000, 0x1800]


def test_our_algorithm_finds_the_second_bank(chip):
    half = len(chip.array) // 2
    blocks = erased_pages(chip, _stm32l4_algorithm.ALGORITHM, FLASH_BASE + half)
    assert blocks == list(range(half, half + chip.part.page_bytes, 2048))


def test_our_algorithm_refuses_an_l4r9_with_one_bank():
    _target, chip = soc.build("stm32l4r9zi", "single")
    chip.flash.regs[flash.OPTR] &= ~(1 << 22)
    assert call(chip, _stm32l4_algorithm.ALGORITHM, "pc_init", FLASH_BASE, 0, 1) == 1


def test_our_algorithm_reports_a_double_word_that_cannot_be_programmed(chip):
    algorithm = _stm32l4_algorithm.ALGORITHM
    chip.array[8:16] = bytes(7) + b"\x01"
    assert call(chip, algorithm, "pc_init", FLASH_BASE, 0, 2) == 0
    buffer = algorithm["page_buffers"][0]
    chip.ram[buffer - 0x20000000 : buffer - 0x20000000 + 16] = bytes(range(1, 17))
    assert call(chip, algorithm, "pc_program_page", FLASH_BASE, 16, buffer) == 1
    assert bytes(chip.array[:8]) == bytes(range(1, 9))


def test_the_algorithm_that_is_shipped_is_what_its_source_compiles_to():
    folder = shipped("firmware") / "flashalgo"
    spec = importlib.util.spec_from_file_location("flashalgo_build", folder / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    words, functions = build.compiled(folder / "stm32l4.c")
    shipped_now = _stm32l4_algorithm.ALGORITHM
    assert words == shipped_now["instructions"]
    assert functions == {key: shipped_now[key] for key in functions}


def test_the_empty_flag_is_of_power_on_and_a_written_one_toggles_it():
    _target, chip = soc.build("stm32l4r9zi", "empty")
    status = chip.flash
    chip.reset("power")
    assert status.get(flash.SR) & flash.SR_PEMPTY
    chip.array[0:4] = b"\0\0\0\x20"
    chip.reset("pin")
    assert status.get(flash.SR) & flash.SR_PEMPTY, "a reset does not look again"
    status.set(flash.SR, flash.SR_PEMPTY)
    assert not status.get(flash.SR) & flash.SR_PEMPTY
    status.set(flash.SR, flash.SR_PEMPTY)
    assert status.get(flash.SR) & flash.SR_PEMPTY
    chip.reset("power")
    assert not status.get(flash.SR) & flash.SR_PEMPTY


def test_a_chip_without_the_check_has_no_such_flag():
    _target, chip = soc.build("stm32l476rg", "empty")
    chip.reset("power")
    chip.flash.set(flash.SR, flash.SR_PEMPTY)
    assert not chip.flash.get(flash.SR) & flash.SR_PEMPTY

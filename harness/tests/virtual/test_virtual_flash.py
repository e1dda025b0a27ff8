import pytest

from harness.virtual.periph import flash
from harness.virtual.soc.stm32f446re import FLASH_BASE, Stm32F446

CONTROLLER = 0x40023C00
WORD = 2 << 8


@pytest.fixture
def bus():
    return Stm32F446("flash").machine.bus


def register(bus, offset, value=None):
    if value is None:
        return bus.read(CONTROLLER + offset, 4)
    return bus.write(CONTROLLER + offset, 4, value)


def unlock(bus):
    register(bus, flash.KEYR, 0x45670123)
    register(bus, flash.KEYR, 0xCDEF89AB)


def test_a_locked_controller_ignores_programming_and_flags_it(bus):
    bus.write(FLASH_BASE, 4, 0)
    assert bus.read(FLASH_BASE, 4) == 0xFFFFFFFF
    assert register(bus, flash.SR) & flash.SR_PGSERR


def test_the_keys_unlock_and_lock_locks_again(bus):
    assert register(bus, flash.CR) & flash.CR_LOCK
    unlock(bus)
    assert not register(bus, flash.CR) & flash.CR_LOCK
    register(bus, flash.CR, flash.CR_LOCK)
    assert register(bus, flash.CR) & flash.CR_LOCK


def test_a_wrong_key_locks_until_the_next_reset(bus):
    register(bus, flash.KEYR, 0xDEADBEEF)
    unlock(bus)
    assert register(bus, flash.CR) & flash.CR_LOCK


def test_programming_makes_the_controller_busy_once(bus):
    unlock(bus)
    register(bus, flash.CR, flash.CR_PG | WORD)
    bus.write(FLASH_BASE, 4, 0x12345678)
    assert register(bus, flash.SR) & flash.SR_BSY
    assert not register(bus, flash.SR) & flash.SR_BSY
    assert bus.read(FLASH_BASE, 4) == 0x12345678
    assert bus.read(0, 4) == 0x12345678


def test_programming_without_erasing_can_only_clear_bits(bus):
    unlock(bus)
    register(bus, flash.CR, flash.CR_PG | WORD)
    bus.write(FLASH_BASE, 4, 0xFFFF00FF)
    bus.write(FLASH_BASE, 4, 0x00FFFFFF)
    assert bus.read(FLASH_BASE, 4) == 0x00FF00FF


def test_a_write_of_another_width_than_psize_is_refused(bus):
    unlock(bus)
    register(bus, flash.CR, flash.CR_PG | WORD)
    bus.write(FLASH_BASE, 1, 0)
    assert register(bus, flash.SR) & flash.SR_PGPERR
    assert bus.read(FLASH_BASE, 4) == 0xFFFFFFFF
    register(bus, flash.SR, flash.SR_PGPERR)
    assert not register(bus, flash.SR) & flash.SR_PGPERR


@pytest.mark.parametrize(("sector", "start", "size"), [(0, 0, 0x4000), (4, 0x10000, 0x10000), (7, 0x60000, 0x20000)])
def test_a_sector_erase_clears_that_sector_alone(bus, sector, start, size):
    unlock(bus)
    register(bus, flash.CR, flash.CR_PG | WORD)
    inside, before, behind = start + size - 4, start - 4, start + size
    outside = [a for a in (before, behind) if 0 <= a < 0x80000]
    for offset in (inside, *outside):
        bus.write(FLASH_BASE + offset, 4, 0)
    register(bus, flash.CR, flash.CR_SER | sector << 3)
    register(bus, flash.CR, flash.CR_SER | sector << 3 | flash.CR_STRT)
    assert bus.read(FLASH_BASE + inside, 4) == 0xFFFFFFFF
    assert all(bus.read(FLASH_BASE + offset, 4) == 0 for offset in outside)


def test_a_mass_erase_clears_everything(bus):
    unlock(bus)
    register(bus, flash.CR, flash.CR_PG | WORD)
    for offset in (0, 0x7FFFC):
        bus.write(FLASH_BASE + offset, 4, 0)
    register(bus, flash.CR, flash.CR_MER | flash.CR_STRT)
    assert bus.read(FLASH_BASE, 4) == bus.read(FLASH_BASE + 0x7FFFC, 4) == 0xFFFFFFFF


def test_a_write_protected_sector_keeps_its_content(bus):
    register(bus, flash.OPTKEYR, 0x08192A3B)
    register(bus, flash.OPTKEYR, 0x4C5D6E7F)
    register(bus, flash.OPTCR, 0x0FFEAAEC)
    unlock(bus)
    register(bus, flash.CR, flash.CR_PG | WORD)
    bus.write(FLASH_BASE, 4, 0)
    assert bus.read(FLASH_BASE, 4) == 0xFFFFFFFF
    assert register(bus, flash.SR) & flash.SR_WRPERR

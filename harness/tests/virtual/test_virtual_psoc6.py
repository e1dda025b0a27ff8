"""What is particular to the PSoC 6: two cores, system calls, the SCB."""

import struct

import pytest

from harness.virtual.periph import scb
from harness.virtual.soc.cy8c624a import FLASH_BASE, RAM_BASE, SCB5, Cy8c624a

IPC, CPUSS, SRSS, PERI = 0x40220000, 0x40200000, 0x40260000, 0x40000000
POWER, VECTORS = CPUSS + 0x1200, CPUSS + 0x200
PARAMETERS = RAM_BASE + 0x1000


@pytest.fixture
def chip():
    chip = Cy8c624a("test")
    chip.reset("power")
    return chip


def write(chip, address, value):
    chip.machine.bus.write(address, 4, value)


def read(chip, address):
    return chip.machine.bus.read(address, 4)


# -- who it is ----------------------------------------------------------------------------------------------------


def test_each_unit_has_a_die_of_its_own_where_infineons_library_reads_it(chip):
    # SFLASH.DIE_LOT to DIE_YEAR, 0x600 to 0x60A (mtb-pdl-cat1, cyip_sflash_psoc6_02.h, Cy_SysLib_GetUniqueId).
    def die(unit):
        return bytes(unit.machine.bus.read(0x16000600 + i, 1) for i in range(11))

    assert die(chip) == die(Cy8c624a("test"))
    assert len({die(Cy8c624a(f"unit {i}")) for i in range(100)}) == 100
    lot, (wafer, _x, _y, _sort, _minor, day, month, year) = die(chip)[:3], die(chip)[3:]
    assert any(lot)
    assert (wafer in range(1, 26), day in range(1, 32), month in range(1, 13), year < 100) == (True,) * 4
    assert read(chip, 0x16000600) == int.from_bytes(die(chip)[:4], "little")


# -- time -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "hz"), [(0, 32_768), (1 << 24, 8_000_000)])
def test_systick_counts_the_reference_clock_that_was_chosen_whatever_the_cores(chip, source, hz):
    clock = chip.machine.clock
    clock.hz = 100_000_000
    write(chip, CPUSS + 0x1600, source)
    write(chip, 0xE000E014, 0xFFFFFF)
    write(chip, 0xE000E018, 0)
    write(chip, 0xE000E010, 1)
    before = read(chip, 0xE000E018) or 0x1000000
    clock.advance(clock.hz // 10)
    assert before - read(chip, 0xE000E018) == pytest.approx(hz / 10, rel=0.05)


# -- two cores ----------------------------------------------------------------------------------------------------


def with_programs(chip):
    """CM0+: release the CM4 at its vectors, then sleep. CM4: count in r0."""
    thumb = bytes.fromhex("0348044901600448044901 6030bffde7".replace(" ", ""))  # as board.c has it, for these literals
    cm0 = struct.pack("<II", RAM_BASE + 0x2000, FLASH_BASE + 9) + thumb
    cm0 += bytes(-len(cm0) % 4) + struct.pack("<IIII", VECTORS, FLASH_BASE + 0x400, POWER, 0x05FA0003)
    chip.array[: len(cm0)] = cm0
    cm4 = struct.pack("<II", RAM_BASE + 0x4000, FLASH_BASE + 0x409) + bytes.fromhex("00200130fde7")
    chip.array[0x400 : 0x400 + len(cm4)] = cm4


def test_only_the_cm0_starts_and_sleeps_in_rom_when_flash_is_blank(chip):
    chip.cm0.run(1000)
    assert chip.machine.stopped
    assert chip.cm0.sleeping
    assert chip.cm0.core.pc < 0x20000


def test_the_cm0_releases_the_cm4_at_the_vectors_that_it_set(chip):
    with_programs(chip)
    chip.reset("power")
    chip.cm0.run(1000)
    assert chip.cm0.exceptions.vtor == FLASH_BASE
    assert not chip.machine.stopped
    chip.machine.run(1000)
    assert chip.machine.exceptions.vtor == FLASH_BASE + 0x400
    assert FLASH_BASE + 0x408 < chip.machine.core.pc < FLASH_BASE + 0x410


def test_a_reset_asked_for_by_the_cm4_begins_with_the_cm0_again(chip):
    with_programs(chip)
    chip.reset("power")
    chip.cm0.run(1000)
    write(chip, 0xE000ED0C, 0x05FA0004)
    assert chip.machine.stopped
    assert read(chip, SRSS + 0x800) == 1 << 4
    chip.cm0.run(1000)
    assert not chip.machine.stopped


def test_power_control_without_its_key_is_ignored(chip):
    write(chip, POWER, 0x00000003)
    assert chip.machine.stopped
    assert read(chip, POWER) == 0xFA050001


def test_the_identity_register_names_the_asker(chip):
    assert chip.cm0.bus.read(CPUSS, 4) >> 8 & 15 == 0
    assert chip.machine.bus.read(CPUSS, 4) >> 8 & 15 == 14


# -- system calls -------------------------------------------------------------------------------------------------


def system_call(chip, *words):
    """Through channel 0; the result that is left in place of the call."""
    for i, word in enumerate(words):
        write(chip, PARAMETERS + 4 * i, word)
    assert read(chip, IPC) >> 31, "the channel is not free"
    write(chip, IPC + 0xC, PARAMETERS)
    write(chip, IPC + 8, 1)
    assert not read(chip, IPC + 0x1C), "the channel was not released"
    return read(chip, PARAMETERS)


def test_a_row_is_programmed_and_erased_to_zeros(chip):
    chip.ram[0x2000:0x2200] = bytes(range(256)) * 2
    assert system_call(chip, 0x06000100, 0x106, FLASH_BASE + 0x600, RAM_BASE + 0x2000) == 0xA0000000
    assert chip.array[0x600:0x800] == bytes(range(256)) * 2
    assert not any(chip.array[0x400:0x600])
    assert not any(chip.array[0x800:0xA00])
    assert system_call(chip, 0x1C000100, FLASH_BASE + 0x600) == 0xA0000000
    assert not any(chip.array[0x600:0x800])


def test_programming_without_erasing_can_only_set_bits(chip):
    for value in (0x0F, 0x30):
        chip.ram[0x2000:0x2200] = bytes([value]) * 512
        system_call(chip, 0x06000100, 0x106, FLASH_BASE, RAM_BASE + 0x2000)
    assert chip.array[0] == 0x3F


def test_erase_all_leaves_the_other_flashes(chip):
    chip.array[0] = chip.work[0] = 1
    assert system_call(chip, 0x0A000100) == 0xA0000000
    assert (chip.array[0], chip.work[0]) == (0, 1)


@pytest.mark.parametrize(
    "words", [(0x1C000100, 0x20000000), (0x06000100, 0x106, FLASH_BASE, 0x60000000), (0x77000100,)]
)
def test_a_call_that_cannot_be_carried_out_says_so(chip, words):
    assert system_call(chip, *words) >> 28 == 0xF


def test_a_channel_is_held_by_one_until_it_is_released(chip):
    assert read(chip, IPC + 0x60) >> 31
    assert not read(chip, IPC + 0x60) >> 31
    write(chip, IPC + 0x64, 0)
    assert read(chip, IPC + 0x60) >> 31


def test_stores_to_flash_change_nothing(chip):
    write(chip, FLASH_BASE, 0x12345678)
    assert read(chip, FLASH_BASE) == 0


# -- clocks and the watchdog's lock -------------------------------------------------------------------------------


def test_the_fll_drives_the_cores_only_when_it_is_on_and_chosen(chip):
    write(chip, SRSS + 0x530, 1 << 24 | 500)
    write(chip, SRSS + 0x534, 20)
    write(chip, SRSS + 0x538, 2 << 28)
    write(chip, SRSS + 0x53C, 1 << 31)
    assert read(chip, SRSS + 0x540) == 4
    write(chip, SRSS + 0x530, 1 << 31 | 1 << 24 | 500)
    assert (read(chip, SRSS + 0x540), chip.machine.clock.hz) == (5, 8_000_000)
    write(chip, SRSS + 0x538, 3 << 28)
    assert chip.machine.clock.hz == chip.cm0.clock.hz == 100_000_000


def test_the_watchdog_can_be_switched_off_only_after_both_steps_of_its_unlock(chip):
    control = SRSS + 0x180
    write(chip, control, 0)
    assert read(chip, control) & 1
    write(chip, control, 1 << 30 | 1)
    write(chip, control, 0)
    assert read(chip, control) & 1
    write(chip, control, 2 << 30 | 1)
    write(chip, control, 0)
    assert not read(chip, control) & 1


# -- SCB ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def uart(chip):
    """SCB5 at 8 MHz / 10 / 8 = 100 000 bits per second, pins switched."""
    write(chip, PERI + 0x1400, 9 << 8)
    write(chip, PERI + 0x400, 1 << 31 | 1 << 8)
    write(chip, PERI + 0xC14, 1 << 8)
    write(chip, 0x40300050, 18 << 8 | 18)
    write(chip, 0x403102C4, 0x68)
    for offset, value in ((scb.TX_CTRL, 7), (scb.RX_CTRL, 7), (scb.UART_TX_CTRL, 1), (scb.UART_RX_CTRL, 1)):
        write(chip, SCB5 + offset, value)
    write(chip, SCB5, scb.ENABLED | 2 << 24 | 7)
    return chip.serial


def arrive(chip, bytes_late):
    """Let the time of so many bytes pass on the line."""
    for _ in range(bytes_late):
        chip.machine.clock.advance(800)
        chip.machine.clock.fire_due()


def test_the_baud_rate_comes_from_divider_and_oversampling(chip, uart):
    assert uart.baud == 100_000
    write(chip, PERI + 0x400, 1 << 30 | 1 << 8)
    uart.clock_changed()
    assert uart.baud == 0


def test_received_bytes_fill_the_fifo_and_ask_for_an_interrupt(chip, uart):
    write(chip, SCB5 + scb.INTR_RX_MASK, scb.NOT_EMPTY)
    uart.receive(b"abc")
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == 0
    arrive(chip, 3)
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == 3
    assert read(chip, SCB5 + scb.INTR_CAUSE) == scb.CAUSE_RX
    assert chip.machine.exceptions.levels >> (16 + 44) & 1
    assert bytes(read(chip, SCB5 + scb.RX_FIFO_RD) for _ in range(3)) == b"abc"
    assert not chip.machine.exceptions.levels >> (16 + 44) & 1
    assert not read(chip, SCB5 + scb.INTR_RX) & scb.NOT_EMPTY


def test_an_empty_fifo_read_underflows_and_is_told_until_cleared(chip, uart):
    read(chip, SCB5 + scb.RX_FIFO_RD)
    assert read(chip, SCB5 + scb.INTR_RX) & scb.UNDERFLOW
    write(chip, SCB5 + scb.INTR_RX, scb.UNDERFLOW)
    assert not read(chip, SCB5 + scb.INTR_RX) & scb.UNDERFLOW


def test_a_fifo_that_nobody_reads_overflows_and_keeps_the_oldest(chip, uart):
    uart.receive(bytes(200))
    uart.receive(b"\xff")
    arrive(chip, 240)
    assert read(chip, SCB5 + scb.INTR_RX) & scb.OVERFLOW
    assert uart.waiting < 200


def test_the_transmit_fifo_takes_128_bytes_and_then_says_full(chip, uart):
    sent = bytearray()
    uart.transmit = sent.append
    assert read(chip, SCB5 + scb.INTR_TX) & (scb.EMPTY | scb.NOT_FULL) == scb.EMPTY | scb.NOT_FULL
    for i in range(129):
        write(chip, SCB5 + scb.TX_FIFO_WR, i)
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.NOT_FULL
    assert read(chip, SCB5 + scb.TX_FIFO_STATUS) == 128 | scb.SR_VALID
    chip.machine.clock.advance(200 * 800)
    chip.machine.clock.fire_due()
    assert read(chip, SCB5 + scb.INTR_TX) & (scb.EMPTY | scb.NOT_FULL | scb.DONE) == scb.EMPTY | scb.NOT_FULL | scb.DONE
    assert bytes(sent) == bytes(range(129))


def test_room_is_never_promised_while_the_fifo_has_none(chip, uart):
    # Else a handler that comes for NOT_FULL and finds no room comes again, without end: 260 000 times in a second.
    for i in range(130):
        wanted = read(chip, SCB5 + scb.INTR_TX) & scb.NOT_FULL
        assert bool(wanted) is (read(chip, SCB5 + scb.TX_FIFO_STATUS) & 0x1FF < 128), i
        write(chip, SCB5 + scb.TX_FIFO_WR, i)


def test_a_byte_in_the_shift_register_is_in_no_fifo_entry_and_still_told(chip, uart):
    write(chip, SCB5 + scb.TX_FIFO_WR, 1)
    assert read(chip, SCB5 + scb.TX_FIFO_STATUS) == scb.SR_VALID
    write(chip, SCB5 + scb.TX_FIFO_WR, 2)
    assert read(chip, SCB5 + scb.TX_FIFO_STATUS) == 1 | scb.SR_VALID


def test_the_end_of_transmission_cannot_be_acknowledged_before_it_came(chip, uart):
    write(chip, SCB5 + scb.TX_FIFO_WR, 1)
    write(chip, SCB5 + scb.INTR_TX, scb.DONE)
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.DONE
    arrive(chip, 2)
    assert read(chip, SCB5 + scb.INTR_TX) & scb.DONE
    write(chip, SCB5 + scb.INTR_TX, scb.DONE)
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.DONE


def test_pins_that_are_not_switched_carry_nothing(chip, uart):
    write(chip, 0x40300050, 0)
    uart.receive(b"nobody hears")
    arrive(chip, 20)
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == 0

"""What is particular to the PSoC 6: two cores, system calls, the SCB."""

import struct

import pytest

from harness.virtual.periph import scb
from harness.virtual.soc.cy8c624a import FLASH_BASE, RAM_BASE, SCB5, Cy8c624a

IPC, CPUSS, SRSS, PERI = 0x40220000, 0x40200000, 0x40260000, 0x40000000
FLASH_CTL = 0x40240000
FLL_CONFIG, FLL_CONFIG2, FLL_CONFIG3, FLL_CONFIG4, FLL_STATUS = (SRSS + 0x580 + 4 * i for i in range(5))
ROOT, IPC_MASK = SRSS + 0x380, IPC + 0x1008
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


def ask(chip, *words, channel=1):
    """Leave a system call in a channel and notify the CM0+ of it."""
    for i, word in enumerate(words):
        write(chip, PARAMETERS + 4 * i, word)
    assert read(chip, IPC + 0x20 * channel) >> 31, "the channel is not free"
    write(chip, IPC + 0x20 * channel + 0xC, PARAMETERS)
    write(chip, IPC + 0x20 * channel + 8, 1)


def system_call(chip, *words):
    """Through channel 1; the result that is left in place of the call."""
    ask(chip, *words)
    chip.cm0.run(1000)
    assert not read(chip, IPC + 0x20 + 0x1C), "the channel was not released"
    return read(chip, PARAMETERS)


ERASE_ROW_0 = 0x1C000100, FLASH_BASE


def with_vectors(chip, nmi):
    """An image for the CM0+ with that NMI vector, running; its program sleeps."""
    chip.array[0:16] = struct.pack("<IIII", RAM_BASE + 0x2000, FLASH_BASE + 0x101, nmi, FLASH_BASE + 0x105)
    chip.array[0x100:0x108] = bytes.fromhex("30bffde7fee7fee7")  # wfi; b . - 2 and, for faults, b .
    chip.reset("power")
    chip.cm0.run(1000)
    assert chip.cm0.exceptions.vtor == FLASH_BASE


def test_a_system_call_runs_when_the_vector_table_in_force_has_the_roms_handler(chip):
    with_vectors(chip, 0x0000000D)
    chip.array[0x1FF] = 1
    assert system_call(chip, *ERASE_ROW_0) == 0xA0000000
    assert chip.array[0x1FF] == 0


def test_an_image_with_another_nmi_handler_lets_no_system_call_through(chip):
    with_vectors(chip, FLASH_BASE + 0x105)
    ask(chip, *ERASE_ROW_0)
    chip.cm0.run(1000)
    assert read(chip, IPC + 0x20 + 0x1C) >> 31, "the call was carried out"
    assert read(chip, PARAMETERS) == ERASE_ROW_0[0]
    assert chip.array[0:4] != bytes(4)


def test_the_roms_vectors_in_force_let_it_through_whatever_the_image_has(chip):
    with_vectors(chip, FLASH_BASE + 0x105)
    chip.cm0.bus.write(0xE000ED08, 4, 0)
    assert system_call(chip, *ERASE_ROW_0) == 0xA0000000


def test_a_system_call_is_an_interrupt_that_has_to_be_enabled(chip):
    mask = read(chip, IPC_MASK)
    write(chip, IPC_MASK, 0)
    ask(chip, *ERASE_ROW_0)
    chip.cm0.run(1000)
    assert read(chip, IPC + 0x20 + 0x1C) >> 31
    write(chip, IPC_MASK, mask)
    chip.cm0.run(1000)
    assert read(chip, PARAMETERS) == 0xA0000000
    ask(chip, *ERASE_ROW_0, channel=2)  # the debugger's: its flash algorithm lets it in itself
    chip.cm0.run(1000)
    assert read(chip, IPC + 0x40 + 0x1C) >> 31


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


def fll_off(chip):
    write(chip, FLL_CONFIG3, 2 << 28)
    write(chip, FLL_CONFIG, 1 << 24)
    write(chip, FLL_CONFIG4, 0xFF)
    write(chip, ROOT, 0)


def wait(chip, us=100):
    """Let time pass for what needs it."""
    chip.machine.clock.advance(int(us * 1e-6 * chip.machine.clock.hz) + 1)


def fll_set(chip, *, cco_range=4):
    write(chip, FLASH_CTL, 3)
    write(chip, FLL_CONFIG, 1 << 24 | 500)
    write(chip, FLL_CONFIG2, 20)
    write(chip, FLL_CONFIG3, 2 << 28)
    write(chip, FLL_CONFIG4, 1 << 31 | 355 << 16 | cco_range << 8 | 0xFF)
    wait(chip)


def fll_on(chip):
    write(chip, FLL_CONFIG, read(chip, FLL_CONFIG) | 1 << 31)
    wait(chip)
    write(chip, FLL_CONFIG3, 3 << 28)


def test_the_fll_drives_the_cores_only_when_it_is_on_and_chosen(chip):
    fll_off(chip)
    fll_set(chip)
    assert (read(chip, FLL_STATUS), chip.machine.clock.hz) == (4, 8_000_000)
    write(chip, FLL_CONFIG, 1 << 31 | 1 << 24 | 500)
    assert (read(chip, FLL_STATUS), chip.machine.clock.hz) == (4, 8_000_000), "it takes time to lock"
    wait(chip)
    assert (read(chip, FLL_STATUS), chip.machine.clock.hz) == (5, 8_000_000)
    write(chip, FLL_CONFIG3, 3 << 28)
    assert chip.machine.clock.hz == chip.cm0.clock.hz == 100_000_000


@pytest.mark.parametrize(("wait_states", "says"), [(3, ""), (2, "2 wait states at 100 MHz, 3 are needed")])
def test_flash_is_read_with_the_wait_states_that_the_clock_needs(chip, wait_states, says):
    fll_off(chip)
    fll_set(chip)
    write(chip, FLASH_CTL, wait_states)
    fll_on(chip)
    refused = " ".join(chip.machine.noticed.refusals)
    assert says in refused if says else refused == ""


def test_an_fll_that_has_not_locked_yet_is_not_taken_as_the_clock(chip):
    fll_off(chip)
    fll_set(chip)
    write(chip, FLL_CONFIG, 1 << 31 | 1 << 24 | 500)
    write(chip, FLL_CONFIG3, 3 << 28)
    assert "an FLL that is off or not locked" in " ".join(chip.machine.noticed.refusals)


def test_the_old_places_of_the_fll_switch_nothing(chip):
    # 0x530 to 0x540 are the status of a crystal and the configuration of the PILO.
    fll_off(chip)
    for i, value in enumerate((1 << 31 | 1 << 24 | 500, 20, 3 << 28, 1 << 31)):
        write(chip, SRSS + 0x530 + 4 * i, value)
    assert read(chip, FLL_STATUS) == 0
    assert chip.machine.clock.hz == 8_000_000


def test_the_boot_code_leaves_the_fll_on_and_the_root_divided(chip):
    assert chip.machine.clock.hz == 50_000_000
    assert read(chip, FLL_CONFIG) >> 31
    assert read(chip, ROOT) >> 4 & 3 == 1


@pytest.mark.parametrize("cause", ["pin", "software", "watchdog"])
def test_fll_and_root_divider_outlive_a_reset_but_not_power(chip, cause):
    fll_off(chip)
    write(chip, ROOT, 2 << 4)
    chip.reset(cause)
    assert read(chip, FLL_CONFIG) == 1 << 24
    assert chip.machine.clock.hz == 2_000_000
    chip.reset("power")
    assert chip.machine.clock.hz == 50_000_000


def test_an_fll_set_anew_while_it_is_on_is_lost_until_it_is_switched_off(chip):
    write(chip, FLL_CONFIG2, 40)
    assert not read(chip, FLL_STATUS) & 1
    write(chip, FLL_CONFIG2, 20)
    assert not read(chip, FLL_STATUS) & 1
    fll_off(chip)
    fll_set(chip)
    fll_on(chip)
    assert chip.machine.clock.hz == 100_000_000


def test_the_fll_does_not_lock_outside_the_range_that_was_chosen(chip):
    fll_off(chip)
    fll_set(chip, cco_range=2)
    fll_on(chip)
    assert not read(chip, FLL_STATUS) & 1


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
    """SCB5 at 8 MHz / 10 / 8 = 100 000 bits per second in byte mode, pins switched."""
    fll_off(chip)
    write(chip, PERI + 0x1400, 9 << 8)
    write(chip, PERI + 0x400, 1 << 31 | 1 << 8)
    write(chip, PERI + 0xC14, 1 << 8)
    write(chip, 0x40300050, 18 << 8 | 18)
    write(chip, 0x403102C4, 0x68)
    for offset, value in ((scb.TX_CTRL, 7), (scb.RX_CTRL, 7), (scb.UART_TX_CTRL, 1), (scb.UART_RX_CTRL, 1)):
        write(chip, SCB5 + offset, value)
    write(chip, SCB5, scb.CTRL_ENABLED | 1 << 11 | 2 << 24 | 7)
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
    write(chip, SCB5 + scb.INTR_RX_MASK, scb.INTR_RX_NOT_EMPTY)
    uart.receive(b"abc")
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == 0
    arrive(chip, 3)
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == 3
    assert read(chip, SCB5 + scb.INTR_CAUSE) == scb.INTR_CAUSE_RX
    assert chip.machine.exceptions.levels >> (16 + 44) & 1
    assert bytes(read(chip, SCB5 + scb.RX_FIFO_RD) for _ in range(3)) == b"abc"
    assert not chip.machine.exceptions.levels >> (16 + 44) & 1
    assert not read(chip, SCB5 + scb.INTR_RX) & scb.INTR_RX_NOT_EMPTY


def test_an_empty_fifo_read_underflows_and_is_told_until_cleared(chip, uart):
    read(chip, SCB5 + scb.RX_FIFO_RD)
    assert read(chip, SCB5 + scb.INTR_RX) & scb.INTR_RX_UNDERFLOW
    write(chip, SCB5 + scb.INTR_RX, scb.INTR_RX_UNDERFLOW)
    assert not read(chip, SCB5 + scb.INTR_RX) & scb.INTR_RX_UNDERFLOW


def test_a_fifo_that_nobody_reads_overflows_and_keeps_the_oldest(chip, uart):
    uart.receive(bytes(200))
    uart.receive(b"\xff")
    arrive(chip, 240)
    assert read(chip, SCB5 + scb.INTR_RX) & scb.INTR_RX_OVERFLOW
    assert uart.waiting < 200


def byte_mode(chip, on):
    write(chip, SCB5, read(chip, SCB5) & ~(1 << 31 | 1 << 11))
    write(chip, SCB5, read(chip, SCB5) | 1 << 31 | on << 11)


@pytest.mark.parametrize(("mode", "entries"), [(1, 128), (0, 64)])
def test_the_transmit_fifo_takes_as_many_bytes_as_its_mode_has_entries_and_then_says_full(chip, uart, mode, entries):
    byte_mode(chip, mode)
    sent = bytearray()
    uart.transmit = sent.append
    asks = scb.INTR_TX_EMPTY | scb.INTR_TX_NOT_FULL
    assert read(chip, SCB5 + scb.INTR_TX) & asks == asks
    for i in range(entries + 1):
        write(chip, SCB5 + scb.TX_FIFO_WR, i)
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.INTR_TX_NOT_FULL
    assert read(chip, SCB5 + scb.TX_FIFO_STATUS) == entries | scb.TX_FIFO_STATUS_SR_VALID
    chip.machine.clock.advance(200 * 800)
    chip.machine.clock.fire_due()
    asks |= scb.INTR_TX_UART_DONE
    assert read(chip, SCB5 + scb.INTR_TX) & asks == asks
    assert bytes(sent) == bytes(range(entries + 1))


def test_more_than_64_bytes_at_once_are_lost_without_byte_mode(chip, uart):
    sent = bytearray()
    uart.transmit = sent.append
    byte_mode(chip, 0)
    for i in range(128):
        write(chip, SCB5 + scb.TX_FIFO_WR, i)
    assert len(sent) < 70


@pytest.mark.parametrize(("mode", "entries"), [(1, 128), (0, 64)])
def test_the_receive_fifo_keeps_as_many_bytes_as_its_mode_has_entries(chip, uart, mode, entries):
    byte_mode(chip, mode)
    uart.receive(bytes(200))
    arrive(chip, 200)
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == entries
    assert read(chip, SCB5 + scb.INTR_RX) & scb.INTR_RX_OVERFLOW


def test_a_block_that_is_off_asks_for_nothing_and_one_that_sent_nothing_is_not_done(chip, uart):
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.INTR_TX_UART_DONE
    write(chip, SCB5, read(chip, SCB5) & ~(1 << 31))
    assert read(chip, SCB5 + scb.INTR_TX) == 0


def test_room_is_never_promised_while_the_fifo_has_none(chip, uart):
    # Else a handler that comes for NOT_FULL and finds no room comes again, without end: 260 000 times in a second.
    for i in range(130):
        wanted = read(chip, SCB5 + scb.INTR_TX) & scb.INTR_TX_NOT_FULL
        assert bool(wanted) is (read(chip, SCB5 + scb.TX_FIFO_STATUS) & 0x1FF < 128), i
        write(chip, SCB5 + scb.TX_FIFO_WR, i)


def test_a_byte_in_the_shift_register_is_in_no_fifo_entry_and_still_told(chip, uart):
    write(chip, SCB5 + scb.TX_FIFO_WR, 1)
    assert read(chip, SCB5 + scb.TX_FIFO_STATUS) == scb.TX_FIFO_STATUS_SR_VALID
    write(chip, SCB5 + scb.TX_FIFO_WR, 2)
    assert read(chip, SCB5 + scb.TX_FIFO_STATUS) == 1 | scb.TX_FIFO_STATUS_SR_VALID


def test_the_end_of_transmission_cannot_be_acknowledged_before_it_came(chip, uart):
    write(chip, SCB5 + scb.TX_FIFO_WR, 1)
    write(chip, SCB5 + scb.INTR_TX, scb.INTR_TX_UART_DONE)
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.INTR_TX_UART_DONE
    arrive(chip, 2)
    assert read(chip, SCB5 + scb.INTR_TX) & scb.INTR_TX_UART_DONE
    write(chip, SCB5 + scb.INTR_TX, scb.INTR_TX_UART_DONE)
    assert not read(chip, SCB5 + scb.INTR_TX) & scb.INTR_TX_UART_DONE


def test_pins_that_are_not_switched_carry_nothing(chip, uart):
    write(chip, 0x40300050, 0)
    uart.receive(b"nobody hears")
    arrive(chip, 20)
    assert read(chip, SCB5 + scb.RX_FIFO_STATUS) == 0

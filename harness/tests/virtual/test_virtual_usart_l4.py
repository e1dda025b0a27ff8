import pytest

from harness.virtual import soc
from harness.virtual.periph import usart_l4 as u

USART, RCC, GPIOD = 0x40004400, 0x40021000, 0x48000C00
BYTE_TICKS = 10 * 35  # 4 MHz / 35 = 114286 bits per second


@pytest.fixture
def chip():
    """A chip on MSI with USART2 on and its pins switched."""
    _target, chip = soc.build("stm32l4r9zi", "usart")
    chip.reset("power")
    bus = chip.machine.bus
    bus.write(RCC + 0x4C, 4, 1 << 3)
    bus.write(RCC + 0x58, 4, 1 << 17)
    bus.write(GPIOD, 4, 0xFFFFEBFF)
    bus.write(GPIOD + 0x20, 4, 0x07700000)
    put(chip, u.BRR, 35)
    put(chip, u.CR1, u.CR1_UE | u.CR1_RE | u.CR1_TE | u.CR1_RXNEIE)
    return chip


def put(chip, offset, value):
    chip.machine.bus.write(USART + offset, 4, value)


def get(chip, offset):
    return chip.machine.bus.read(USART + offset, 4)


def arrive(chip, n):
    for _ in range(n):
        chip.machine.clock.advance(BYTE_TICKS)
        chip.machine.clock.fire_due()


def requested(chip):
    return bool(chip.machine.exceptions.levels >> (16 + 38) & 1)


def test_a_received_byte_interrupts_until_it_is_read(chip):
    chip.serial.receive(b"A")
    arrive(chip, 1)
    assert requested(chip)
    assert get(chip, u.ISR) & u.RXNE
    assert get(chip, u.RDR) == 0x41
    assert not requested(chip)
    assert not get(chip, u.ISR) & u.RXNE


def test_an_overrun_stays_until_it_is_cleared_by_its_own_register(chip):
    chip.serial.receive(bytes(100))
    arrive(chip, 60)
    assert get(chip, u.ISR) & u.ORE
    get(chip, u.RDR)
    assert get(chip, u.ISR) & u.ORE
    put(chip, u.ICR, u.ORE)
    assert not get(chip, u.ISR) & u.ORE


def test_a_framing_error_is_flagged_and_cleared(chip):
    chip.serial.receive([0x155])
    arrive(chip, 1)
    assert get(chip, u.ISR) & u.FE
    assert get(chip, u.RDR) == 0x55
    put(chip, u.ICR, u.FE)
    assert not get(chip, u.ISR) & u.FE


def test_the_divider_cannot_be_changed_while_the_usart_is_on(chip):
    put(chip, u.BRR, 100)
    assert get(chip, u.BRR) == 35
    put(chip, u.CR1, 0)
    put(chip, u.BRR, 100)
    assert get(chip, u.BRR) == 100


def test_what_is_sent_leaves_and_completion_comes_with_time(chip):
    sent = bytearray()
    chip.serial.transmit = sent.append
    for byte in b"xyz":
        put(chip, u.TDR, byte)
    assert bytes(sent) == b"xyz"
    assert not get(chip, u.ISR) & u.TC
    arrive(chip, 4)
    assert get(chip, u.ISR) & u.TC


@pytest.mark.parametrize(("source", "baud"), [(0, 4_000_000 // 35), (2, 16_000_000 // 35)], ids=["PCLK", "HSI16"])
def test_the_baud_rate_follows_the_kernel_clock(chip, source, baud):
    chip.machine.bus.write(RCC + 0x88, 4, source << 2)
    put(chip, u.CR1, 0)
    put(chip, u.CR1, u.CR1_UE | u.CR1_RE)
    assert chip.serial.baud == pytest.approx(baud, rel=0.04)  # the model's bits are whole core cycles


def test_pins_that_are_not_switched_carry_nothing(chip):
    chip.machine.bus.write(GPIOD, 4, 0xFFFFFFFF)
    chip.serial.receive(b"nobody hears")
    arrive(chip, 20)
    assert not get(chip, u.ISR) & u.RXNE


def test_a_usart_without_its_clock_reads_zero(chip):
    chip.machine.bus.write(RCC + 0x58, 4, 0)
    assert get(chip, u.ISR) == 0

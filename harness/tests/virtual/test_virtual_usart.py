import pytest

from harness.virtual.periph import usart


def settle(lab, ticks=2_000_000):
    end = lab.machine.clock.now() + ticks
    while lab.machine.clock.now() < end:
        if lab.machine.run(100_000) is not None:
            break


@pytest.fixture
def sink(lab):
    """A chip that counts what it receives; ``sent`` collects what it sends."""
    lab.start("sink")
    settle(lab)
    return lab


def counted(lab) -> tuple[int, int, int]:
    import struct

    return struct.unpack_from("<3I", lab.chip.ram, 0x1F000 + 24)


def checksum(data: bytes) -> int:
    total = 0
    for byte in data:
        total = total * 31 + byte & 0xFFFFFFFF
    return total


@pytest.mark.parametrize("length", [1, usart.BURST - 1, usart.BURST, usart.BURST + 1, 5000])
def test_everything_on_the_line_arrives_in_order_and_without_overrun(sink, length):
    data = bytes(i * 7 & 0xFF for i in range(length))
    sink.chip.usart2.receive(data)
    settle(sink, 100_000_000)
    assert counted(sink) == (length, checksum(data), 0)


def test_the_line_keeps_the_time_of_its_baud_rate(sink):
    begin = sink.machine.clock.now()
    sink.chip.usart2.receive(bytes(1600))
    settle(sink, 100_000_000)
    byte_ticks = 139 * 10
    assert 1600 * byte_ticks <= sink.machine.clock.now() - begin <= 1601 * byte_ticks


def test_a_program_that_does_not_read_loses_bytes_and_is_told(sink):
    machine, uart = sink.machine, sink.chip.usart2
    machine.bus.write(0x4000440C, 4, 1 << 13 | 1 << 2)  # receiver on, interrupt off
    uart.receive(bytes(range(100)))
    settle(sink, 10_000_000)
    for _ in range(100):
        machine.clock.advance(16 * 1390)
        machine.clock.fire_due()
    assert machine.bus.read(0x40004400, 4) & usart.ORE
    assert uart.waiting < 84


def test_a_framing_error_is_flagged_until_status_and_data_are_read(sink):
    sink.machine.bus.write(0x4000440C, 4, 1 << 13 | 1 << 2)
    sink.chip.usart2.receive([0x155])
    sink.machine.clock.advance(1390)
    sink.machine.clock.fire_due()
    assert sink.machine.bus.read(0x40004400, 4) & (usart.FE | usart.RXNE) == usart.FE | usart.RXNE
    assert sink.machine.bus.read(0x40004404, 4) == 0x55
    assert not sink.machine.bus.read(0x40004400, 4) & (usart.FE | usart.RXNE)


def test_pins_that_are_not_switched_to_the_uart_carry_nothing(sink):
    sink.machine.bus.write(0x40020000, 4, 0xA8000000)
    sink.chip.usart2.receive(b"nobody hears")
    settle(sink, 10_000_000)
    assert counted(sink)[0] == 0


def test_a_uart_without_its_clock_reads_zero(lab):
    lab.machine.request_reset("power")
    assert lab.machine.bus.read(0x40004400, 4) == 0
    lab.machine.bus.write(0x40023840, 4, 1 << 17)
    assert lab.machine.bus.read(0x40004400, 4) == 0xC0


def test_a_program_that_polls_gets_every_byte_and_idles_in_between(lab):
    sent = bytearray()
    lab.chip.usart2.transmit = sent.append
    lab.start("polled_echo")
    settle(lab)
    before = lab.machine.clock.instructions
    data = bytes(range(256)) * 4
    lab.chip.usart2.receive(data)
    settle(lab, 100_000_000)
    assert bytes(sent) == data
    assert lab.machine.clock.instructions - before < 100 * len(data)

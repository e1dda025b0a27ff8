import os
import socket

import pytest
import serial
from pyocd.flash.file_programmer import FileProgrammer

from harness.virtual.debug.lifetime import Lifetime
from harness.virtual.host.control import Control
from harness.virtual.host.serial_port import SerialPort, garble
from harness.virtual.host.unit import Unit
from harness.virtual.soc.stm32f446re import Stm32F446


@pytest.fixture
def echo(unit, open_probe, image):
    """A unit that echoes, and its port."""
    with open_probe(unit.uid) as session:
        FileProgrammer(session).program(str(image))
        session.target.reset()
    wait_until_listening(unit)
    with serial.Serial(unit.port, 115200, timeout=10) as port:
        yield unit, port


def wait_until_listening(unit):
    with Control(unit.uid) as control:
        for _ in range(10_000):
            if control.state()["sleeping"]:
                return
    raise AssertionError("the test firmware did not get to its main loop")


def exchange(port, data: bytes) -> bytes:
    port.write(data)
    return port.read(len(data))


def test_every_byte_value_comes_back(echo):
    _unit, port = echo
    data = bytes(range(256)) * 3
    assert exchange(port, data) == data


def test_a_long_stream_comes_back_unchanged(echo):
    _unit, port = echo
    data = os.urandom(20_000)
    got = b"".join(exchange(port, data[at : at + 1000]) for at in range(0, len(data), 1000))
    assert len(got) == len(data)
    assert got == data


def test_the_port_can_be_closed_and_opened_again(echo):
    unit, port = echo
    port.close()
    for _ in range(3):
        with serial.Serial(unit.port, 115200, timeout=10) as again:
            assert exchange(again, b"again") == b"again"


def test_another_baud_rate_garbles_and_the_right_one_heals(echo):
    _unit, port = echo
    port.baudrate = 57600
    sent = b"\x01\x02\x03"
    assert exchange(port, sent) == bytes(garble(garble(byte)) for byte in sent) != sent
    port.baudrate = 115200
    assert exchange(port, b"fine") == b"fine"


def test_a_rate_within_three_percent_is_understood(echo):
    _unit, port = echo
    port.baudrate = 117000
    assert exchange(port, b"near enough") == b"near enough"


@pytest.mark.parametrize("direction", ["to_board", "to_host"])
def test_a_planned_byte_is_corrupted_and_no_other(echo, direction):
    unit, port = echo
    with Control(unit.uid) as control:
        control.corrupt_byte(direction, after=2, mask=0x80)
    assert exchange(port, b"abcdef") == b"ab\xe3def"
    assert exchange(port, b"abcdef") == b"abcdef"


@pytest.mark.parametrize("direction", ["to_board", "to_host"])
def test_a_byte_can_be_dropped_and_one_inserted(echo, direction):
    unit, port = echo
    with Control(unit.uid) as control:
        control.drop_byte(direction, after=1)
        control.insert_byte(direction, ord("X"), after=3)
    assert exchange(port, b"abcde") == b"acXde"


def test_a_cut_line_is_silent_and_a_joined_one_speaks(echo):
    unit, port = echo
    with Control(unit.uid) as control:
        control.cut_line()
        port.timeout = 0.05
        assert exchange(port, b"lost") == b""
        control.join_line()
        port.timeout = 10
        assert exchange(port, b"heard") == b"heard"


def test_a_frozen_core_is_silent_while_its_probe_answers(echo):
    unit, port = echo
    with Control(unit.uid) as control:
        control.freeze()
        port.timeout = 0.05
        assert exchange(port, b"now") == b""
        assert control.state()["frozen"]
        control.thaw()
        port.timeout = 10
        assert port.read(3) == b"now"


def test_bytes_to_a_chip_without_a_running_uart_are_lost(unit):
    with serial.Serial(unit.port, 115200, timeout=0.05) as port:
        assert exchange(port, b"hello?") == b""
    with Control(unit.uid) as control:
        assert control.state()["bytes_in"] == 6
        assert control.state()["line_waiting"] == 0


def test_the_last_byte_reaches_the_host_only_when_it_has_left_the_chip():
    port = SerialPort()
    host = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
    try:
        for byte in b"bye":
            port.send(byte, 0)
        assert port.flush(keep_last=True) is False
        assert os.read(host, 10) == b"by"
        assert port.flush(keep_last=True) is False
        port.flush()
        assert os.read(host, 10) == b"e"
    finally:
        os.close(host)
        port.close()


def test_a_board_that_waits_for_its_last_byte_gets_a_slice_to_change_its_speed_before_the_host_hears(tmp_path):
    chip = Stm32F446("waits")
    with socket.socket(socket.AF_UNIX) as listener:
        unit = Unit(chip, listener, [], Lifetime(tmp_path / "waits.time"))
        chip.serial._tx_free_at = chip.machine.clock.now() + 1000
        assert unit._not_out_yet(None)
        chip.machine.clock.advance(1000)
        assert unit._not_out_yet(None), "the slice in which it has left is not one in which the program could act"
        assert not unit._not_out_yet(None)
        chip.serial._tx_free_at = chip.machine.clock.now() + 1000
        assert not unit._not_out_yet(0.1), "a core that sleeps waits for nothing"
        unit.close()

"""A board that is reset: is it the one that answers?"""

import zlib
from dataclasses import replace

import pytest

from harness.errors import BenchError
from harness.session.rescue import Rescue
from harness.session.verbs import OtherBoardError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import MemoryTransport

MINE, ANOTHER = bytes(range(12)), bytes(range(100, 112))
SAMPLES = [bytes((i * 7 + at) % 256 for at in range(64)) for i in range(20)]


def echo(data):
    return zlib.crc32(data).to_bytes(4, "little")


class Deafened(FakeDevice):
    """Its BOOT never comes."""

    def send(self, now_s):
        return b"".join(part + b"\0" for part in super().send(now_s).split(b"\0") if part and part[1] != 0x89)


def bench(kind=FakeDevice, chip_id=MINE, inject=()):
    clock = ManualClock()
    device = kind(hello_for([64], [4], chip_id=chip_id), echo, inject=inject)
    return Session(MemoryTransport(device, clock, name="port"), clock), device, clock


def test_a_board_that_says_boot_after_its_reset_is_believed_at_once():
    session, device, clock = bench()
    hello = session.restart(lambda: device.reset(clock.monotonic_s()))
    assert (device.resets, hello.chip_id) == (1, MINE)
    assert session.stream(SAMPLES).lost == {}


def test_a_board_whose_boot_is_lost_is_reset_once_more_and_known_by_its_number_of_boots():
    session, device, clock = bench(Deafened)
    session.restart(lambda: device.reset(clock.monotonic_s()))
    assert device.resets == 2
    session.restart(lambda: device.reset(clock.monotonic_s()))
    assert device.resets == 3, "the hello before it has a number to differ from"


@pytest.mark.parametrize("chip_id", [MINE, b""])
def test_a_board_that_was_not_reset_is_refused_with_its_chip_id_whether_it_has_one_or_not(chip_id):
    session, _device, _clock = bench(chip_id=chip_id)
    resets = []
    with pytest.raises(OtherBoardError, match="not the one that the probe has reset") as caught:
        session.restart(lambda: resets.append("another board"))
    assert caught.value.chip_id == chip_id
    assert len(resets) == 2


def test_a_boot_that_waited_in_the_line_from_before_the_reset_proves_nothing():
    session, device, clock = bench()
    device.reset(clock.monotonic_s())  # its own doing, before ours
    clock.advance_to_s(clock.monotonic_s() + 1.0)
    with pytest.raises(OtherBoardError):
        session.restart(lambda: None)


def test_a_silent_board_whose_line_leads_to_another_one_is_not_revived_by_its_neighbour():
    session, _device, _clock = bench(inject=[Injection(Fault.SILENT, 7)])
    session.hello()
    elsewhere = bench(chip_id=ANOTHER)[1]

    def revive():
        session._transport._peer = elsewhere  # the cable is moved: the probe resets one, another one answers
        return "it sleeps"

    with pytest.raises(OtherBoardError) as caught:
        session.stream(SAMPLES, rescue=Rescue(revive=revive))
    assert isinstance(caught.value, BenchError)
    assert MINE.hex() in str(caught.value)
    assert ANOTHER.hex() in str(caught.value)


@pytest.mark.parametrize("build", ["fake-build", "another-build"])
def test_a_port_that_comes_back_on_another_chip_ends_the_run_as_the_rigs_fault_naming_both(build):
    session, _device, clock = bench()
    session.hello()
    other = FakeDevice(replace(hello_for([64], [4], chip_id=ANOTHER, build_id=build), boot=77), echo)
    answers = []

    def note(index, result):
        answers.append(index)
        if len(answers) == 5:
            session._transport.unplug()

    with pytest.raises(OtherBoardError) as caught:
        session.stream(SAMPLES, note, rescue=Rescue(reopen=lambda gone: MemoryTransport(other, clock, name="port")))
    assert caught.value.chip_id == ANOTHER
    assert MINE.hex() in str(caught.value)
    assert len(answers) >= 5
    assert other.seen == [], "no sample was computed by a board that is not the one"


def test_a_port_that_comes_back_on_the_same_chip_goes_on():
    session, device, clock = bench()
    session.hello()
    answers = []

    def note(index, result):
        answers.append(index)
        if len(answers) == 5:
            session._transport.unplug()

    rescue = Rescue(reopen=lambda gone: MemoryTransport(device, clock, name="port"))
    assert session.stream(SAMPLES, note, rescue=rescue).lost == {}
    assert sorted(answers) == list(range(20))

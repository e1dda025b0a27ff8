import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import KINDS, Direction, MemoryTransport, Noise


def test_a_manual_clock_moves_only_when_told_and_never_back():
    clock = ManualClock(5.0)
    began = clock.now()
    clock.sleep_s(2.5)
    clock.advance_to_s(6.0)
    assert clock.monotonic_s() == 7.5
    assert (clock.now() - began).total_seconds() == 2.5
    with pytest.raises(MisuseError):
        clock.advance_s(-1.0)


@given(st.integers(0, 1000), st.lists(st.binary(max_size=200), max_size=10))
def test_noise_of_one_seed_damages_alike_however_the_bytes_are_cut(seed, pieces):
    whole = Noise(0.05, seed)(b"".join(pieces))
    noise = Noise(0.05, seed)
    assert b"".join(noise(piece) for piece in pieces) == whole


@pytest.mark.parametrize("kind", KINDS)
def test_noise_hits_about_as_often_as_its_rate_says(kind):
    noise = Noise(0.01, 3, (kind,))
    data = bytes(100_000)
    damaged = noise(data)
    assert 900 < noise.errors < 1100
    change = {"flip": 0, "drop": -1, "insert": 1, "repeat": 1}[kind]
    assert len(damaged) == len(data) + change * noise.errors


def test_no_noise_changes_nothing():
    assert Noise()(bytes(range(256))) == bytes(range(256))
    with pytest.raises(MisuseError):
        Noise(0.1, kinds=("melt",))


def test_a_direction_takes_its_time():
    line = Direction(bytes_per_s=100.0, latency_s=0.5)
    line.put(b"x" * 50, 0.0)
    line.put(b"y" * 50, 0.0)
    assert line.take(0.99) == b""
    assert line.take(1.0) == b"x" * 50
    assert line.backlog_bytes(0.75) == pytest.approx(25)
    assert line.next_due_s() == pytest.approx(1.5)
    assert line.take(1.5) == b"y" * 50


def test_a_full_line_takes_no_more_until_a_part_has_left():
    clock = ManualClock()
    transport = MemoryTransport(FakeDevice(hello_for([4], [4]), bytes), clock, up=Direction(1000.0), buffer_bytes=80)
    assert transport.write(bytes(100), 0) == 80
    assert transport.write(bytes(20), 0) == 0
    assert transport.write(bytes(20), 1.0) > 0
    assert 0.005 < clock.monotonic_s() < 0.05


@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.RESET])
def test_a_reset_changes_the_boot_number_and_keeps_only_a_fault_report(fault):
    device = FakeDevice(hello_for([4], [4]), bytes, inject=[Injection(fault, 0)])
    before = device.board.hello
    device.receive(b"\0", 0.0)
    if fault is Fault.CRASH:
        device._crash(1, 0.0)
    device.send(1.0)
    after = device.board.hello
    assert after.boot != before.boot
    assert bool(after.flags) == (fault is Fault.CRASH)

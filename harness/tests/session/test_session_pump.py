import random
import zlib

import pytest

from harness.bench.transports import open_transport
from harness.clock import Deadline, SystemClock
from harness.errors import BenchError
from harness.session.pump import Pump
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import Direction, MemoryTransport
from harness.testing.pty_board import on_pty
from harness.wire.conversation import HostConversation
from harness.wire.events import HelloReceived


def echo(data):
    return zlib.crc32(data).to_bytes(4, "little")


def test_a_session_streams_over_a_real_serial_port():
    draw = random.Random(5)
    samples = [
        draw.randbytes(5000) for _ in range(30)
    ]  # nothing that an encoding could shorten: the reset has its place
    device = FakeDevice(hello_for([5000], [4], slots=3), echo, inject=[Injection(Fault.RESET, 60_000)])
    with on_pty(device) as port:
        transport = open_transport(port, 921_600)
        try:
            session = Session(transport, SystemClock(), window=None)
            assert session.hello().board == "fake"
            outcome = session.stream(samples)
        finally:
            transport.close()
    assert [result.outputs for result in outcome.results] == [echo(sample) for sample in samples]
    assert len(outcome.resets) == 1


def test_the_pump_returns_at_its_deadline_when_nothing_happens():
    clock = ManualClock()
    transport = MemoryTransport(FakeDevice(hello_for([4], [4]), echo), clock)
    pump = Pump(transport, HostConversation(), clock)
    assert pump.next_event(Deadline.after(clock, 12.0)) is None
    assert clock.monotonic_s() == pytest.approx(12.0)


def test_the_pump_waits_instead_of_turning_in_circles():
    clock = ManualClock()
    transport = MemoryTransport(FakeDevice(hello_for([400], [4]), echo, compute_s=0.5), clock, up=Direction(11_520))
    calls = []
    wait = transport.wait
    transport.wait = lambda timeout_s, to_write: calls.append(timeout_s) or wait(timeout_s, to_write=to_write)
    session = Session(transport, clock)
    session.hello()
    session.stream([bytes(range(200)) * 2] * 10)
    assert clock.monotonic_s() > 5.0
    assert len(calls) < 100


def test_a_line_that_takes_no_bytes_is_the_benchs_error():
    clock = ManualClock()
    transport = MemoryTransport(FakeDevice(hello_for([4], [4]), echo), clock)
    transport.write = lambda data, timeout_s: 0
    transport.wait = lambda timeout_s, to_write: clock.advance_s(timeout_s)
    conversation = HostConversation(rounds=1000)
    conversation.send_hello(0.0)
    pump = Pump(transport, conversation, clock)
    with pytest.raises(BenchError, match="no more bytes"):
        pump.next_event(Deadline.after(clock, 60.0))


def test_bytes_that_do_not_fit_at_once_arrive_whole():
    clock = ManualClock()
    transport = MemoryTransport(FakeDevice(hello_for([4], [4]), echo), clock)
    write = transport.write
    transport.write = lambda data, timeout_s: write(data[:3], timeout_s)
    conversation = HostConversation()
    conversation.send_hello(0.0)
    event = Pump(transport, conversation, clock).next_event(Deadline.after(clock, 5.0))
    assert isinstance(event, HelloReceived)

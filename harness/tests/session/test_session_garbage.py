"""A port that brings bytes, but not ours: a GPS receiver, a firmware that talks, a line that damages everything."""

import pytest

from harness.session.verbs import BoardGarbledError, BoardSilentError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import MemoryTransport

SENTENCE = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"


class Chatty:
    """A transport whose other end pours ``SENTENCE`` at a rate, whatever is said to it; after ``quiet_after_s`` nothing."""

    name, baud = "chatty port", 115_200

    def __init__(self, clock, bytes_per_s, quiet_after_s=1e9):
        self.clock, self.rate, self.quiet_after_s, self.given = clock, bytes_per_s, quiet_after_s, 0

    def read(self, max_bytes, timeout_s):
        due = int(min(self.clock.monotonic_s(), self.quiet_after_s) * self.rate) - self.given
        data = (SENTENCE * (due // len(SENTENCE) + 2))[self.given % len(SENTENCE) :][: min(due, max_bytes)]
        self.given += len(data)
        return data

    def write(self, data, timeout_s):
        return len(data)

    def wait(self, timeout_s, *, to_write):
        self.clock.sleep_s(min(timeout_s, 0.01))

    def set_baud(self, baud):
        self.baud = baud

    def close(self): ...


@pytest.mark.parametrize("bytes_per_s", [1_000, 11_520, 1_000_000])
def test_a_flood_of_garbage_is_told_as_such_within_five_seconds_whatever_patience_there_is(bytes_per_s):
    clock = ManualClock()
    session = Session(Chatty(clock, bytes_per_s), clock, answer_timeout_s=20.0)
    with pytest.raises(BoardGarbledError, match="only garbage comes"):
        session.hello(timeout_s=100.0)
    assert clock.monotonic_s() < 5.0


def test_a_trickle_of_garbage_is_told_as_such_when_patience_ends():
    clock = ManualClock()
    session = Session(Chatty(clock, 50), clock)
    with pytest.raises(BoardGarbledError, match=r"\d+ B in 10\.0 s"):
        session.hello(timeout_s=10.0)


def test_a_spark_on_a_dead_line_is_silence():
    clock = ManualClock()
    session = Session(Chatty(clock, 50, quiet_after_s=0.5), clock)
    with pytest.raises(BoardSilentError) as caught:
        session.hello(timeout_s=10.0)
    assert not isinstance(caught.value, BoardGarbledError)


@pytest.mark.parametrize("ask", [lambda session: session.status(), lambda session: session.stream([bytes(4)] * 3)])
def test_garbage_in_mid_session_is_told_as_such_too(ask):
    clock = ManualClock()
    line = MemoryTransport(FakeDevice(hello_for([4], [4]), lambda data: data), clock)
    session = Session(line, clock, answer_timeout_s=20.0)
    session.hello()
    began_s = clock.monotonic_s()
    chatty = Chatty(clock, 11_520)
    session._pump.replace_transport(chatty)
    with pytest.raises(BoardGarbledError):
        ask(session)
    assert clock.monotonic_s() - began_s < 5.0

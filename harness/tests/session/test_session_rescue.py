"""A board that falls silent and a port that goes away, in mid-stream."""

import os
import pty
import threading
import tty
import zlib
from contextlib import contextmanager

import pytest

from harness.bench.reconnect import reopen
from harness.bench.transports import open_transport
from harness.clock import SystemClock
from harness.errors import BenchError
from harness.session.rescue import Rescue
from harness.session.verbs import BoardSilentError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import MemoryTransport
from harness.testing.pty_board import _serve


def echo(data):
    return zlib.crc32(data).to_bytes(4, "little")


SAMPLES = [bytes((i * 7 + at) % 256 for at in range(64)) for i in range(20)]


def bench(inject=()):
    clock = ManualClock()
    device = FakeDevice(hello_for([64], [4]), echo, inject=inject)
    session = Session(MemoryTransport(device, clock), clock)
    session.hello()
    return session, device, clock


def reviving(device, clock, words="it runs"):
    def revive():
        device._silent = False
        device.reset(clock.monotonic_s())
        return words

    return Rescue(revive=revive)


def test_a_silent_board_is_reset_once_and_only_what_was_unanswered_is_sent_again():
    session, device, clock = bench([Injection(Fault.SILENT, 7)])
    answers = []
    outcome = session.stream(SAMPLES, lambda i, r: answers.append(i), rescue=reviving(device, clock, "pc 0x1234 f"))
    assert sorted(answers) == list(range(20))
    assert [r.outputs for r in outcome.results] == [echo(sample) for sample in SAMPLES]
    assert outcome.revived == ("pc 0x1234 f",)
    assert len(device.seen) <= 20 + device.board.hello.slots


def test_a_board_that_falls_silent_over_the_same_sample_again_is_given_up():
    # The second slot is computed before the silence is noticed: result 9 is the first sample after the reset again.
    session, device, clock = bench([Injection(Fault.SILENT, 7), Injection(Fault.SILENT, 9)])
    with pytest.raises(BoardSilentError) as caught:
        session.stream(SAMPLES, rescue=reviving(device, clock))
    assert sum(r is not None for r in caught.value.partial.results) == 7
    assert len(caught.value.partial.revived) == 1


def test_revivals_are_counted_and_bounded():
    session, device, clock = bench([Injection(Fault.SILENT, n) for n in (2, 6, 10, 14)])
    with pytest.raises(BoardSilentError) as caught:
        session.stream(SAMPLES, rescue=reviving(device, clock))
    assert len(caught.value.partial.revived) == 3


def test_a_board_that_stays_silent_after_the_reset_is_told_as_silent():
    session, _, _ = bench([Injection(Fault.SILENT, 3)])
    with pytest.raises(BoardSilentError, match="silent"):
        session.stream(SAMPLES, rescue=Rescue(revive=lambda: "it runs"))


def test_a_board_that_the_probe_cannot_reach_is_the_rigs_fault():
    session, _, _ = bench([Injection(Fault.SILENT, 3)])

    def unreachable():
        raise BenchError("no probe")

    with pytest.raises(BenchError, match="no probe"):
        session.stream(SAMPLES, rescue=Rescue(revive=unreachable))


class Hub:
    """A device behind ptys that come and go, with a folder of links as ``/dev/serial/by-id`` is one."""

    def __init__(self, device, folder):
        self.device, self.link = device, folder / "usb-Maker_Probe_0123ABC-if02"
        self._ends = None

    def plug(self):
        master, slave = pty.openpty()
        tty.setraw(slave)
        stop_read, stop_write = os.pipe()
        thread = threading.Thread(target=_serve, args=(self.device, master, stop_read, SystemClock()), daemon=True)
        thread.start()
        self._ends = (thread, stop_write, (master, slave, stop_read, stop_write))
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))

    def unplug(self):
        thread, stop, fds = self._ends
        os.write(stop, b"x")
        thread.join()
        self.link.unlink()
        for fd in fds:
            os.close(fd)


@contextmanager
def plugged(device, folder):
    hub = Hub(device, folder)
    hub.plug()
    try:
        yield hub
    finally:
        hub.unplug()


def test_a_port_that_vanishes_and_comes_back_under_another_name_goes_on_without_losing_a_sample(tmp_path):
    device = FakeDevice(hello_for([64], [4], slots=4), echo, compute_s=0.002)
    with plugged(device, tmp_path) as hub:
        first = str(hub.link.resolve())
        transport = open_transport(first, 115_200)
        opened = [transport]

        def come_back(gone):
            assert first in str(gone)
            opened[-1].close()
            # Another terminal takes the old number first, so that the name is another one.
            taken = pty.openpty()
            hub.plug()
            for fd in taken:
                os.close(fd)
            name, again = reopen("0123ABC", first + "-gone", 115_200, SystemClock(), wait_s=5.0, by_id=tmp_path)
            assert name != first
            opened.append(again)
            return again

        def watch(index, result):
            if index == 8 and len(opened) == 1:
                hub.unplug()

        try:
            session = Session(transport, SystemClock())
            session.hello()
            answers = []
            outcome = session.stream(
                SAMPLES, lambda i, r: (answers.append(i), watch(i, r)), rescue=Rescue(reopen=come_back)
            )
        finally:
            for port in opened:
                port.close()
    assert sorted(answers) == list(range(20))
    assert [r.outputs for r in outcome.results] == [echo(sample) for sample in SAMPLES]
    assert len(outcome.reopened) == 1
    assert outcome.resets == ()


def test_a_port_that_stays_away_is_an_error_that_says_what_was_looked_for(tmp_path):
    clock = ManualClock()
    with pytest.raises(BenchError, match="does not come back") as caught:
        reopen("0123ABC", str(tmp_path / "ttyACM0"), 115_200, clock, wait_s=3.0, by_id=tmp_path)
    assert "0123ABC" in caught.value.expected
    assert 3.0 <= clock.monotonic_s() < 3.5


def test_without_a_rescue_silence_and_a_lost_line_end_the_stream():
    session, _, _ = bench([Injection(Fault.SILENT, 3)])
    with pytest.raises(BoardSilentError):
        session.stream(SAMPLES)

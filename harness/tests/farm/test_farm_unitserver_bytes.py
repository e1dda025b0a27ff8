"""The port, the probe and the switch of a unit on another host, over a stream with and without delay."""

import os
import pty
import threading
import tty
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from near_far import FakeProbe, FakeSwitch, fake_unit, served

from harness.bench.probes import CoreReport, CoreState, MemoryProbe
from harness.bench.rackstate import State
from harness.bench.remote import calls, rack
from harness.bench.remote.mux import Ended
from harness.bench.remote.probe import RemoteProbe, RemoteSwitch
from harness.bench.remote.transport import CREDIT, RemoteTransport
from harness.bench.transports import serial
from harness.errors import BenchError, HostError, MisuseError
from harness.farm.unitserver import server
from harness.testing.contracts import check_transport


class FarEnd:
    """The other end of a pty, without waiting."""

    def __init__(self, fd):
        self.fd = fd
        os.set_blocking(fd, False)

    def put(self, data):
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0

    def take(self):
        try:
            return os.read(self.fd, 65536)
        except BlockingIOError:
            return b""

    def vanish(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


@contextmanager
def far_port(delay_s=0.0):
    master, slave = pty.openpty()
    tty.setraw(master)
    far = FarEnd(master)
    port = serial.open_(os.ttyname(slave), 115_200)
    os.close(slave)
    try:
        with served(fake_unit(port), delay_s=delay_s) as connection:
            yield RemoteTransport(connection), far
    finally:
        far.vanish()


@pytest.mark.parametrize("delay_s", [0.0, 0.01])
def test_a_port_on_another_host_keeps_the_contract_of_a_transport(delay_s):
    check_transport(lambda: far_port(delay_s))


def test_a_change_of_speed_is_made_there_behind_the_bytes_before_it():
    class Slow:
        """Takes a few bytes at a time, and notes at what speed."""

        name, baud, log = "slow", 115_200, []

        def read(self, max_bytes, timeout_s):
            return b""

        def write(self, data, timeout_s):
            self.log.append((self.baud, data[:100]))
            return min(100, len(data))

        def wait(self, timeout_s, *, to_write):
            pass

        def set_baud(self, baud):
            if baud == 7:
                raise BenchError("the serial port cannot be set to this speed", where="slow")
            self.baud = baud

        def close(self):
            pass

    slow = Slow()
    with served(fake_unit(slow)) as connection:
        port = RemoteTransport(connection)
        assert port.write(b"a" * 1000, 0) == 1000
        port.set_baud(921_600)
        assert port.baud == 921_600
        assert [baud for baud, _ in slow.log] == [115_200] * 10
        port.write(b"b", 0)
        with pytest.raises(BenchError, match="cannot be set to this speed") as refused:
            port.set_baud(7)
        assert refused.value.where == "slow, on far"
        assert slow.log[-1] == (921_600, b"b")
        assert port.baud == 921_600


def test_a_client_that_does_not_read_makes_nobody_hold_more_than_the_credit():
    given = []

    class Chatty:
        name, baud = "chatty", 115_200

        def read(self, max_bytes, timeout_s):
            given.append(max_bytes)
            return bytes(max_bytes)

        def wait(self, timeout_s, *, to_write):
            pass

        def close(self):
            pass

    with served(fake_unit(Chatty())) as connection:
        port = RemoteTransport(connection)
        port.wait(10, to_write=False)
        connection.calls.call("unit.sharers")  # the other verbs go on
        got = 0
        while got < CREDIT:
            got += len(port.read(100_000, 10))
            assert sum(given) <= CREDIT + got


def test_every_verb_of_the_probe_is_carried_out_there(tmp_path):
    probe = FakeProbe()
    elf = tmp_path / "fw.elf"
    elf.write_bytes(bytes(range(256)) * 2000)
    with far_probe(probe) as (remote, connection):
        assert isinstance(remote, MemoryProbe)
        assert remote.description == "a fake probe"
        shares = []
        report = remote.flash(elf, shares.append, timeout_s=7.0)
        assert (report.bytes_total, report.verified, report.recovery) == (10, True, "mended")
        assert shares == [0.5, 1.0]
        assert ("flash", elf.read_bytes(), 7.0) in probe.asked
        remote.reset()
        assert probe.asked[-1] == "reset"
        assert remote.chip_id() == b"\x01\x02\x03"
        assert remote.core() == CoreReport(CoreState.RUNNING, 1, 2, 3)
        remote.halt()
        remote.write_memory(0x2000_0000, b"\x00\xff" * 4000)
        assert remote.read_memory(0x2000_0000, 8000) == b"\x00\xff" * 4000
        remote.erase(0x0800_0000)
        assert probe.asked[-1] == ("erase", 0x0800_0000)
        probe.core_answer = BenchError("the core cannot be asked", where="probe u1", next_step="replug it")
        with pytest.raises(BenchError, match="the core cannot be asked") as failed:
            remote.core()
        assert (failed.value.where, failed.value.next_step) == ("probe u1, on far", "replug it")
        probe.core_answer = ValueError("a bug there")
        with pytest.raises(Exception, match="ValueError: a bug there") as bug:
            remote.core()
        assert type(bug.value).__name__ == "HarnessBug"
        assert connection.left == []


@contextmanager
def far_probe(probe, **parts):
    read_fd, write_fd = os.pipe()
    os.close(write_fd)
    os.close(read_fd)
    master, slave = pty.openpty()
    port = serial.open_(os.ttyname(slave), 115_200)
    os.close(slave)
    try:
        with served(fake_unit(port, probe, **parts)) as connection:
            yield RemoteProbe(connection), connection
    finally:
        os.close(master)


def for_ever(ask):
    while True:
        ask()


def test_an_image_that_cannot_be_read_is_told_before_anything_travels():
    with far_probe(FakeProbe()) as (remote, _), pytest.raises(BenchError, match="the image cannot be read"):
        remote.flash(Path("/nowhere/fw.elf"))


def test_what_was_switched_off_is_switched_on_when_the_connection_ends():
    switch = FakeSwitch()
    with far_probe(FakeProbe(), power=switch) as (_, connection):
        remote = RemoteSwitch(connection, connection.is_open.power)
        assert remote.title == "a fake switch, on far"
        assert remote.is_on()
        remote.off()
        assert not remote.is_on()
        assert switch.switched == ["off"]
    assert switch.switched == ["off", "on"]


def test_a_stream_that_ends_while_the_unit_is_being_switched_off_leaves_it_with_power():
    begun, go_on = threading.Event(), threading.Event()

    class Slow(FakeSwitch):
        def off(self):
            begun.set()
            go_on.wait(30)
            super().off()

    switch = Slow()
    with far_probe(FakeProbe(), power=switch) as (_, connection):
        call = connection.calls.begin("power.off")
        assert begun.wait(30)
        connection.ends.cut()
        go_on.set()
        with suppress(HostError):
            call.finish()
    assert switch.switched == ["off", "on"]
    assert connection.left == []


def test_a_unit_that_is_being_brought_back_when_the_stream_ends_is_brought_back_all_the_same(monkeypatch):
    monkeypatch.setattr(server, "_ENDING_S", 0.2)
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def mend(request):
        begun.set()
        go_on.wait(30)
        with suppress(Ended):
            request.note({"tell": "power_port helped"})
        done.set()
        return {"steps": []}

    with served(None, mend=mend) as connection:
        connection.calls.begin("rack.recover")
        assert begun.wait(30)
        connection.ends.cut()
        assert not done.wait(1.0)  # so long the power is away
        go_on.set()
        assert done.wait(30)
    assert connection.left == []


def test_a_unit_is_moved_there_only_if_it_still_stands_as_it_stood_for_who_says_that():
    with served(None, mend=lambda request: {}) as connection:

        def moved(to, n):
            told, _ = connection.calls.call(
                "rack.move", to=to, only_from="good", reason=f"{n} faults", by="hil", evidence="", rig_faults=n
            )
            return rack.made("u1", told)

        assert (moved("suspect", 3).beneath, moved("good", 1).rig_faults) == (State.SUSPECT, 3)


def test_a_port_that_fails_as_nobody_foresaw_is_told_and_keeps_nobody_waiting():
    class Odd:
        name, baud = "odd", 115_200

        def write(self, data, timeout_s):
            raise ValueError("a bug there")

        def read(self, max_bytes, timeout_s):
            return b""

        def wait(self, timeout_s, *, to_write):
            pass

        def close(self):
            pass

    with served(fake_unit(Odd())) as connection:
        port = RemoteTransport(connection)
        port.write(b"x", 0)
        with pytest.raises(BenchError, match="the line to the unit is gone") as gone:
            for_ever(lambda: port.read(10, 1.0))
        assert "ValueError: a bug there" in gone.value.found
        port.close()


def test_a_unit_without_a_switch_says_so():
    with far_probe(FakeProbe()) as (_, connection):
        assert connection.is_open.power == ""
        with pytest.raises(BenchError, match="no power switch"):
            connection.calls.call("power.off")


def test_a_verb_that_nobody_knows_is_the_callers_mistake_and_ends_nothing():
    with far_probe(FakeProbe()) as (remote, connection):
        with pytest.raises(MisuseError, match="no such verb"):
            connection.calls.call("unit.dance")
        assert remote.chip_id()


def test_when_the_stream_ends_calls_under_way_end_with_the_loss_and_later_ones_too():
    with far_probe(FakeProbe()) as (remote, connection):
        connection.ends.cut()
        for _ in range(2):
            with pytest.raises(HostError, match="the connection to the unit's host is lost") as lost:
                for_ever(remote.chip_id)
            assert "--resume" in lost.value.next_step


def test_a_message_whose_parts_are_none_ends_the_server_and_gives_the_unit_back():
    with far_probe(FakeProbe()) as (remote, connection):
        connection.calls.say(calls.UNIT, calls.pack({"id": 9, "call": "probe.core", "args": 7}))
        with pytest.raises(HostError, match="is lost"):
            for_ever(remote.chip_id)


def test_garbage_from_the_client_ends_the_server_and_gives_the_unit_back():
    with far_probe(FakeProbe()) as (remote, connection):
        os.write(connection.ends.write_fd, b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(HostError, match="is lost"):
            for_ever(remote.chip_id)

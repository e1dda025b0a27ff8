"""A session that is carried out beside the board: the same verbs, errors and results as here, whatever lies between."""

import threading
import zlib
from contextlib import contextmanager
from dataclasses import replace

import pytest
from near_far import FakeProbe, fake_unit, served, session_over

from harness.bench.remote import mux
from harness.bench.transports import open_transport
from harness.clock import SystemClock
from harness.errors import BenchError, DeviceError, HostError, MisuseError
from harness.session.remote import elsewhere
from harness.session.remote.elsewhere import SessionElsewhere
from harness.session.rescue import Rescue
from harness.session.stream import Pace
from harness.session.verbs import BoardFaultError, BoardSilentError, OtherBoardError, Session
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.pty_board import on_pty
from harness.testing.speeds import SpeedyDevice, with_bauds
from harness.wire import messages as m

CLOCK = SystemClock()


def network(data):
    return zlib.crc32(data).to_bytes(4, "little") + data[:4]


def samples_of(n, size):
    return [bytes((17 * i + 31 * at + at * at // 7) % 256 for at in range(size)) for i in range(n)]


class Locked:
    """A fake device that may be reset from another thread than the one that serves it."""

    def __init__(self, device):
        self.device, self.lock = device, threading.RLock()

    def receive(self, data, now_s):
        with self.lock:
            self.device.receive(data, now_s)

    def send(self, now_s):
        with self.lock:
            return self.device.send(now_s)

    def next_due_s(self):
        with self.lock:
            return self.device.next_due_s()

    def reset(self):
        with self.lock:
            self.device._silent = False
            self.device.reset(CLOCK.monotonic_s())


@contextmanager
def far_board(*, size=64, slots=2, inject=(), delay_s=0.0, hello=None, opened=True, cut=None, **parts):
    """A session with a fake board on another host, and the board."""
    device = FakeDevice(hello or hello_for([size], [8], slots=slots), network, inject=inject)
    device._hello = replace(device._hello, bauds=())
    board = Locked(device)
    with on_pty(board) as port:
        unit = fake_unit(open_transport(port, 115_200), FakeProbe(board.reset))
        with served(unit, delay_s=delay_s, cut=cut) as connection:
            session = session_over(connection, **{"answer_timeout_s": 0.3, **parts}) if opened else None
            yield session, device, connection


def assert_each_answered_once_and_rightly(outcome, samples):
    assert outcome.lost == {}
    for i, (result, sample) in enumerate(zip(outcome.results, samples, strict=True)):
        assert (result.key, result.outputs, result.sent_crc) == (i, network(sample), zlib.crc32(sample))
    assert outcome.misread == ()


def test_no_verb_of_a_session_is_forgotten():
    public = {name for name in vars(Session) if not name.startswith("_")}
    assert public <= set(vars(SessionElsewhere)), "it would work on a line that is not here"


@pytest.mark.parametrize("delay_s", [0.0, 0.025, 0.1])
def test_every_verb_says_what_it_says_here_whatever_the_round_trip(delay_s):
    with far_board(delay_s=delay_s) as (session, device, connection):
        hello = session.hello()
        assert (hello.board, hello.slots, hello.inputs) == ("fake", 2, device._hello.inputs)
        assert session.restart(lambda: connection.calls.call("probe.reset")).boot != hello.boot
        assert session.climb().baud == 115_200
        assert session.ping(b"are you there") > 0
        assert session.status().slots == ()
        assert session.fault() is None
        samples = samples_of(40, 64)
        came = []
        outcome = session.stream(samples, lambda index, result: came.append((index, result.key)))
        assert_each_answered_once_and_rightly(outcome, samples)
        assert sorted(came) == [(i, i) for i in range(40)]
        assert outcome.counters.sample_bytes == 40 * 64
        assert session.counters.sample_bytes == 40 * 64
        assert session.baud == 115_200


def test_a_second_session_begins_at_the_safe_speed_whatever_the_first_one_has_climbed_to():
    device = FakeDevice(with_bauds(hello_for([64], [8]), 115_200, 460_800), network)
    line = []
    board = Locked(SpeedyDevice(device, lambda: line[0].baud if line else 115_200))

    def reset():
        with board.lock:
            device.reset(CLOCK.monotonic_s())

    with on_pty(board) as port:
        line.append(open_transport(port, 115_200))
        with served(fake_unit(line[0], FakeProbe(reset))) as connection:
            for _ in range(2):
                session = session_over(connection, answer_timeout_s=0.3)
                session.restart(lambda: connection.calls.call("probe.reset"))
                assert session.baud == 115_200
                assert session.climb().baud == board.device.baud == 460_800


def test_a_verb_before_hello_is_misuse_here_as_there():
    with far_board() as (session, _, _), pytest.raises(MisuseError, match="say hello before streaming"):
        session.stream(samples_of(1, 64))


@pytest.fixture
def stock(monkeypatch):
    """A smaller one, so that less is more than it."""
    monkeypatch.setattr(elsewhere, "STOCK_BYTES", 16 * 1024)
    return elsewhere.STOCK_BYTES


def test_far_more_than_the_stock_goes_through_and_neither_end_holds_it(stock):
    samples = samples_of(60, 2_000)
    assert sum(map(len, samples)) > 4 * stock
    with far_board(size=2_000, delay_s=0.005) as (session, _, _):
        session.hello()
        assert_each_answered_once_and_rightly(session.stream(samples), samples)


def test_a_sample_larger_than_the_stock_goes_alone(stock):
    samples = samples_of(3, stock + 512)
    with far_board(hello=hello_for([stock // 512 + 1, 512], [8])) as (session, _, _):
        session.hello()
        assert_each_answered_once_and_rightly(session.stream(samples), samples)


def test_the_line_is_repaired_there_and_what_it_cost_is_counted():
    faults = [Injection(Fault.BAD_CRC, 3), Injection(Fault.DROP_BYTE, 9), Injection(Fault.DUPLICATE_FRAME, 12)]
    with far_board(inject=faults, delay_s=0.05) as (session, _, _):
        session.hello()
        outcome = session.stream(samples_of(20, 64))
        assert_each_answered_once_and_rightly(outcome, samples_of(20, 64))
        assert outcome.counters.bad_rx >= 1
        assert outcome.counters.duplicates >= 1


def test_a_board_that_resets_in_mid_stream_is_told_with_the_result():
    with far_board(inject=[Injection(Fault.RESET, 900)]) as (session, device, _):
        session.hello()
        outcome = session.stream(samples_of(20, 64))
        assert_each_answered_once_and_rightly(outcome, samples_of(20, 64))
        assert len(outcome.resets) == device.resets == 1
        assert outcome.resets[0].boot == device._hello.boot


def test_a_crash_comes_with_its_report_and_the_answers_before_it():
    with far_board(inject=[Injection(Fault.CRASH, 5)]) as (session, _, _):
        session.hello()
        with pytest.raises(BoardFaultError) as crashed:
            session.stream(samples_of(20, 64))
        assert crashed.value.report.pc == 0x0800_1234
        partial = crashed.value.partial
        answered = [result.key for result in partial.results if result is not None]
        assert answered == list(range(len(answered))), "those before the crash, but for what lay on the board"
        assert len(answered) in (4, 5)
        assert len(partial.results) == 20
        assert session.fault().sample == 5


def test_silence_is_the_devices_with_the_answers_before_it():
    with far_board(inject=[Injection(Fault.SILENT, 4)], answer_timeout_s=0.1) as (session, _, _):
        session.hello()
        with pytest.raises(BoardSilentError, match="the board is silent") as silent:
            session.stream(samples_of(20, 64))
        assert "on far" in silent.value.where
        assert sum(result is not None for result in silent.value.partial.results) == 4


def test_a_silent_board_is_revived_by_the_clients_word():
    with far_board(inject=[Injection(Fault.SILENT, 4)], answer_timeout_s=0.1, delay_s=0.02) as (session, _, connection):
        session.hello()

        def revive():
            connection.calls.call("probe.reset")
            return "it ran, pc 0x1234"

        outcome = session.stream(samples_of(20, 64), rescue=Rescue(revive=revive))
        assert_each_answered_once_and_rightly(outcome, samples_of(20, 64))
        assert outcome.revived == ("it ran, pc 0x1234",)


def test_what_the_rescue_raises_here_is_raised_here_as_it_is():
    unreachable = BenchError("the probe is gone", where="probe u1", next_step="replug it")

    def revive():
        raise unreachable

    with far_board(inject=[Injection(Fault.SILENT, 4)], answer_timeout_s=0.1) as (session, _, _):
        session.hello()
        with pytest.raises(BenchError) as raised:
            session.stream(samples_of(20, 64), rescue=Rescue(revive=revive))
        assert raised.value is unreachable


def test_another_chip_in_mid_stream_is_told_with_its_id():
    with far_board(hello=hello_for([64], [8], chip_id=b"abc"), inject=[Injection(Fault.RESET, 900)]) as (
        session,
        device,
        _,
    ):
        session.hello()
        device._hello = replace(device._hello, chip_id=b"xyz")
        with pytest.raises(OtherBoardError) as other:
            session.stream(samples_of(40, 64))
        assert other.value.chip_id == b"xyz"


def test_an_error_of_the_one_who_takes_answers_ends_the_stream_and_the_session_goes_on():
    class DiskFull(Exception):
        pass

    def refuse(index, result):
        if index == 5:
            raise DiskFull

    with far_board(delay_s=0.02) as (session, _, _):
        session.hello()
        with pytest.raises(DiskFull):
            session.stream(samples_of(500, 64), refuse)
        session.hello()
        assert_each_answered_once_and_rightly(session.stream(samples_of(10, 64)), samples_of(10, 64))


def test_a_stream_out_of_time_loses_the_rest_and_says_why():
    with far_board(inject=[Injection(Fault.SILENT, 4)], answer_timeout_s=5.0) as (session, _, _):
        session.hello()
        outcome = session.stream(samples_of(20, 64), timeout_s=0.3)
        assert set(outcome.lost.values()) == {"no answer within 0.3 s"}
        assert set(outcome.lost) >= set(range(4, 20))  # the four before it may have come too late too


def test_samples_of_a_sensor_keep_its_pace_there():
    with far_board(delay_s=0.05) as (session, _, _):
        session.hello()
        outcome = session.stream(samples_of(30, 64), pace=Pace(0.005, 30))
        assert_each_answered_once_and_rightly(outcome, samples_of(30, 64))
        assert outcome.wall_s >= 30 * 0.005
        assert outcome.quiet == frozenset()


def test_the_first_ones_go_alone_when_they_are_to_be_timed():
    with far_board() as (session, _, _):
        session.hello()
        assert session.stream(samples_of(10, 64), quiet=3).quiet == frozenset({0, 1, 2})


def test_every_byte_from_the_board_is_seen_here_and_those_to_it_if_they_are_wanted():
    seen = {"tx": b"", "rx": b""}

    def tap(direction, data, time_s):
        assert abs(time_s - CLOCK.monotonic_s()) < 60, "by this host's clock"
        seen[direction] += data

    with far_board(inject=[Injection(Fault.NOISE, 3)], tap=tap, tap_tx=True) as (session, _, _):
        session.hello()
        outcome = session.stream(samples_of(10, 64))
        counted = session.counters
    assert (len(seen["tx"]), len(seen["rx"])) == (counted.bytes_tx, counted.bytes_rx)
    assert b"assertion failed" in seen["rx"]
    assert_each_answered_once_and_rightly(outcome, samples_of(10, 64))


def test_a_session_moves_to_the_port_that_its_host_has_opened_anew():
    with far_board() as (session, _, connection):
        session.hello()
        unit = connection.served
        unit.transport.close()
        unit.transport = open_transport(unit.port, 115_200)
        session.move_to(unit.transport)
        session.hello()
        assert_each_answered_once_and_rightly(session.stream(samples_of(5, 64)), samples_of(5, 64))


def test_listening_ends_when_what_was_waited_for_has_been_said_or_the_time_is_over():
    heard = []

    def tap(direction, data, time_s):
        heard.append(data)

    with far_board(tap=tap, tap_tx=False, delay_s=0.02) as (session, _, connection):
        session.hello()
        assert session.listen(lambda: None, 0.0) is None
        assert session.listen(lambda: None, 0.1) is None
        heard.clear()
        connection.calls.call("probe.reset")  # BOOT is said
        assert session.listen(lambda: b"".join(heard) or None, 10.0)
        session.hello()


def test_another_version_of_the_wire_is_told_with_both(monkeypatch):
    with far_board(opened=False) as (_, _, connection):
        monkeypatch.setattr(m, "PROTOCOL", m.PROTOCOL + 1)
        call = connection.calls.begin("session.open", protocol=m.PROTOCOL - 1)
        with pytest.raises(HostError, match="another version of the wire") as told:
            call.finish()
        assert (told.value.expected, str(m.PROTOCOL) in told.value.found) == (
            f"version {m.PROTOCOL - 1}, as the client does",
            True,
        )


def test_a_connection_that_is_lost_in_mid_stream_is_the_rigs_and_the_server_lets_go():
    with far_board() as (session, _, connection):
        session.hello()

        def cut(index, result):
            if index == 5:
                connection.ends.cut()

        with pytest.raises(HostError, match="the connection to the unit's host is lost") as lost:
            session.stream(samples_of(100, 64) * 1000, cut)
        assert not isinstance(lost.value, DeviceError)
        assert connection.left == [], "it ends tidily"


def cutting(cut, at, then):
    """Cuts the network at one answer; ``then`` may heal it."""

    def on_result(index, result):
        if index == at:
            cut.touch()
            threading.Thread(target=then, daemon=True).start()

    return on_result


def test_a_network_that_stops_for_longer_than_a_board_may_be_silent_is_no_silence_of_the_board(tmp_path):
    cut = tmp_path / "cut"
    samples = samples_of(1500, 64)

    def heal():
        CLOCK.sleep_s(2.0)
        cut.unlink()

    with far_board(cut=cut, answer_timeout_s=0.1) as (session, _, _):
        session.hello()
        assert_each_answered_once_and_rightly(session.stream(samples, cutting(cut, 5, heal)), samples)


def test_a_network_that_stops_for_long_is_noticed_by_both_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(mux, "QUIET_S", 1.5)
    monkeypatch.setattr(mux, "SIGN_EVERY_S", 0.3)
    cut = tmp_path / "cut"
    with far_board(cut=cut) as (session, _, connection):
        session.hello()
        with pytest.raises(HostError, match="is lost") as lost:
            session.stream(samples_of(100, 64) * 1000, cutting(cut, 5, lambda: None))
        assert "nothing was heard from the other end for 1.5 s" in lost.value.found
        connection.ends.listen_out()  # the server has ended by itself: nothing travels
        assert cut.exists()
        cut.unlink()

import random
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, DeviceError, MisuseError
from harness.session.verbs import BoardFaultError, BoardSilentError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.wire import messages as m

BAUD = 115_200


def network(data):
    """Ten bytes that depend on every byte of the input."""
    return zlib.crc32(data).to_bytes(4, "little") + zlib.adler32(data).to_bytes(4, "big") + data[:1] + data[-1:]


def samples_of(n, size):
    return [bytes((17 * i + 31 * at + at * at // 7) % 256 for at in range(size)) for i in range(n)]


def bench(
    n=6, size=100, *, slots=2, window=1, chunk_bytes=64, compute_s=0.002, noise=0.0, seed=0, inject=(), latency_s=0.0,
    timed=True, hello=None, late_s=1.0,
):  # fmt: skip
    """A session with a fake device on a line of 115200 baud, and samples for it."""
    clock = ManualClock()
    hello = hello or hello_for([size], [10], slots=slots, chunk_bytes=chunk_bytes)
    device = FakeDevice(hello, network, compute_s=compute_s, inject=inject, late_s=late_s)
    rate = BAUD / 10 if timed else None
    up = Direction(rate, latency_s, Noise(noise, seed))
    down = Direction(rate, latency_s, Noise(noise, seed + 1))
    transport = MemoryTransport(device, clock, up=up, down=down, baud=BAUD if timed else None)
    return Session(transport, clock, window=window), samples_of(n, size), device, transport, clock


def assert_each_answered_once_and_rightly(outcome, samples):
    assert outcome.lost == {}
    for i, (result, sample) in enumerate(zip(outcome.results, samples, strict=True)):
        assert result.key == i
        assert result.outputs == network(sample)
        assert result.input_crc == result.sent_crc == zlib.crc32(sample)
        assert result.status == m.ResultStatus.OK
    assert outcome.misread == ()


@pytest.mark.parametrize("window", [1, 2, 3, None])
@pytest.mark.parametrize("slots", [1, 2, 4])
def test_a_clean_line_answers_every_sample_in_input_order_without_a_repeat(window, slots):
    session, samples, device, _, _ = bench(slots=slots, window=window)
    hello = session.hello()
    assert (hello.board, hello.slots) == ("fake", slots)
    order = []
    outcome = session.stream(samples, on_result=lambda index, result: order.append((index, result.key)))
    assert_each_answered_once_and_rightly(outcome, samples)
    assert order == [(i, i) for i in range(len(samples))]
    assert device.seen == samples
    counters = outcome.counters
    assert (counters.resent, counters.frames_bad, counters.stalls, counters.duplicates) == (0, 0, 0, 0)


def test_no_more_samples_are_under_way_than_the_window_and_the_slots_allow():
    for window, slots, most in ((1, 4, 1), (3, 4, 3), (9, 2, 2), (None, 3, 3)):
        session, samples, device, _, _ = bench(n=12, slots=slots, window=window, compute_s=0.1)
        session.hello()
        depth = []
        receive = device.board.receive_data

        def watch(data, receive=receive, device=device, depth=depth):
            receive(data)
            depth.append(len(device.board._status().slots))

        device.board.receive_data = watch
        session.stream(samples)
        assert max(depth) == most


def test_quiet_samples_go_alone_and_the_others_overlap():
    session, samples, device, _, _ = bench(n=12, slots=3, window=None, compute_s=0.1)
    session.hello()
    depth = []  # (samples begun so far, samples under way)
    receive = device.board.receive_data

    def watch(data):
        receive(data)
        slots = device.board._status().slots
        depth.append((max((slot.sample for slot in slots), default=0), len(slots)))

    device.board.receive_data = watch
    outcome = session.stream(samples, quiet=4)
    assert_each_answered_once_and_rightly(outcome, samples)
    assert outcome.quiet == frozenset(range(4))
    first = min(sample for sample, _ in depth)
    assert {at_once for sample, at_once in depth if sample < first + 4} <= {0, 1}
    assert max(at_once for _, at_once in depth) == 3


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-4, 1e-3, 3e-3]),
    window=st.sampled_from([1, 2, 4, None]),
    slots=st.integers(1, 4),
    chunk_bytes=st.sampled_from([16, 33, 64]),
    size=st.integers(1, 200),
    resets=st.lists(st.integers(0, 2500), max_size=2),
    compute_s=st.sampled_from([0.0, 0.003, 0.2]),
)
def test_whatever_the_line_and_resets_do_each_sample_is_answered_once_and_rightly(
    seed, noise, window, slots, chunk_bytes, size, resets, compute_s
):
    session, samples, device, _, _ = bench(
        n=8, size=size, slots=slots, window=window, chunk_bytes=chunk_bytes, compute_s=compute_s, noise=noise,
        seed=seed, inject=[Injection(Fault.RESET, at) for at in resets],
    )  # fmt: skip
    session.hello(timeout_s=20.0)
    scored = []
    # In line time: a conversation that stops repairing ends as lost samples, not as a test that hangs.
    outcome = session.stream(samples, on_result=lambda index, result: scored.append(index), timeout_s=600.0)
    assert_each_answered_once_and_rightly(outcome, samples)
    assert sorted(scored) == list(range(len(samples)))
    assert set(device.seen) == set(samples), "the engine never read anything that was not sent"


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("at", range(0, 1000, 7))
def test_a_reset_at_any_byte_is_survived(at, window):
    session, samples, device, _, _ = bench(n=6, slots=3, window=window, inject=[Injection(Fault.RESET, at)])
    session.hello()
    outcome = session.stream(samples)
    assert_each_answered_once_and_rightly(outcome, samples)
    if device.resets:
        assert outcome.counters.resets == len(outcome.resets) <= 1


@pytest.mark.parametrize("window", [1, 2])
@pytest.mark.parametrize("at", [0, 2, 5])
@pytest.mark.parametrize(
    "fault",
    [
        Fault.BAD_CRC,
        Fault.HALF_FRAME,
        Fault.DROP_BYTE,
        Fault.INSERT_BYTE,
        Fault.DUPLICATE_FRAME,
        Fault.NOISE,
        Fault.LATE,
        Fault.REORDER,
    ],
)
def test_a_damaged_answer_is_asked_for_again_and_scored_once(fault, at, window):
    session, samples, device, _, _ = bench(slots=2, window=window, inject=[Injection(fault, at)])
    session.hello()
    outcome = session.stream(samples)
    assert_each_answered_once_and_rightly(outcome, samples)
    assert device.seen == samples, "a lost answer is said again, not computed again"


def test_one_lost_chunk_is_all_that_is_sent_again():
    session, samples, _, transport, _ = bench(n=3, size=640, slots=3, window=3)
    session.hello()
    put, n_calls = transport.up.put, []

    def lossy(data, now_s):
        n_calls.append(data)
        put(data[:30] + b"\x11" + data[31:] if len(n_calls) == 5 else data, now_s)

    transport.up.put = lossy
    outcome = session.stream(samples)
    assert_each_answered_once_and_rightly(outcome, samples)
    assert outcome.counters.resent <= 8  # what one write of 512 bytes held
    assert outcome.counters.stalls == 0, "NEED comes without the host having to ask"


def flip_a_byte_of_write(direction, n):
    """Damage the n-th piece that enters a direction, in its middle."""
    put, pieces = direction.put, []

    def lossy(data, now_s):
        if data:
            pieces.append(data)
        at = len(data) // 2
        put(data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :] if data and len(pieces) == n else data, now_s)

    direction.put = lossy


@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("window", [1, None])
def test_one_damaged_frame_costs_a_round_trip_and_no_time_out(way, window):
    timed = {}
    for damaged in (None, 3):
        session, samples, device, transport, clock = bench(n=6, size=60, slots=3, window=window, compute_s=0.002)
        session.hello()
        flip_a_byte_of_write(getattr(transport, way), damaged)
        began_s = clock.monotonic_s()
        outcome = session.stream(samples)
        assert_each_answered_once_and_rightly(outcome, samples)
        assert sorted(device.seen) == sorted(samples), "nothing is computed twice"
        assert outcome.counters.stalls == 0
        timed[damaged] = clock.monotonic_s() - began_s
    # A sample of 60 bytes and its answer take 13 ms on this line, a time-out at least 50.
    assert timed[3] - timed[None] < 0.03


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("auto", {0, 1, 2, 3}),
        ("raw", {0}),
        ("zero_runs", {0, 1}),
        ("fill_runs", {0, 2}),
        ("differences", {0, 3}),
    ],
)
def test_the_encoding_that_was_asked_for_is_the_one_that_travels(encoding, expected):
    clock = ManualClock()
    device = FakeDevice(hello_for([64], [10]), network)
    transport = MemoryTransport(device, clock)
    session = Session(transport, clock, encoding=encoding)
    session.hello()
    seen = set()
    take = device.board._take_chunk
    device.board._take_chunk = lambda frame, sample, offset, encoding, data: (
        seen.add(encoding),
        take(frame, sample, offset, encoding, data),
    )[1]
    noise = random.Random(1).randbytes(64)
    samples = [bytes(60) + noise[:4], b"\x80" * 60 + noise[:4], bytes(range(64)), noise]
    outcome = session.stream(samples)
    assert_each_answered_once_and_rightly(outcome, samples)
    assert seen == expected


@pytest.mark.parametrize("encoding", ["zero_runs", "fill_runs", "differences"])
def test_an_encoding_cannot_be_asked_of_a_board_that_cannot_read_it(encoding):
    clock = ManualClock()
    device = FakeDevice(hello_for([64], [10], capabilities=m.Capability(0)), network)
    session = Session(MemoryTransport(device, clock), clock, encoding=encoding)
    with pytest.raises(DeviceError, match=encoding.replace("_", " ")):
        session.hello()


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), window=st.sampled_from([1, 2, None]), chunk_bytes=st.sampled_from([16, 64]))
def test_frames_that_overtake_one_another_on_either_way_change_nothing(seed, window, chunk_bytes):
    session, samples, device, transport, _ = bench(n=8, size=100, slots=3, window=window, chunk_bytes=chunk_bytes)
    session.hello()
    for n, direction in enumerate((transport.up, transport.down)):
        reorder(direction, random.Random(seed + n))
    outcome = session.stream(samples, timeout_s=600.0)
    assert_each_answered_once_and_rightly(outcome, samples)
    assert set(device.seen) == set(samples)


def reorder(direction, choose):
    """Let one frame in five wait for the one behind it."""
    put, held, rest = direction.put, [], bytearray()

    def swapped(data, now_s):
        rest.extend(data)
        while b"\0" in rest:
            frame, _, after = bytes(rest).partition(b"\0")
            rest[:] = after
            if not held and choose.random() < 0.2:
                held.append(frame + b"\0")
            else:
                put(frame + b"\0" + b"".join(held), now_s)
                held.clear()

    direction.put = swapped


def test_outputs_larger_than_a_frame_come_in_parts():
    clock = ManualClock()
    hello = replace(hello_for([10], [3000], slots=2, chunk_bytes=496))
    device = FakeDevice(hello, lambda data: data * 300)
    session = Session(MemoryTransport(device, clock, down=Direction(noise=Noise(2e-4, 5))), clock, window=2)
    session.hello()
    samples = samples_of(20, 10)
    outcome = session.stream(samples)
    assert [result.outputs for result in outcome.results] == [sample * 300 for sample in samples]


def test_silence_names_the_line_and_its_counters_and_keeps_what_was_answered():
    session, samples, _, _, clock = bench(inject=[Injection(Fault.SILENT, 3)])
    session.hello()
    began_s = clock.monotonic_s()
    with pytest.raises(BoardSilentError, match="memory") as caught:
        session.stream(samples)
    assert "chunks resent" in str(caught.value)
    assert [r is not None for r in caught.value.partial.results] == [True] * 3 + [False] * 3
    assert clock.monotonic_s() - began_s < 10.0


def test_a_board_that_never_speaks_is_silent_after_the_time_given():
    class Mute:
        def receive(self, data, now_s): ...

        def send(self, now_s):
            return b""

        def next_due_s(self):
            return None

    clock = ManualClock()
    session = Session(MemoryTransport(Mute(), clock), clock)
    with pytest.raises(BoardSilentError, match="HELLO"):
        session.hello(timeout_s=3.0)
    assert clock.monotonic_s() == pytest.approx(3.0)
    with pytest.raises(BoardSilentError, match="PONG"):
        session.ping()


def test_a_session_is_good_again_after_silence_and_a_reset():
    session, samples, device, _, clock = bench(inject=[Injection(Fault.SILENT, 2)])
    session.hello()
    with pytest.raises(BoardSilentError):
        session.stream(samples)
    device._silent = False
    device.reset(clock.monotonic_s(), m.ResetCause.PIN)
    assert session.hello().reset_cause == m.ResetCause.PIN
    assert_each_answered_once_and_rightly(session.stream(samples), samples)


def test_a_crash_ends_the_stream_with_its_report_and_what_was_answered():
    session, samples, _, _, _ = bench(inject=[Injection(Fault.CRASH, 2)])
    session.hello()
    with pytest.raises(BoardFaultError, match="pc 0x08001234") as caught:
        session.stream(samples)
    report = caught.value.report
    assert (report.cfsr, report.bfar, report.last_message, report.sample) == (0x8200, 0xE0000000, "CHUNK", 2)
    assert [r is not None for r in caught.value.partial.results] == [True, True, False, False, False, False]


def test_the_report_of_an_earlier_crash_can_be_asked_for_and_cleared():
    session, samples, _, _, _ = bench(inject=[Injection(Fault.CRASH, 0)])
    session.hello()
    assert session.fault() is None
    with pytest.raises(BoardFaultError) as caught:
        session.stream(samples)
    assert session.fault() == session.fault(clear=True) == caught.value.report
    assert session.fault() is None


def test_a_board_that_is_reset_over_the_same_sample_again_and_again_loses_that_sample_alone():
    session, samples, device, _, clock = bench(n=4, compute_s=0.05)
    session.hello()
    tries = []

    class Poisoned(type(device.board)):
        def next_run(self):
            run = super().next_run()
            if run is not None and run.data == samples[1]:
                tries.append(clock.monotonic_s())
                device.reset(clock.monotonic_s())
                return None
            return run

    import harness.testing.device as kit

    original = kit.BoardConversation
    kit.BoardConversation = Poisoned
    try:
        device.reset(clock.monotonic_s())
        session.hello()
        outcome = session.stream(samples)
    finally:
        kit.BoardConversation = original
    assert len(tries) == 3
    assert list(outcome.lost) == [1]
    assert "reset 3 times" in outcome.lost[1]
    assert [r is not None for r in outcome.results] == [True, False, True, True]


def test_another_protocol_version_is_refused_with_both_numbers():
    session, *_ = bench(inject=[Injection(Fault.WRONG_PROTOCOL)])
    with pytest.raises(DeviceError, match="protocol") as caught:
        session.hello()
    assert f"version {m.PROTOCOL}" in str(caught.value)
    assert f"version {m.PROTOCOL + 1}" in str(caught.value)


def test_the_model_hash_of_hello_is_what_the_board_holds():
    session, *_ = bench(inject=[Injection(Fault.WRONG_MODEL)])
    assert session.hello().model_sha256 == b"\xff" * 32


def test_outputs_of_another_size_than_hello_said_are_a_violation_naming_both():
    session, samples, *_ = bench(inject=[Injection(Fault.WRONG_SIZE, 1)])
    session.hello()
    with pytest.raises(DeviceError) as caught:
        session.stream(samples)
    assert (caught.value.expected, caught.value.found) == ("10 B", "9 B")


def test_an_input_that_the_engine_read_wrongly_is_told_by_its_crc():
    session, samples, *_ = bench(inject=[Injection(Fault.WRONG_INPUT, 3)])
    session.hello()
    assert session.stream(samples).misread == (3,)


def test_an_engine_error_is_a_result_with_its_status():
    session, samples, *_ = bench(inject=[Injection(Fault.ENGINE_ERROR, 1)])
    session.hello()
    outcome = session.stream(samples)
    assert [r.status for r in outcome.results] == [0, m.ResultStatus.ENGINE, 0, 0, 0, 0]


def test_a_line_that_is_unplugged_in_mid_stream_is_the_benchs_error():
    session, samples, _, transport, _ = bench()
    session.hello()
    with pytest.raises(BenchError, match="unplugged"):
        session.stream(samples, on_result=lambda index, _: transport.unplug() if index == 2 else None)


def test_the_whole_stream_can_be_bounded_in_time():
    session, samples, *_ = bench(compute_s=1.0)
    session.hello()
    outcome = session.stream(samples, timeout_s=3.5)
    assert len(outcome.lost) == 3
    assert "3.5 s" in outcome.lost[5]
    assert outcome.wall_s == pytest.approx(3.5)


def test_streaming_needs_a_hello_first():
    session, samples, *_ = bench()
    with pytest.raises(MisuseError, match="hello"):
        session.stream(samples)


def test_nothing_to_stream_is_an_empty_outcome():
    session, *_ = bench()
    session.hello()
    assert session.stream([]).results == ()


def test_status_and_ping_work_with_and_without_a_session():
    session, *_ = bench(noise=1e-3, seed=7)
    for _ in range(2):
        assert session.ping(bytes(range(100))) > 0
        assert session.status().slots == ()
        session.hello()


@pytest.mark.parametrize("latency_s", [0.0, 0.001, 0.016])
@pytest.mark.parametrize(("size", "n", "least"), [(784, 60, 0.94), (27_648, 6, 0.96)])
def test_a_window_fills_the_line_behind_any_adapter_while_inference_is_shorter_than_transfer(size, n, least, latency_s):
    session, samples, *_ = bench(
        n=n, size=size, slots=4, window=None, chunk_bytes=1024, compute_s=0.02, latency_s=latency_s
    )
    session.hello()
    outcome = session.stream(samples)
    assert_each_answered_once_and_rightly(outcome, samples)
    # The last sample's answer cannot overlap anything; it weighs 1/n.
    tail_s = 0.02 + 2 * latency_s + 60 * 10 / BAUD
    assert outcome.counters.line_use(BAUD, outcome.wall_s - tail_s) >= least


def test_one_error_in_a_hundred_thousand_bytes_costs_less_than_a_twentieth_of_the_throughput():
    took_s = {}
    for noise in (0.0, 1e-5):
        session, samples, *_ = bench(
            n=1000, size=784, slots=8, window=None, chunk_bytes=1024, latency_s=0.001, noise=noise, seed=3
        )
        session.hello()
        outcome = session.stream(samples)
        assert_each_answered_once_and_rightly(outcome, samples)
        took_s[noise] = outcome.wall_s
    assert outcome.counters.frames_bad + outcome.counters.resent > 0
    assert took_s[1e-5] < took_s[0.0] / 0.95


def test_line_use_counts_each_payload_byte_once_with_ten_bits():
    session, samples, _, _, _ = bench(n=5, size=64, chunk_bytes=64, compute_s=0.0)
    session.hello()
    outcome = session.stream([random.Random(1).randbytes(64)] * 5)
    assert outcome.counters.payload_bytes == 5 * 64
    assert outcome.line_use == pytest.approx(5 * 64 * 10 / (BAUD * outcome.wall_s))
    assert samples


def test_sparse_samples_travel_as_zero_runs_and_count_as_what_travelled():
    session, *_ = bench(size=784, chunk_bytes=1024)
    session.hello()
    sparse = bytes(400) + b"\x05\x06" + bytes(382)
    outcome = session.stream([sparse] * 3)
    assert_each_answered_once_and_rightly(outcome, [sparse] * 3)
    assert outcome.counters.sample_bytes == 3 * 784
    assert outcome.counters.payload_bytes < 3 * 20


def test_a_tap_sees_every_byte_of_both_ways():
    clock = ManualClock()
    device = FakeDevice(hello_for([8], [10]), network)
    seen = {"tx": b"", "rx": b""}

    def tap(direction, data, now_s):
        seen[direction] += data

    session = Session(MemoryTransport(device, clock), clock, tap=tap)
    session.hello()
    session.stream(samples_of(2, 8))
    assert len(seen["tx"]) == session.counters.bytes_tx
    assert len(seen["rx"]) == session.counters.bytes_rx

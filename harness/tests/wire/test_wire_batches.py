"""CHUNKS: what the host puts into one frame, and that nothing is lost or done twice however it is split and damaged."""

import random
import zlib
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import ENCODINGS, FakeDevice, Fault, Injection, hello_for
from harness.testing.link import Direction, MemoryTransport
from harness.testing.noise import Noise
from harness.wire import messages as m
from harness.wire.batches import FrameSize, begun_at_most
from harness.wire.board import BoardConversation
from harness.wire.conversation import HostConversation
from harness.wire.dump import dump
from harness.wire.framing import FrameDecoder, encode_frame

HELLO = replace(hello_for([64], [4], slots=8, chunk_bytes=32), max_frame=1024)


def frame(message, seq=0):
    return encode_frame(message.TYPE, seq, message.encode_body())


def decoded(data):
    return [m.decode(f.type, f.body) for f in FrameDecoder(65_535).push(data)]


def said(host, now_s=0.0):
    out = []
    while data := host.data_to_send(now_s):
        out += decoded(data)
    return out


def greeted(hello=HELLO, samples=20, size=64, **options):
    """A host in session with random samples, which no encoding shortens, to send."""
    host = HostConversation(draw_session=lambda: 7, **options)
    host.send_hello(0.0)
    said(host)
    host.receive_data(frame(replace(hello, session=7)), 0.0)
    for key in range(samples):
        host.send_sample(key, random.Random(key).randbytes(size))
    return host


def answer(host, *samples):
    for sample in samples:
        host.receive_data(frame(m.Result(sample, 0, 1, 10, 0, 4, 0, b"abcd")), 0.1)


def shape(messages, hello=HELLO):
    """For each message with chunks, (sample, offset) of all it carries."""
    out = []
    for message in messages:
        if isinstance(message, m.Chunk):
            out.append([(message.sample, message.offset)])
        elif isinstance(message, m.Chunks):
            per_sample = -(-64 // hello.chunk_bytes)
            numbers = [message.sample * per_sample + message.chunk + i for i in range(len(message.items))]
            out.append([(n // per_sample, n % per_sample * hello.chunk_bytes) for n in numbers])
    return out


# -- what leaves together ----------------------------------------------------------------------------------------------


def test_frames_begin_few_samples_at_first_and_a_quarter_of_the_window_later():
    host = greeted()
    assert [[s for s, at in f if at == 0] for f in shape(said(host))] == [[0], [1], [2], [3], [4, 5], [6, 7]]


@pytest.mark.parametrize(
    ("size", "under_way", "most"), [(1, 0, 1), (2, 2, 1), (7, 7, 1), (8, 3, 1), (8, 8, 2), (32, 20, 8)]
)
def test_a_frame_begins_one_sample_at_least_and_a_quarter_of_the_window_or_half_of_those_under_way_at_most(
    size, under_way, most
):
    assert begun_at_most(size, under_way, ends_another=False) == most
    assert begun_at_most(size, under_way, ends_another=True) == (most if size // 4 and under_way // 2 else 0)


def test_a_frame_that_has_room_waits_for_the_credits_to_fill_it():
    host = greeted()
    said(host)
    answer(host, 0)
    assert said(host) == []
    answer(host, 1)
    assert shape(said(host)) == [[(8, 0), (8, 32), (9, 0), (9, 32)]]


def test_nothing_waits_for_samples_that_do_not_come():
    host = greeted(samples=9)
    said(host)
    answer(host, 0)
    assert shape(said(host)) == [[(8, 0), (8, 32)]]


def test_a_frame_that_is_full_does_not_wait_for_credits():
    # 32 random bytes and 64 make no frame of 96 bytes.
    host = greeted(replace(HELLO, max_frame=96))
    assert all(sum(at == 0 for _, at in f) <= 1 for f in shape(said(host)))
    answer(host, 0)
    assert shape(said(host)) == [[(8, 0), (8, 32)]]


def test_the_rest_of_a_sample_begun_does_not_wait_for_credits():
    host = greeted(replace(HELLO, max_frame=48, slots=2))
    said(host)
    answer(host, 0)
    assert shape(said(host)) == [[(2, 0)], [(2, 32)]]


def test_no_frame_is_larger_than_the_board_takes():
    for max_frame in (48, 96, 100, 512):
        host = greeted(replace(HELLO, max_frame=max_frame))
        while data := host.data_to_send(0.0):
            for f in FrameDecoder(max_frame).push(data):
                assert isinstance(m.decode(f.type, f.body), m.Chunk | m.Chunks)


def test_a_board_without_the_capability_gets_chunks_one_by_one():
    host = greeted(replace(HELLO, capabilities=ENCODINGS))
    assert all(isinstance(message, m.Chunk) for message in said(host))


def test_samples_of_another_size_than_the_board_expects_travel_alone():
    host = greeted(size=40)
    assert all(isinstance(message, m.Chunk) for message in said(host))


def test_chunks_longer_than_a_piece_can_say_and_further_than_it_can_count_travel_alone():
    for chunk_bytes, size in ((9000, 18_000), (1, 0x10000 + 40)):
        hello = replace(hello_for([size // 4, 4], [4], slots=2, chunk_bytes=chunk_bytes), max_frame=60_000)
        host = greeted(hello, samples=1, size=size)
        messages = [message for message in said(host) if isinstance(message, m.Chunk | m.Chunks)]
        assert sum(len(message.items) if isinstance(message, m.Chunks) else 1 for message in messages) == -(
            -size // chunk_bytes
        )
        assert isinstance(messages[-1], m.Chunk)


# -- damage ------------------------------------------------------------------------------------------------------------


def test_damage_brings_every_chunk_of_its_frame_again_and_one_by_one():
    host = greeted()
    messages = said(host)
    seq = 1 + next(i for i, message in enumerate(messages) if isinstance(message, m.Chunks) and message.sample == 4)
    host.receive_data(frame(m.Damaged(seq)), 0.1)
    assert shape(said(host)) == [[(4, 0)], [(4, 32)], [(5, 0)], [(5, 32)]]
    assert host.counters.resent == 4
    host.receive_data(frame(m.Damaged(seq)), 0.1)
    assert said(host) == [], "it was said again already"


def test_a_result_lost_among_those_of_one_frame_is_asked_for_when_a_later_one_of_them_comes():
    host = greeted(samples=8)
    said(host)
    answer(host, 0, 1, 2, 3)
    said(host)
    answer(host, 5)
    assert said(host) == [m.StatusRequest()]


def test_payload_counts_the_data_alone():
    host = greeted(samples=8)
    said(host)
    assert (host.counters.payload_bytes, host.counters.sample_bytes, host.counters.chunks) == (512, 512, 16)


@pytest.mark.parametrize(("rate", "best"), [(1e-5, 1414), (1e-4, 447), (1e-3, 141)])
def test_a_frames_size_settles_near_what_is_best_for_the_damage(rate, best):
    size, draw = FrameSize(), random.Random(1)
    size.begin(4096)
    seen = []
    for _ in range(20_000):
        seen.append(size.n_bytes)
        size.left()
        if draw.random() < 1 - (1 - rate) ** size.n_bytes:
            size.damaged()
    assert best / 1.5 < sum(seen[1000:]) / len(seen[1000:]) < best * 1.5


def test_a_frames_size_stays_within_its_bounds_and_is_remembered_over_a_reset_of_the_board():
    size = FrameSize()
    size.begin(512)
    assert size.n_bytes == 256
    for _ in range(50):
        size.damaged()
    assert size.n_bytes == FrameSize.LEAST
    size.begin(512)
    assert size.n_bytes == FrameSize.LEAST
    for _ in range(500):
        size.left()
    assert size.n_bytes == 512
    size.begin(100)
    assert size.n_bytes == 100


# -- the board ---------------------------------------------------------------------------------------------------------


def serving(hello=HELLO):
    board = BoardConversation(hello)
    board.receive_data(frame(m.HelloRequest(m.PROTOCOL, 7)))
    board.data_to_send()
    return board


def raw(n):
    return (0, bytes([n]) * 32)


def test_pieces_are_the_chunks_that_follow_one_another_over_the_end_of_a_sample():
    board = serving()
    board.receive_data(frame(m.Chunks(5, 1, (raw(1), raw(2), raw(3), raw(4))), 1) + frame(m.Chunk(5, 0, *raw(0)), 2))
    first = board.next_run()
    assert (first.sample, first.data) == (5, b"\0" * 32 + b"\1" * 32)
    board.finish(5, 0, 1, 0, b"abcd")
    second = board.next_run()
    assert (second.sample, second.data) == (6, b"\2" * 32 + b"\3" * 32)
    board.finish(6, 0, 1, 0, b"abcd")
    board.receive_data(frame(m.StatusRequest(), 3))
    status = decoded(board.data_to_send())[-1]
    assert [(slot.sample, slot.missing) for slot in status.slots] == [(7, (32,))]


@pytest.mark.parametrize(
    ("chunks", "code", "kept"),
    [
        (m.Chunks(5, 0, (raw(1), raw(2), (0, b"x"), raw(4))), m.ErrorCode.BAD_CHUNK, [(5, ())]),
        (m.Chunks(5, 0, (raw(1), (7, b""), raw(2), raw(4))), m.ErrorCode.BAD_CHUNK, [(5, (32,))]),
        (m.Chunks(5, 2, (raw(1),)), m.ErrorCode.BAD_CHUNK, []),
    ],
)
def test_a_refused_piece_ends_its_frame_and_what_came_before_it_stays(chunks, code, kept):
    board = serving(replace(HELLO, max_frame=1024))
    board.receive_data(frame(chunks, 1))
    (error,) = decoded(board.data_to_send())
    assert (error.code, error.type, error.seq) == (code, m.Chunks.TYPE, 1)
    board.receive_data(frame(m.StatusRequest(), 2))
    (status,) = decoded(board.data_to_send())
    assert [(slot.sample, slot.missing) for slot in status.slots] == kept


def test_the_first_sample_that_is_over_ends_its_frame():
    board = serving()
    board.receive_data(frame(m.Chunk(20, 0, *raw(0)), 1) + frame(m.Chunks(12, 0, (raw(1),) * 4), 2))
    (error,) = decoded(board.data_to_send())
    assert (error.code, error.seq) == (m.ErrorCode.UNKNOWN_SAMPLE, 2)


def test_a_body_whose_last_piece_is_cut_off_changes_nothing():
    board = serving()
    body = m.Chunks(5, 0, (raw(1), raw(2))).encode_body()
    for cut in range(len(body) - 1, 5, -1):
        if cut != 6 + 34:
            board.receive_data(encode_frame(m.Chunks.TYPE, 1, body[:cut]))
    assert {error.code for error in decoded(board.data_to_send())} >= {m.ErrorCode.MALFORMED}
    board.receive_data(frame(m.StatusRequest(), 2))
    assert decoded(board.data_to_send())[-1].slots == ()


def test_an_answered_sample_among_the_pieces_is_answered_again_and_the_next_goes_on():
    board = serving()
    board.receive_data(frame(m.Chunks(5, 0, (raw(1), raw(2))), 1))
    board.finish(board.next_run().sample, 0, 1, 0, b"abcd")
    board.data_to_send()
    board.receive_data(frame(m.Chunks(5, 1, (raw(2), raw(3), raw(4))), 2))
    assert [(r.sample, r.data) for r in decoded(board.data_to_send())] == [(5, b"abcd")]
    assert board.next_run().sample == 6


def test_a_dump_says_what_each_piece_is():
    chunks = m.Chunks(5, 1, ((0, b"\xaa\xbb"), (1, bytes(20))))
    line = next(iter(dump([(True, 0.0, frame(chunks, 3))])))
    assert "CHUNKS sample=5 chunk=1 items=[raw aabb, zero_runs 00000000000000000000000000000000... (20 B)]" in line


# -- both together -----------------------------------------------------------------------------------------------------


def network(data):
    return zlib.crc32(data).to_bytes(4, "little")


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-4, 1e-3, 5e-3]),
    slots=st.sampled_from([1, 3, 4, 8, 16]),
    window=st.sampled_from([None, 5]),
    chunk_bytes=st.sampled_from([5, 16, 64]),
    room=st.sampled_from([0, 40, 400]),
    size=st.integers(1, 150),
    compute_s=st.sampled_from([0.0, 0.002, 0.05]),
    reset=st.none() | st.integers(0, 1500),
)
# Five answers in a row were damaged, and that was taken for silence.
@example(
    seed=113, noise=5e-3, slots=3, window=None, chunk_bytes=16, room=40, size=113, compute_s=0.05, reset=61
)  # fmt: skip
def test_however_samples_are_put_together_and_damaged_each_is_scored_once_and_rightly(
    seed, noise, slots, window, chunk_bytes, room, size, compute_s, reset
):
    hello = hello_for([size], [4], slots=slots, chunk_bytes=chunk_bytes)
    hello = replace(hello, max_frame=hello.max_frame + room)
    clock, draw = ManualClock(), random.Random(seed)
    inject = [] if reset is None else [Injection(Fault.RESET, reset)]
    device = FakeDevice(hello, network, compute_s=compute_s, inject=inject)
    lines = [Direction(11_520, 0.004, Noise(noise, seed + i)) for i in range(2)]
    session = Session(MemoryTransport(device, clock, up=lines[0], down=lines[1]), clock, window=window)
    session.hello(timeout_s=20.0)
    samples = [draw.randbytes(size) if i % 3 else bytes(size - 1) + bytes([i]) for i in range(30)]
    scored = []
    outcome = session.stream(samples, lambda index, result: scored.append(index))
    assert outcome.lost == {}
    assert sorted(scored) == list(range(30))
    assert [r.outputs for r in outcome.results] == [network(sample) for sample in samples]


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(1, 18), st.booleans(), st.none() | st.integers(0, 150)), max_size=40),
)
def test_any_split_of_samples_into_frames_with_any_damage_is_taken_as_the_same_samples(attempts):
    """Whatever a host puts together, not only what ours does. Each attempt: pieces, as CHUNKS or CHUNK, the byte hit."""
    board = serving(replace(hello_for([10], [4], slots=6, chunk_bytes=4), max_frame=512))
    samples = [random.Random(n).randbytes(10) for n in range(6)]
    pieces = [(n, at, samples[n][at : at + 4]) for n in range(6) for at in (0, 4, 8)]
    seen = {}
    for seq, (k, several, hit) in enumerate([*attempts, (18, True, None)], 1):
        if not pieces:
            break
        (n, at, piece), k = pieces[0], k if several else 1
        follow = tuple((0, data) for _, _, data in pieces[:k])
        sent = bytearray(frame(m.Chunks(n, at // 4, follow) if several else m.Chunk(n, at, 0, piece), seq))
        if hit is not None and hit < len(sent) - 1:
            sent[hit] = sent[hit] ^ 0x41 or 0x01
        else:
            pieces = pieces[k:]
        board.receive_data(bytes(sent))
        while (run := board.next_run()) is not None:
            assert run.sample not in seen
            seen[run.sample] = run.data
            board.finish(run.sample, 0, 1, 0, b"abcd")
    assert seen == dict(enumerate(samples))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), st.binary(max_size=120)), max_size=10))
def test_hostile_pieces_neither_raise_nor_take_more_than_the_slots(bodies):
    board = serving()
    for seq, (sample, chunk, rest) in enumerate(bodies):
        body = sample.to_bytes(4, "little") + chunk.to_bytes(2, "little") + rest
        board.receive_data(encode_frame(m.Chunks.TYPE, 1 + seq, body))
        assert len(board._slots) <= HELLO.slots
        run = board.next_run()
        if run is not None:
            board.finish(run.sample, 0, 1, 0, b"abcd")
        assert len(decoded(board.data_to_send())) <= 2 + len(rest)

"""Whatever the line brings: no exception, and no memory that grows with it. Raw bytes and frames with a good CRC."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.testing.device import hello_for
from harness.wire import messages as m
from harness.wire.board import BoardConversation
from harness.wire.conversation import HostConversation
from harness.wire.framing import BadFrame, Frame, FrameDecoder, encode_frame

HELLO = hello_for([64], [10], slots=2, chunk_bytes=16)
SESSION = 7
#: What the decoder of either side may hold beyond a frame: nothing that depends on the stream's length.
GROWTH_MAX_BYTES = 100_000


def greeted():
    host = HostConversation(window=None, draw_session=lambda: SESSION)
    host.send_hello(0.0, 5.0)
    host.data_to_send(0.0)
    host.receive_data(encode_frame(m.Hello.TYPE, 0, HELLO.encode_body().replace(bytes(4), b"\7\0\0\0", 1)), 0.0)
    while host.next_event() is not None:
        pass
    return host


def hostile_stream(seed, n_frames, types):
    """Frames of all those types with bodies that are mostly near the truth, and noise between them."""
    draw = random.Random(seed)
    for _ in range(n_frames):
        body = bytes(draw.choice((0, 0, 1, 2, 10, 255, draw.randrange(256))) for _ in range(draw.randrange(70)))
        yield encode_frame(draw.choice(types), draw.randrange(65536), body)
        yield draw.randbytes(draw.randrange(8))


@settings(max_examples=300)
@given(st.binary(max_size=4000), st.integers(0, 600))
def test_every_byte_is_accounted_for_by_a_frame_a_bad_frame_or_the_one_begun(data, max_frame):
    decoder = FrameDecoder(max_frame)
    for event in decoder.push(data):
        assert isinstance(event, Frame | BadFrame)
        if isinstance(event, Frame):
            assert len(event.body) + 7 <= max_frame
    assert decoder.buffered <= max_frame


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=200), max_size=30))
def test_bytes_of_any_kind_do_not_make_a_greeted_host_raise(pieces):
    host = greeted()
    host.send_sample(0, bytes(64))
    for i, data in enumerate(pieces):
        host.receive_data(data, 0.01 * i)
        host.data_to_send(0.01 * i)
        host.tick(0.01 * i)


@pytest.mark.parametrize("role", ["host", "board"])
def test_ten_times_the_hostile_frames_take_no_more_memory(role):
    of_board = [code for code in (*m.TABLE, 0xFF) if code & 0x80]
    of_host = [code for code in (*m.TABLE, 0x7F) if not code & 0x80]

    def feed(target, seed, n_frames):
        for data in hostile_stream(seed, n_frames, of_board if role == "host" else of_host):
            if role == "host":
                target.receive_data(data, 0.0)
                target.data_to_send(0.0, 1 << 20)
                while target.next_event() is not None:
                    pass
            else:
                target.receive_data(data)
                run = target.next_run()
                if run is not None:
                    target.finish(run.sample, 0, 1, 0, bytes(10))
                target.data_to_send()

    target = greeted() if role == "host" else BoardConversation(HELLO)
    if role == "host":
        for key in range(4):
            target.send_sample(key, bytes(64))
    else:
        target.receive_data(encode_frame(m.HelloRequest.TYPE, 0, m.HelloRequest(m.PROTOCOL, SESSION).encode_body()))
    feed(target, 1, 500)
    tracemalloc.start()
    try:
        feed(target, 2, 500)
        before, _ = tracemalloc.get_traced_memory()
        feed(target, 3, 5000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < GROWTH_MAX_BYTES


def test_a_frame_without_end_is_not_kept():
    decoder = FrameDecoder(512)
    for _ in range(1000):
        assert decoder.push(b"\xff" * 1000) == []
        assert decoder.buffered <= 512
    (event,) = decoder.push(b"\0")
    assert isinstance(event, BadFrame)
    assert event.n_bytes == 1_000_000

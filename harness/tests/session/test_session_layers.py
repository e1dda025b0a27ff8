"""Reading layers over a line that loses bytes, from a board that is reset, forgets and contradicts itself."""

import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.errors import DeviceError
from harness.session.layers import LayerReader
from harness.session.verbs import BoardRefusedError, BoardSilentError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.wire import messages as m
from harness.wire.layer_show import ShownLayer

BAUD = 115_200
SAMPLE = bytes(range(100))


def network(data):
    return zlib.crc32(data).to_bytes(4, "little")


def shown(sizes):
    """A network whose layer i writes ``sizes[i]`` bytes that depend on the input."""
    return lambda data: [
        ShownLayer(op=i, data=bytes((i * 7 + k * 13 + data[0]) & 0xFF for k in range(n)), cycles=100 + i)
        for i, n in enumerate(sizes)
    ]


def bench(sizes=(5, 700, 3000), *, noise=0.0, seed=0, inject=(), show="yes"):
    clock = ManualClock()
    hello = hello_for([len(SAMPLE)], [4], chunk_bytes=64)
    show_layers = shown(sizes) if show == "yes" else show
    device = FakeDevice(hello, network, compute_s=0.002, inject=inject, show_layers=show_layers)
    up, down = (Direction(BAUD / 10, 0.0, Noise(noise, seed + i)) for i in range(2))
    session = Session(MemoryTransport(device, clock, up=up, down=down, baud=BAUD), clock)
    session.hello()
    return session, device, clock


def assert_all_is_read(session, sizes, sample=SAMPLE):
    reader, truth = LayerReader(session, sample), shown(sizes)(sample)
    rows = reader.rows()
    assert rows == tuple(m.LayerRun(s.op, len(s.data), s.cycles, zlib.crc32(s.data)) for s in truth)
    for index, layer in enumerate(truth):
        assert reader.data(index) == layer.data


def test_rows_and_data_are_what_the_layers_wrote():
    session, device, _ = bench()
    assert_all_is_read(session, (5, 700, 3000))
    assert device.seen == [SAMPLE], "the sample is sent once, not for every question"


def test_a_network_of_more_layers_than_one_answer_lists_is_read_in_parts():
    sizes = tuple(range(1, 80))
    assert_all_is_read(bench(sizes)[0], sizes)


def test_a_layer_without_bytes_is_empty():
    assert LayerReader(bench((0, 1))[0], SAMPLE).data(0) == b""


def test_after_another_sample_the_right_one_is_sent_again():
    session, device, _ = bench()
    first, second = LayerReader(session, SAMPLE), LayerReader(session, SAMPLE[::-1])
    before = first.data(1)
    assert second.data(1) != before
    assert first.data(1) == before
    assert device.seen == [SAMPLE, SAMPLE[::-1], SAMPLE]


@settings(max_examples=25)
@example(4526)  # five answers in a row were damaged: that is no silent board
@given(st.integers(0, 10_000))
def test_noise_on_the_line_changes_nothing_that_is_read(seed):
    session, _, _ = bench(noise=0.002, seed=seed)
    assert_all_is_read(session, (5, 700, 3000))


def test_a_reset_between_two_questions_is_survived():
    session, device, clock = bench()
    reader = LayerReader(session, SAMPLE)
    reader.rows()
    device.reset(clock.monotonic_s())
    assert reader.data(2) == shown((5, 700, 3000))(SAMPLE)[2].data
    assert device.seen == [SAMPLE, SAMPLE]


def test_a_stream_goes_on_afterwards():
    session, _, _ = bench()
    LayerReader(session, SAMPLE).rows()
    assert session.stream([SAMPLE, SAMPLE[::-1]]).lost == {}


def test_an_engine_without_layers_says_so():
    session, _, _ = bench(show=None)
    with pytest.raises(BoardRefusedError, match="no_layer") as caught:
        LayerReader(session, SAMPLE).rows()
    assert caught.value.code == m.ErrorCode.NO_LAYER


def test_a_layer_that_is_another_each_time_is_a_contradiction():
    runs = iter(range(100))
    session, _, _ = bench(show=lambda data: [ShownLayer(3, bytes([next(runs)]) * 10, 1)])
    with pytest.raises(DeviceError, match="contradicts itself"):
        LayerReader(session, SAMPLE).data(0)


def test_an_input_that_the_engine_misreads_is_not_looked_into():
    session, _, _ = bench(inject=[Injection(Fault.WRONG_INPUT, 0)])
    with pytest.raises(DeviceError, match="contradicts itself"):
        LayerReader(session, SAMPLE).rows()


def test_a_board_that_falls_silent_is_told_as_silent():
    session, device, _ = bench()
    reader = LayerReader(session, SAMPLE)
    reader.rows()
    device.send = lambda now_s: b""
    with pytest.raises(BoardSilentError, match="LAYERDATA"):
        reader.data(1)

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.testing.device import hello_for
from harness.wire.differences import encode_differences
from harness.wire.encodings import Choice, Encoding, decode_chunk, encode_chunk, needed, strides_of
from harness.wire.messages import Capability, DType, TensorSpec
from harness.wire.rle import encode_fill_runs, encode_zero_runs

COMPACT = [encoding for encoding in Encoding if encoding is not Encoding.RAW]
SAMPLES = {
    Encoding.RAW: bytes(range(64, 128, 7)) + bytes(range(9, 250, 31)),
    Encoding.ZERO_RUNS: bytes(300) + b"\x55\xaa",
    Encoding.FILL_RUNS: b"\x80" * 300 + b"\x55\xaa",
    Encoding.DIFFERENCES: bytes(range(256)),
}
data_of_any_kind = st.one_of(
    st.binary(max_size=300),
    st.tuples(st.integers(0, 255), st.integers(0, 300)).map(lambda run: bytes([run[0]]) * run[1]),
    st.tuples(st.integers(0, 255), st.integers(1, 9)).map(lambda ramp: bytes((ramp[0] + i // ramp[1]) & 0xFF for i in range(200))),
)  # fmt: skip


@given(data_of_any_kind, st.sets(st.sampled_from(COMPACT)))
def test_the_shortest_allowed_form_is_chosen_and_comes_back(data, allowed):
    encoding, encoded = encode_chunk(data, sorted(allowed))
    assert encoding is Encoding.RAW or encoding in allowed
    assert decode_chunk(encoding, encoded, len(data)) == data
    forms = {
        Encoding.ZERO_RUNS: encode_zero_runs(data),
        Encoding.FILL_RUNS: encode_fill_runs(data),
        Encoding.DIFFERENCES: encode_differences(data, (1, 3, 4)),
    }
    assert len(encoded) == min([len(data), *(len(forms[e]) for e in allowed)])


@pytest.mark.parametrize("encoding", Encoding)
def test_each_form_has_data_that_it_suits_best(encoding):
    assert encode_chunk(SAMPLES[encoding])[0] is encoding


@given(st.integers(0, 255), st.binary(max_size=100), st.integers(0, 300))
def test_any_bytes_decode_to_exactly_the_size_or_to_nothing(encoding, data, n_bytes):
    decoded = decode_chunk(encoding, data, n_bytes)
    assert decoded is None or len(decoded) == n_bytes


@pytest.mark.parametrize("missing", COMPACT)
def test_a_board_that_lacks_a_form_gets_another(missing):
    every = Capability.ZERO_RUNS | Capability.FILL_RUNS | Capability.DIFFERENCES
    hello = hello_for([300], [1], capabilities=every & ~needed(missing))
    assert Choice.of("auto", hello).encode(SAMPLES[missing])[0] is not missing
    assert Choice.of("auto", replace(hello, capabilities=every)).encode(SAMPLES[missing])[0] is missing


def test_an_older_board_with_zero_runs_alone_gets_those_or_raw():
    choice = Choice.of("auto", hello_for([300], [1], capabilities=Capability.ZERO_RUNS))
    assert {choice.encode(data)[0] for data in SAMPLES.values()} == {Encoding.RAW, Encoding.ZERO_RUNS}


@pytest.mark.parametrize("wish", ["raw", "zero_runs", "fill_runs", "differences"])
def test_only_the_form_that_was_named_is_used(wish):
    choice = Choice.of(wish, hello_for([300], [1]))
    assert {choice.encode(data)[0] for data in SAMPLES.values()} == {Encoding.RAW, Encoding[wish.upper()]}


def test_strides_follow_the_innermost_dimensions_and_the_size_of_an_element():
    image = TensorSpec(DType.INT8, (1, 96, 96, 3), 1.0, 0, "image")
    assert strides_of([image]) == (1, 3, 4, 288)
    assert strides_of([replace(image, dtype=DType.INT16)]) == (1, 3, 4, 2, 6, 576)
    assert strides_of([replace(image, dims=(49, 10), dtype=DType.FLOAT32)]) == (1, 3, 4, 40)
    assert strides_of([replace(image, dims=(), dtype=99), image]) == (1, 3, 4, 288)
    assert max(strides_of([replace(image, dims=(1, 60_000, 2, 60_000))])) <= 0xFFFF

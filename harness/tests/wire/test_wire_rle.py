import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.rle import decode_fill_runs, decode_zero_runs, encode_fill_runs, encode_zero_runs

from . import vectors

ROWS = [(decode, *row) for kind, decode in (("zero_runs", decode_zero_runs), ("fill_runs", decode_fill_runs))
        for row in vectors.rows(kind)]  # fmt: skip

stretches = st.one_of(st.binary(max_size=300), st.tuples(st.binary(min_size=1, max_size=1), st.integers(0, 400)))
sparse = st.lists(stretches, max_size=6).map(
    lambda parts: b"".join(part if isinstance(part, bytes) else part[0] * part[1] for part in parts)
)


@pytest.mark.parametrize(("decode", "name", "data", "expected"), ROWS, ids=[row[1] for row in ROWS])
def test_a_vector_decodes_to_what_it_says(decode, name, data, expected):
    n_bytes, text = expected.split()
    assert decode(data, int(n_bytes)) == (None if text == "bad" else vectors.hexed(text))


@given(sparse)
def test_zero_runs_come_back_as_they_were_and_grow_by_1_in_128_at_most(data):
    encoded = encode_zero_runs(data)
    assert decode_zero_runs(encoded, len(data)) == data
    assert len(encoded) <= len(data) + (len(data) + 127) // 128


@given(sparse)
def test_fill_runs_come_back_as_they_were_and_grow_by_1_more(data):
    encoded = encode_fill_runs(data)
    assert decode_fill_runs(encoded, len(data)) == data
    assert len(encoded) <= 1 + len(data) + (len(data) + 127) // 128


@given(sparse, st.integers(0, 255))
def test_fill_runs_gain_as_much_from_any_background(data, shift):
    shifted = bytes(byte ^ shift for byte in data)
    # Of two bytes that are as frequent the first seen is the fill, in both alike.
    assert len(encode_fill_runs(shifted)) == len(encode_fill_runs(data))


@given(st.binary(max_size=100), st.integers(0, 300))
def test_any_bytes_decode_to_exactly_the_size_or_to_nothing(data, n_bytes):
    for decode in (decode_zero_runs, decode_fill_runs):
        decoded = decode(data, n_bytes)
        assert decoded is None or len(decoded) == n_bytes


def test_a_run_of_129_and_a_lone_zero_stay_one_chunk():
    for n_zeros in range(2, 400):
        assert decode_zero_runs(encode_zero_runs(bytes(n_zeros) + b"\x01"), n_zeros + 1) == bytes(n_zeros) + b"\x01"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.rle import Encoding, decode_chunk, decode_zero_runs, encode_chunk, encode_zero_runs

from . import vectors

ROWS = list(vectors.rows("zero_runs"))

sparse = st.lists(st.one_of(st.binary(max_size=300), st.integers(0, 400).map(bytes)), max_size=6).map(b"".join)


@pytest.mark.parametrize(("name", "data", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_vector_decodes_to_what_it_says(name, data, expected):
    n_bytes, text = expected.split()
    assert decode_zero_runs(data, int(n_bytes)) == (None if text == "bad" else vectors.hexed(text))


@given(sparse)
def test_zero_runs_come_back_as_they_were_and_grow_by_1_in_128_at_most(data):
    encoded = encode_zero_runs(data)
    assert decode_zero_runs(encoded, len(data)) == data
    assert len(encoded) <= len(data) + (len(data) + 127) // 128


@given(sparse)
def test_the_shorter_form_is_chosen(data):
    encoding, encoded = encode_chunk(data)
    assert decode_chunk(encoding, encoded, len(data)) == data
    assert len(encoded) <= len(data)
    assert (encoding is Encoding.ZERO_RUNS) == (len(encode_zero_runs(data)) < len(data))


def test_a_board_without_zero_runs_gets_raw():
    assert encode_chunk(bytes(100), zero_runs=False) == (Encoding.RAW, bytes(100))


@given(st.integers(0, 255), st.binary(max_size=100), st.integers(0, 300))
def test_any_bytes_decode_to_exactly_the_size_or_to_nothing(encoding, data, n_bytes):
    decoded = decode_chunk(encoding, data, n_bytes)
    assert decoded is None or len(decoded) == n_bytes


def test_a_run_of_129_and_a_lone_zero_stay_one_chunk():
    for n_zeros in range(2, 400):
        assert decode_zero_runs(encode_zero_runs(bytes(n_zeros) + b"\x01"), n_zeros + 1) == bytes(n_zeros) + b"\x01"

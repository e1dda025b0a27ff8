import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.differences import decode_differences, encode_differences

from . import vectors

ROWS = list(vectors.rows("differences"))
strides = st.integers(1, 0xFFFF) | st.integers(1, 20)
smooth = st.lists(st.integers(-6, 6), max_size=400).map(
    lambda steps: bytes(sum(steps[:i]) & 0xFF for i in range(len(steps)))
)


@pytest.mark.parametrize(("name", "data", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_vector_decodes_to_what_it_says(name, data, expected):
    n_bytes, text = expected.split()
    assert decode_differences(data, int(n_bytes)) == (None if text == "bad" else vectors.hexed(text))


@given(st.one_of(st.binary(max_size=400), smooth), st.lists(strides, max_size=4))
def test_any_data_comes_back_and_grows_by_2_and_1_in_16_at_most(data, some):
    encoded = encode_differences(data, some)
    assert decode_differences(encoded, len(data)) == data
    assert len(encoded) <= len(data) + 2 + (len(data) + 15) // 16


@given(st.binary(max_size=100), st.integers(0, 300))
def test_any_bytes_decode_to_exactly_the_size_or_to_nothing(data, n_bytes):
    decoded = decode_differences(data, n_bytes)
    assert decoded is None or len(decoded) == n_bytes


@given(strides, st.lists(st.integers(0, 8), min_size=1, max_size=20), st.integers(1, 8), st.randoms())
def test_whatever_has_the_right_size_decodes_and_no_byte_more_or_less_does(stride, widths, last, random):
    n_bytes = 8 * (len(widths) - 1) + last
    sizes = [*widths[:-1], (last * widths[-1] + 7) // 8]
    halves = [*widths, 0]
    head = bytes(halves[i] | halves[i + 1] << 4 for i in range(0, len(widths), 2))
    encoded = stride.to_bytes(2, "little") + head + random.randbytes(sum(sizes))
    decoded = decode_differences(encoded, n_bytes)
    assert decoded is not None
    # The widths are not more than needed only if the encoder made them: its own form is never longer.
    assert len(encode_differences(decoded, [stride])) <= len(encoded)
    assert decode_differences(encoded + b"\0", n_bytes) is None
    assert decode_differences(encoded[:-1], n_bytes) is None


def test_the_stride_that_makes_it_shortest_is_chosen():
    colours = bytes(value for i in range(100) for value in (i, 255 - i, 77))
    assert encode_differences(colours, [1, 3, 4])[:2] == b"\3\0"
    assert encode_differences(colours, [4, 3, 1]) == encode_differences(colours, [1, 3, 4])
    assert len(encode_differences(colours, [3])) < 0.35 * len(colours)


def test_a_chunk_has_65535_bytes_at_most():
    assert decode_differences(b"\1\0" + bytes(4096), 0xFFFF) == bytes(0xFFFF)
    assert decode_differences(b"\1\0" + bytes(4096), 0x10000) is None

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.wire.framing import (
    HELLO_MAX_FRAME,
    OVERHEAD,
    BadFrame,
    Frame,
    FrameDecoder,
    cobs_encode,
    cobs_encoded_len,
    encode_frame,
)

from . import vectors

STREAMS = list(vectors.rows("stream"))


def told(events):
    """Decoder events in the words of frames.txt."""
    parts = []
    for event in events:
        if isinstance(event, Frame):
            parts.append(f"good {event.type:02x} {event.seq} {event.body.hex() or '-'}")
        else:
            parts.append(f"bad {event.reason} {event.n_bytes}")
    return "; ".join(parts) or "-"


def slow_cobs(data):
    """COBS by the book, a byte at a time: written differently from the one under test."""
    out, group = bytearray(), bytearray()
    for i, byte in enumerate(data):
        if byte:
            group.append(byte)
        if byte == 0 or (len(group) == 254 and i + 1 < len(data)):
            out += bytes([len(group) + 1]) + group
            group = bytearray()
            if byte == 0 and i + 1 == len(data):
                return bytes(out + b"\x01")
    return bytes(out + bytes([len(group) + 1]) + group)


def test_the_crc_is_the_one_that_the_spec_names():
    assert zlib.crc32(b"123456789") == 0xCBF43926
    assert encode_frame(0x31, 0x3332, b"456789").endswith(bytes.fromhex("2639f4cb00"))


@pytest.mark.parametrize(("name", "data", "expected"), STREAMS, ids=[row[0] for row in STREAMS])
def test_a_vector_decodes_alike_whole_byte_by_byte_and_behind_silence(name, data, expected):
    assert told(FrameDecoder(HELLO_MAX_FRAME).push(data)) == expected
    decoder = FrameDecoder(HELLO_MAX_FRAME)
    assert told([event for byte in data for event in decoder.push(bytes([byte]))]) == expected
    assert told(FrameDecoder(HELLO_MAX_FRAME).push(b"\0\0\0" + data)) == expected


@pytest.mark.parametrize(("name", "data", "expected"), STREAMS, ids=[row[0] for row in STREAMS])
def test_a_vector_decodes_alike_with_noise_before_it(name, data, expected):
    noise = FrameDecoder(HELLO_MAX_FRAME).push(b"noise\0")
    assert len(noise) == 1
    assert isinstance(noise[0], BadFrame)
    assert told(FrameDecoder(HELLO_MAX_FRAME).push(b"noise\0" + data)) == told(noise) + (
        "" if expected == "-" else "; " + expected
    )


@pytest.mark.parametrize(("name", "data", "expected"), STREAMS, ids=[row[0] for row in STREAMS])
def test_a_vector_of_one_good_frame_is_what_the_encoder_writes(name, data, expected):
    if expected.startswith("good") and ";" not in expected and name != "between_delimiters":
        _, type_, seq, body = expected.split()
        written = encode_frame(int(type_, 16), int(seq), vectors.hexed(body))
        # The decoder also takes a form that the encoder does not choose.
        assert (written == data) != name.endswith("_with_empty_group")


@pytest.mark.parametrize("n_bytes", [0, 1, 253, 254, 255, 507, 508, 509, 762, 1016])
@pytest.mark.parametrize("zero_at", [None, 0, 1, 252, 253, 254, 255, 507, 508, -1])
def test_stuffing_equals_the_books_at_the_edges_of_a_group(n_bytes, zero_at):
    data = bytearray(b"\x07" * n_bytes)
    if zero_at is not None and zero_at < n_bytes and n_bytes:
        data[zero_at] = 0
    assert cobs_encode(bytes(data)) == slow_cobs(bytes(data))


@given(st.binary(max_size=1200))
def test_stuffed_bytes_hold_no_zero_and_stay_within_their_bound(data):
    stuffed = cobs_encode(data)
    assert 0 not in stuffed
    assert len(stuffed) <= cobs_encoded_len(len(data))
    assert stuffed == slow_cobs(data)


@given(st.lists(st.binary(max_size=400), max_size=8), st.integers(0, 12))
def test_any_bytes_in_any_pieces_never_raise_and_are_never_hoarded(pieces, max_frame):
    decoder = FrameDecoder(max_frame)
    for piece in pieces:
        decoder.push(piece)
        assert decoder.buffered <= max_frame


@given(st.lists(st.binary(max_size=300), max_size=6), st.lists(st.binary(max_size=40), max_size=6))
def test_the_pieces_make_no_difference(frames, cuts):
    data = b"".join(encode_frame(1, i, body) for i, body in enumerate(frames)) + b"".join(cuts)
    whole = FrameDecoder(128).push(data)
    decoder, at, parts = FrameDecoder(128), 0, []
    for cut in cuts:
        parts += decoder.push(data[at : at + len(cut)])
        at += len(cut)
    assert parts + decoder.push(data[at:]) == whole


@given(st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=HELLO_MAX_FRAME - OVERHEAD))
def test_a_frame_comes_back_as_it_was(type_, seq, body):
    assert FrameDecoder(HELLO_MAX_FRAME).push(encode_frame(type_, seq, body)) == [Frame(type_, seq, body)]


@given(st.binary(max_size=200), st.data())
def test_a_frame_with_one_byte_changed_is_never_taken_for_another(body, data):
    sent = encode_frame(2, 5, body)
    at = data.draw(st.integers(0, len(sent) - 1))
    changed = sent[:at] + bytes([sent[at] ^ data.draw(st.integers(1, 255))]) + sent[at + 1 :]
    good = [e for e in FrameDecoder(512).push(changed + b"\0" + sent) if isinstance(e, Frame)]
    assert set(good) <= {Frame(2, 5, body)}
    assert good, "the frame behind a damaged one must come through"


def test_a_type_that_is_no_byte_is_the_callers_mistake():
    with pytest.raises(MisuseError, match="one byte"):
        encode_frame(256, 0)

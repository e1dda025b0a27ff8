from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MisuseError
from harness.paths import shipped
from harness.wire import cheader, fields
from harness.wire import messages as m
from harness.wire.framing import HELLO_MAX_FRAME, Frame, FrameDecoder

from . import vectors

WHOLE = {
    name: frames[0]
    for name, data, expected in vectors.rows("stream")
    if expected.startswith("good") and len(frames := FrameDecoder(HELLO_MAX_FRAME).push(data)) == 1
}


def values_for(codec):
    """Any value that a codec takes."""
    integers = {"u8": (0, 2**8), "u16": (0, 2**16), "u32": (0, 2**32), "u64": (0, 2**64), "i32": (-(2**31), 2**31)}
    if codec.name in integers:
        low, high = integers[codec.name]
        return st.integers(low, high - 1)
    if codec.name == "f32":
        return st.floats(width=32, allow_nan=False)
    if codec.name == "str8":
        return st.text(max_size=60)
    if codec.name == "bytes":
        return st.binary(max_size=60)
    if isinstance(codec, fields.Fixed):
        return st.binary(min_size=codec.size, max_size=codec.size)
    if isinstance(codec, fields.Bytes8):
        return st.binary(max_size=m.MAX_CHIP_ID)
    if isinstance(codec, fields.Piece):
        return st.tuples(st.integers(0, 7), st.binary(max_size=60))
    if isinstance(codec, fields.Items):
        return st.lists(values_for(codec.item), min_size=1, max_size=4).map(tuple)
    if isinstance(codec, fields.List8):
        return st.lists(values_for(codec.item), max_size=4).map(tuple)
    assert isinstance(codec, fields.Struct), codec
    return st.builds(codec.kind, **{name: values_for(part) for name, part in codec.parts})


any_message = st.one_of([values_for(m.TABLE[code].codec) for code in sorted(m.TABLE)])


@given(any_message)
def test_every_message_comes_back_as_it_was(message):
    assert m.decode(message.TYPE, message.encode_body()) == message


@given(st.integers(0, 255), st.binary(max_size=200))
def test_any_body_of_any_type_decodes_to_data(code, body):
    message = m.decode(code, body)
    if isinstance(message, m.Message):
        assert code in m.TABLE
    elif isinstance(message, m.Malformed):
        assert message.type == code
        assert message.reason
    else:
        assert message == m.Unknown(code)
        assert code not in m.TABLE


@pytest.mark.parametrize("code", sorted(m.TABLE))
def test_the_vectors_hold_every_message_and_its_body_survives_decoding(code):
    mine = [frame for frame in WHOLE.values() if frame.type == code and m.TABLE[code]]
    messages = [m.decode(code, frame.body) for frame in mine]
    assert any(isinstance(message, m.Message) for message in messages), f"frames.txt has no {m.TABLE[code].name}"
    for frame, message in zip(mine, messages, strict=True):
        assert not isinstance(message, m.Message) or message.encode_body() == frame.body


def test_the_fields_of_hello_lie_where_the_spec_puts_them():
    hello = m.decode(0x81, WHOLE["hello"].body)
    assert isinstance(hello, m.Hello)
    assert (hello.protocol, hello.session, hello.boot) == (2, 0x11223344, 0xA1B2C3D4)
    assert (hello.reset_cause, hello.flags, hello.slots) == (m.ResetCause.FAULT, m.Flag.FAULT_KEPT, 4)
    assert (hello.max_frame, hello.chunk_bytes, hello.clock_hz) == (1200, 1024, 180_000_000)
    assert hello.clock_source == m.ClockSource.INTERNAL
    assert hello.model_sha256 == bytes(range(32))
    assert hello.chip_id == bytes(range(0xC0, 0xCC))
    assert (hello.board, hello.engine, hello.bauds) == ("nucleo_f446re", "builtin", (115200, 921600))
    assert hello.inputs == (m.TensorSpec(1, (1, 28, 28, 1), 1 / 256, -128, "image"),)
    assert hello.outputs[0].dims == (1, 10)


def test_the_fields_of_fault_and_status_lie_where_the_spec_puts_them():
    fault = m.decode(0x86, WHOLE["fault"].body)
    assert isinstance(fault, m.Fault)
    assert (fault.pc, fault.cfsr, fault.bfar, fault.sample) == (0x08001234, 0x8200, 0xE0000000, 41)
    assert fault.backtrace == (0x08001234, 0x08000F00)
    status = m.decode(0x83, WHOLE["status_busy"].body)
    assert isinstance(status, m.Status)
    assert status.slots[2] == m.SlotStatus(9, m.SlotState.RECEIVING, (0, 2048))


@pytest.mark.parametrize("code", [code for code in sorted(m.TABLE) if code not in (0x08, 0x88, 0x8F)])
def test_a_body_too_short_is_malformed_and_says_so(code):
    shortest = next(frame.body for frame in WHOLE.values() if frame.type == code)
    fixed = m.TABLE[code].codec.size
    if fixed is not None:
        assert isinstance(m.decode(code, shortest + b"\0"), m.Malformed)
    if fixed != 0:
        assert "early" in m.decode(code, b"").reason


def test_a_chip_id_longer_than_any_is_malformed_and_cannot_be_sent():
    bare = WHOLE["hello_bare"].body
    at = 57  # behind what has a fixed size
    assert bare[at] == 0
    whole = m.decode(0x81, bare[:at] + bytes([16]) + bytes(range(16)) + bare[at + 1 :])
    assert isinstance(whole, m.Hello)
    assert whole.chip_id == bytes(range(16))
    assert m.decode(0x81, bare[:at] + bytes([17]) + bytes(17) + bare[at + 1 :]) == m.Malformed(
        0x81, "chip_id: says 17 B, at most 16 B"
    )
    with pytest.raises(MisuseError, match=r"HELLO\.chip_id"):
        replace(whole, chip_id=bytes(17)).encode_body()


def test_a_text_that_is_not_utf8_is_malformed():
    assert m.decode(0x8A, bytes([5, 2, 0, 0, 1, 0xFF])) == m.Malformed(0x8A, "text: a text is not UTF-8")


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (m.HelloRequest(256, 0), "HELLO_REQUEST.protocol"),
        (m.Error(0, 0, 0, "x" * 256), "ERROR.text"),
        (m.Need(0, tuple(range(256))), "NEED.offsets"),
        (m.Chunks(0, 0, ()), "CHUNKS.items"),
        (m.Chunks(0, 0, ((8, b""),)), "CHUNKS.items"),
        (m.Chunks(0, 0, ((0, bytes(8192)),)), "CHUNKS.items"),
    ],
)
def test_a_field_that_does_not_fit_is_the_callers_mistake_and_is_named(message, where):
    with pytest.raises(MisuseError, match=where):
        message.encode_body()


@pytest.mark.parametrize("cut", ["", "00", "0300", "0300aabb", "0300aabbcc00", "0300aabbcc0100"])
def test_chunks_whose_last_piece_is_cut_off_are_malformed_as_a_whole(cut):
    assert isinstance(m.decode(0x04, bytes.fromhex("070000000100" + cut)), m.Malformed)


def test_pieces_of_chunks_carry_their_encoding_in_the_upper_bits_and_may_be_empty():
    body = bytes.fromhex("070000000100" + "0300aabbcc" + "0160ff" + "0000")
    assert m.decode(0x04, body) == m.Chunks(7, 1, ((0, b"\xaa\xbb\xcc"), (3, b"\xff"), (0, b"")))


def test_bit_7_tells_the_direction():
    assert {entry.name for entry in m.TABLE.values() if entry.from_board} == {
        "HELLO", "RESULT", "STATUS", "NEED", "FAULT", "BAUD", "PONG", "BOOT", "ERROR", "DAMAGED", "LAYERS",
        "LAYER_DATA", "LOG", "FRONT_END",
    }  # fmt: skip


def test_the_table_and_the_spec_name_the_same_messages():
    spec = (shipped("fixtures") / "wire" / "SPEC.md").read_text()
    rows = {
        (int(cells[1], 16), cells[2].strip())
        for line in spec.splitlines()
        if (cells := line.split("|"))[0] == "" and len(cells) > 3 and len(cells[1].strip()) == 2
    }
    assert rows == {(entry.code, entry.name) for entry in m.TABLE.values()}


def test_the_committed_c_header_is_what_the_table_says():
    assert cheader.HEADER.read_text() == cheader.render(), "run: python -m harness.wire.cheader --write"
    assert cheader.main(["--check"]) == 0


def test_the_c_header_places_fields_by_their_sizes():
    text = cheader.render()
    assert "HIL_RESULT_AT_CYCLES = 6," in text
    assert "HIL_CHUNK_AT_DATA = 9," in text
    assert "HIL_HELLO_VARIES_AT = 57" in text
    assert "HIL_BOOT_BYTES = 6" in text


def test_every_frame_of_the_vectors_is_within_the_limit_before_hello():
    assert all(isinstance(frame, Frame) for frame in WHOLE.values())

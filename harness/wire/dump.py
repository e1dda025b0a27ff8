"""The bytes of a line in words: one line a frame, with its time, its direction and every field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from harness.wire import messages as m
from harness.wire.encodings import Encoding
from harness.wire.framing import BadFrame, FrameDecoder

#: The largest frame that a u16 ``max_frame`` can announce: a log may begin behind the HELLO that did.
_ANY_FRAME = 0xFFFF
_SHOWN_BYTES = 16


def dump(pieces: Iterable[tuple[bool, float, bytes]]) -> Iterator[str]:
    """Lines for ``(to the board?, time in s, bytes)`` in order. Times are shown from the first on.

    A frame is shown when its last byte has moved. Damaged frames and bytes behind the last frame are told of, too.
    """
    decoders = {True: FrameDecoder(_ANY_FRAME), False: FrameDecoder(_ANY_FRAME)}
    begin_s: float | None = None
    n_bytes = {True: 0, False: 0}
    n_frames = {True: 0, False: 0}
    n_bad = {True: 0, False: 0}
    time_s = 0.0
    for to_board, time_s, data in pieces:
        begin_s = time_s if begin_s is None else begin_s
        n_bytes[to_board] += len(data)
        arrow = "->" if to_board else "<-"
        for event in decoders[to_board].push(data):
            if isinstance(event, BadFrame):
                n_bad[to_board] += 1
                text = f"      bad frame: {event.reason}, {event.n_bytes} B"
            else:
                n_frames[to_board] += 1
                text = f"{event.seq:5} {_message(m.decode(event.type, event.body))}"
            yield f"{time_s - begin_s:12.6f} {arrow} {text}"
    for to_board, words in ((True, "to the board"), (False, "from the board")):
        left = decoders[to_board].buffered
        yield (
            f"{words}: {n_bytes[to_board]} B, {n_frames[to_board]} frames, {n_bad[to_board]} bad"
            + (f", {left} B of a frame that did not end" if left else "")
        )
    yield f"{time_s - (begin_s or 0.0):.3f} s"


def _message(message: m.Message | m.Malformed | m.Unknown) -> str:
    if isinstance(message, m.Unknown):
        return f"unknown type {message.type:02x}"
    if isinstance(message, m.Malformed):
        return f"{m.TABLE[message.type].name} malformed: {message.reason}"
    if isinstance(message, m.Chunks):
        pieces = ", ".join(f"{_encoding(encoding)} {_value(data)}" for encoding, data in message.items)
        return f"{message.NAME} sample={message.sample} chunk={message.chunk} items=[{pieces}]"
    parts = [f"{part.name}={_value(getattr(message, part.name))}" for part in fields(message)]  # type: ignore[arg-type]
    return " ".join([message.NAME, *parts])


def _encoding(encoding: int) -> str:
    return Encoding(encoding).name.lower() if encoding in set(Encoding) else f"encoding {encoding}"


def _value(value: object) -> str:
    if isinstance(value, bytes):
        shown = value[:_SHOWN_BYTES].hex()
        return f"{shown or '-'}" + (f"... ({len(value)} B)" if len(value) > _SHOWN_BYTES else "")
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, m.SlotStatus):
        return f"sample {value.sample} {m.SlotState(value.state).name.lower()} lacks {list(value.missing)}"
    return str(value)

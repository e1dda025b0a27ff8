"""What both roles share: numbering and encoding frames, decoding and counting what comes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.wire import messages as m
from harness.wire.events import LinkCounters
from harness.wire.framing import HELLO_MAX_FRAME, BadFrame, Frame, FrameDecoder, encode_frame


class Endpoint:
    """One end of the line. Counts into ``counters``; keeps no messages."""

    def __init__(self, counters: LinkCounters, max_frame: int = HELLO_MAX_FRAME) -> None:
        self.counters = counters
        self._decoder = FrameDecoder(max_frame)
        self._tx_seq = 0
        self._delimit = False  # a 00 goes before the next frame
        self._rx_seq: int | None = None
        #: Set by a gap in the peer's numbers that a notice of damage does not explain; the board clears it when it has asked
        #: for what is missing.
        self.loss_seen = False
        #: Bad frames since the last good one.
        self.bad_in_a_row = 0

    def accept_frames_of(self, max_frame: int) -> None:
        """From now on take frames of up to ``max_frame`` unencoded bytes, and never fewer than before HELLO."""
        self._decoder.max_frame = max(HELLO_MAX_FRAME, max_frame)

    def forget_frame_begun(self) -> None:
        """What comes next is not the rest of what has come."""
        self._decoder.reset()

    def speed_changed(self) -> None:
        """What was sent and has come at another speed is nothing: neither end is to take it for the start of a frame."""
        self._decoder.reset()
        self._delimit = True

    def encode(self, message: m.Message) -> tuple[int, bytes]:
        """``message`` as bytes for the line, and the seq it got. HELLO and HELLO_REQUEST begin the count anew."""
        if isinstance(message, m.Hello | m.HelloRequest):
            self._tx_seq = 0
        seq = self._tx_seq
        self._tx_seq = (seq + 1) & 0xFFFF
        data = encode_frame(message.TYPE, seq, message.encode_body())
        # A 00 first ends whatever stands before it, noise or a frame that lost its end: a question asked because nothing
        # comes must not be swallowed by what it asks about.
        if self._delimit or isinstance(message, m.HelloRequest | m.Boot | m.StatusRequest):
            data = b"\0" + data
            self._delimit = False
        self.counters.frames_tx += 1
        self.counters.bytes_tx += len(data)
        return seq, data

    @property
    def next_rx_seq(self) -> int | None:
        """The number that the peer's next frame should have; None before its first."""
        return self._rx_seq

    def push(self, data: bytes) -> Iterator[tuple[Frame, m.Message | m.Malformed | m.Unknown] | BadFrame]:
        """Frames that end in ``data``: good ones decoded, bad ones counted."""
        self.counters.bytes_rx += len(data)
        for event in self._decoder.push(data):
            if isinstance(event, BadFrame):
                self.counters.bad_rx += 1
                self.bad_in_a_row += 1
                yield event
                continue
            self.counters.frames_rx += 1
            self._note_seq(event)
            self.bad_in_a_row = 0
            yield event, m.decode(event.type, event.body)

    def _note_seq(self, frame: Frame) -> None:
        begins = frame.type in (m.Hello.TYPE, m.HelloRequest.TYPE, m.Boot.TYPE)
        if self._rx_seq is not None and not begins and frame.seq != self._rx_seq:
            missed = (frame.seq - self._rx_seq) & 0xFFFF
            # One frame missing behind one that was damaged: the notice of the damage has told of it already.
            if missed != 1 or not self.bad_in_a_row:
                self.loss_seen = True
            # More than half a turn ahead is a frame that came late or twice, not a gap.
            if missed < 0x8000:
                self.counters.gaps_rx += missed
        self._rx_seq = (frame.seq + 1) & 0xFFFF

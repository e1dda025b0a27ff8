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
        self._rx_seq: int | None = None
        #: Set by a gap in the peer's numbers or a bad frame; the board clears it when it has asked for what is missing.
        self.loss_seen = False

    def accept_frames_of(self, max_frame: int) -> None:
        """From now on take frames of up to ``max_frame`` unencoded bytes, and never fewer than before HELLO."""
        self._decoder.max_frame = max(HELLO_MAX_FRAME, max_frame)

    def encode(self, message: m.Message) -> tuple[int, bytes]:
        """``message`` as bytes for the line, and the seq it got. HELLO and HELLO_REQUEST begin the count anew."""
        if isinstance(message, m.Hello | m.HelloRequest):
            self._tx_seq = 0
        seq = self._tx_seq
        self._tx_seq = (seq + 1) & 0xFFFF
        data = encode_frame(message.TYPE, seq, message.encode_body())
        # A 00 first ends whatever noise stands before it, so that the greeting itself is not swallowed.
        if isinstance(message, m.HelloRequest | m.Boot):
            data = b"\0" + data
        self.counters.frames_tx += 1
        self.counters.bytes_tx += len(data)
        return seq, data

    def push(self, data: bytes) -> Iterator[tuple[Frame, m.Message | m.Malformed | m.Unknown]]:
        """Frames that end in ``data``, decoded. Bad ones are counted and not given."""
        self.counters.bytes_rx += len(data)
        for event in self._decoder.push(data):
            if isinstance(event, BadFrame):
                self.counters.bad_rx += 1
                self.loss_seen = True
                continue
            self.counters.frames_rx += 1
            self._note_seq(event)
            yield event, m.decode(event.type, event.body)

    def _note_seq(self, frame: Frame) -> None:
        begins = frame.type in (m.Hello.TYPE, m.HelloRequest.TYPE, m.Boot.TYPE)
        if self._rx_seq is not None and not begins and frame.seq != self._rx_seq:
            self.loss_seen = True
            missed = (frame.seq - self._rx_seq) & 0xFFFF
            # More than half a turn ahead is a frame that came late or twice, not a gap.
            if missed < 0x8000:
                self.counters.gaps_rx += missed
        self._rx_seq = (frame.seq + 1) & 0xFFFF

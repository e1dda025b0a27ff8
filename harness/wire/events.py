"""What a conversation tells its user. Frozen; nothing here refers back to the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.wire.messages import Baud, Fault, FrontEnd, Hello, LayerData, Layers, Status


@dataclass(frozen=True)
class HelloReceived:
    """A session has begun. ``rejoined``: it replaces one that a reset of the board ended."""

    hello: Hello
    rejoined: bool


@dataclass(frozen=True)
class ResultReceived:
    """The one answer to a sample. ``key`` is the caller's; ``sent_crc`` the CRC-32 of the input as it was meant."""

    key: int
    status: int
    cycles: int
    input_crc: int
    sent_crc: int
    outputs: bytes


@dataclass(frozen=True)
class SampleReplayed:
    """A sample was computed once more, for the memory that it leaves; it was answered before."""

    key: int


@dataclass(frozen=True)
class SampleLost:
    """A sample will not be answered. ``damaged``: so many frames the line has damaged meanwhile, where that is why; else 0."""

    key: int
    reason: str
    damaged: int = 0


@dataclass(frozen=True)
class BoardReset:
    """The board has started anew. ``boot_before`` is None when no session was under way.

    ``reset_cause`` and ``flags`` are None when the reset was noticed by something that does not tell them.
    """

    boot_before: int | None
    boot: int | None
    reset_cause: int | None
    flags: int | None


@dataclass(frozen=True)
class FaultReceived:
    """A fault report; ``fault.valid`` is 0 when the board keeps none."""

    fault: Fault


@dataclass(frozen=True)
class StatusReceived:
    """The board's slots and counters."""

    status: Status


@dataclass(frozen=True)
class PongReceived:
    """The answer to a ping."""

    data: bytes


@dataclass(frozen=True)
class BaudReceived:
    """The board's answer to a wish for another speed. With status 0 it changes after this frame's last bit."""

    baud: Baud


@dataclass(frozen=True)
class FrontEndReceived:
    """What the board computes of a recording."""

    front_end: FrontEnd


@dataclass(frozen=True)
class LayersReceived:
    """What some of the layers did with the sample that ran last."""

    layers: Layers


@dataclass(frozen=True)
class LayerDataReceived:
    """A piece of what a layer wrote."""

    part: LayerData


@dataclass(frozen=True)
class Silent:
    """Nothing good has come for ``quiet_s`` seconds although something had to. ``waiting_for`` says what, in words.

    ``n_bytes`` have come since the last good frame: damaged frames, or what no board of ours says.
    """

    waiting_for: str
    quiet_s: float
    n_bytes: int = 0


@dataclass(frozen=True)
class Refused:
    """The board answered ERROR to a frame of ours: ``type`` and its text as the board gives them."""

    code: int
    type: int
    text: str


@dataclass(frozen=True)
class Violation:
    """The board broke the wire protocol in a frame whose CRC was right: ``expected`` against ``found``."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True)
class OtherBoard:
    """Hello came from another chip than the hello before it, by their unique ids."""

    expected: bytes
    found: bytes


#: What a ``Violation`` says of a board with another version of the wire.
OTHER_PROTOCOL: Final = "the board speaks another wire protocol"

Event = (
    HelloReceived
    | ResultReceived
    | SampleReplayed
    | SampleLost
    | BoardReset
    | FaultReceived
    | StatusReceived
    | PongReceived
    | BaudReceived
    | FrontEndReceived
    | LayersReceived
    | LayerDataReceived
    | Silent
    | Refused
    | Violation
    | OtherBoard
)


@dataclass
class LinkCounters:
    """What happened on the line, counted by the host unless it says otherwise. All since the conversation began."""

    bytes_tx: int = 0
    bytes_rx: int = 0
    frames_tx: int = 0
    frames_rx: int = 0
    bad_rx: int = 0  # damaged frames that the host dropped
    bad_board: int = 0  # damaged frames that the board says it dropped
    gaps_rx: int = 0  # frames of the board that never came
    payload_bytes: int = 0  # data of chunks as encoded, without any head, each chunk once: what had to travel
    sample_bytes: int = 0  # the same before encoding
    chunks: int = 0  # chunks sent, repeats included
    resent: int = 0  # chunks sent again
    stalls: int = 0  # times that the host had to ask what became of its frames
    resets: int = 0  # resets of the board in mid-session
    replayed: int = 0  # samples computed once more, because the board had lost the memory that others go on from
    duplicates: int = 0  # results that came once more and were ignored
    stale: int = 0  # messages that no longer suited the state, and unknown types

    @property
    def frames_bad(self) -> int:
        """Damaged frames seen by either side."""
        return self.bad_rx + self.bad_board

    def line_use(self, baud: int, wall_s: float) -> float:
        """Share of the line's capacity towards the board that useful data took: 0..1.

        ``payload_bytes * 10 / (baud * wall_s)``: with 8N1 a byte takes ten bits on the line, so in ``wall_s`` seconds
        ``baud * wall_s / 10`` bytes fit. Frames, stuffing, checksums, repeats and pauses all lower it. 0 for no time.
        """
        return self.payload_bytes * 10 / (baud * wall_s) if baud > 0 and wall_s > 0 else 0.0

    def describe(self) -> str:
        """One line for messages."""
        return (
            f"{self.bytes_tx} B sent, {self.bytes_rx} B received, {self.frames_rx} good frames, {self.bad_rx} bad here,"
            f" {self.bad_board} bad at the board, {self.resent} chunks resent, {self.stalls} stalls,"
            f" {self.resets} resets"
        )

"""THE message table: one frozen dataclass a message, its fields declared once.

Everything else is derived from it: encoding and decoding here, ``firmware/src/wire/messages.h`` in ``cheader``. A new
message is one class. What the fields mean is said in ``fixtures/wire/SPEC.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.wire.codes import BaudStatus as BaudStatus
from harness.wire.codes import Capability as Capability
from harness.wire.codes import ClockSource as ClockSource
from harness.wire.codes import DType as DType
from harness.wire.codes import ErrorCode as ErrorCode
from harness.wire.codes import Flag as Flag
from harness.wire.codes import HopAsked as HopAsked
from harness.wire.codes import HopDone as HopDone
from harness.wire.codes import ResetCause as ResetCause
from harness.wire.codes import ResultStatus as ResultStatus
from harness.wire.codes import SlotState as SlotState
from harness.wire.fields import (
    BYTES,
    PIECE,
    STR8,
    U8,
    U16,
    U32,
    U64,
    Bytes8,
    Fixed,
    Items,
    List8,
    wire,
)
from harness.wire.parts import HOP as HOP
from harness.wire.parts import HOP_REPORT as HOP_REPORT
from harness.wire.parts import LAYER as LAYER
from harness.wire.parts import MAX_STAGES as MAX_STAGES
from harness.wire.parts import SLOT as SLOT
from harness.wire.parts import TENSOR as TENSOR
from harness.wire.parts import Hop as Hop
from harness.wire.parts import HopReport as HopReport
from harness.wire.parts import LayerRun as LayerRun
from harness.wire.parts import SlotStatus as SlotStatus
from harness.wire.parts import TensorSpec as TensorSpec
from harness.wire.table import TABLE as TABLE
from harness.wire.table import Entry as Entry
from harness.wire.table import Malformed as Malformed
from harness.wire.table import Message as Message
from harness.wire.table import Unknown as Unknown
from harness.wire.table import decode as decode
from harness.wire.table import row

PROTOCOL: Final = 2
#: The longest unique id of a chip. HELLO must fit 512 bytes, so it is bounded.
MAX_CHIP_ID: Final = 16
#: The ``sample`` of a FAULT that no sample was running for.
NO_SAMPLE: Final = 0xFFFFFFFF
#: Bit of a chunk's encoding: its sample goes on from the memory that the sample with the number before it has left.
FOLLOWS: Final = 4
#: How many missing chunks a slot of STATUS lists at most.
MAX_MISSING: Final = 8
#: How many bad frames in a row the board answers with DAMAGED: a line that brings only noise must not be answered for ever.
MAX_NOTICES: Final = 4
#: How many layers one LAYERS lists at most: what fits the 512 bytes of the smallest frame, and a small table on the board.
MAX_LAYERS: Final = 32


@row(0x01, "HELLO_REQUEST")
@dataclass(frozen=True)
class HelloRequest(Message):
    """Begin a session; ends any earlier one."""

    protocol: int = wire(U8)
    session: int = wire(U32)


@row(0x81, "HELLO")
@dataclass(frozen=True)
class Hello(Message):
    """Who the board is and what it can take. Sizes in bytes, clock in Hz."""

    protocol: int = wire(U8)
    session: int = wire(U32)
    boot: int = wire(U32)
    reset_cause: int = wire(U8)
    flags: int = wire(U8)
    slots: int = wire(U8)
    max_frame: int = wire(U16)
    chunk_bytes: int = wire(U16)
    clock_hz: int = wire(U32)
    clock_source: int = wire(U8)
    capabilities: int = wire(U32)
    model_sha256: bytes = wire(Fixed(32))
    chip_id: bytes = wire(Bytes8(MAX_CHIP_ID))
    board: str = wire(STR8)
    build_id: str = wire(STR8)
    engine: str = wire(STR8)
    engine_version: str = wire(STR8)
    bauds: tuple[int, ...] = wire(List8(U32))
    inputs: tuple[TensorSpec, ...] = wire(List8(TENSOR))
    outputs: tuple[TensorSpec, ...] = wire(List8(TENSOR))

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same over a reset: board, build id and the SHA-256 of the model."""
        return self.board, self.build_id, self.model_sha256.hex()


@row(0x02, "CHUNK")
@dataclass(frozen=True)
class Chunk(Message):
    """One chunk of one sample."""

    sample: int = wire(U32)
    offset: int = wire(U32)
    encoding: int = wire(U8)
    data: bytes = wire(BYTES)


@row(0x04, "CHUNKS")
@dataclass(frozen=True)
class Chunks(Message):
    """Chunks that follow one another: from chunk number ``chunk`` of ``sample`` on, then the next samples from their first.

    Each of ``items`` is a chunk's encoding and its data.
    """

    sample: int = wire(U32)
    chunk: int = wire(U16)
    items: tuple[tuple[int, bytes], ...] = wire(Items(PIECE))


@row(0x82, "RESULT")
@dataclass(frozen=True)
class Result(Message):
    """What the engine made of a sample, or ``data`` at ``offset`` of it when ``total`` does not fit one frame."""

    sample: int = wire(U32)
    status: int = wire(U8)
    free_slots: int = wire(U8)
    cycles: int = wire(U64)
    input_crc: int = wire(U32)
    total: int = wire(U32)
    offset: int = wire(U32)
    data: bytes = wire(BYTES)


@row(0x03, "STATUS_REQUEST")
@dataclass(frozen=True)
class StatusRequest(Message):
    """Ask for the slots and the counters."""


@row(0x83, "STATUS")
@dataclass(frozen=True)
class Status(Message):
    """The board's counters and its taken slots."""

    session: int = wire(U32)
    boot: int = wire(U32)
    frames_ok: int = wire(U32)
    frames_bad: int = wire(U32)
    overruns: int = wire(U32)
    stack_bytes: int = wire(U32)
    stack_size: int = wire(U32)
    bytes_rx: int = wire(U32)
    bytes_overlapped: int = wire(U32)
    slots: tuple[SlotStatus, ...] = wire(List8(SLOT))


@row(0x84, "NEED")
@dataclass(frozen=True)
class Need(Message):
    """Chunks to send again."""

    sample: int = wire(U32)
    offsets: tuple[int, ...] = wire(List8(U32))


@row(0x05, "RESULT_REQUEST")
@dataclass(frozen=True)
class ResultRequest(Message):
    """Say that result again."""

    sample: int = wire(U32)


@row(0x06, "FAULT_REQUEST")
@dataclass(frozen=True)
class FaultRequest(Message):
    """Tell of the last crash; ``clear`` 1 forgets it afterwards."""

    clear: int = wire(U8)


@row(0x86, "FAULT")
@dataclass(frozen=True)
class Fault(Message):
    """The last crash, ``valid`` 0 when none is kept."""

    valid: int = wire(U8)
    pc: int = wire(U32)
    lr: int = wire(U32)
    psr: int = wire(U32)
    sp: int = wire(U32)
    cfsr: int = wire(U32)
    hfsr: int = wire(U32)
    bfar: int = wire(U32)
    mmfar: int = wire(U32)
    exception: int = wire(U32)
    last_type: int = wire(U8)
    sample: int = wire(U32)
    backtrace: tuple[int, ...] = wire(List8(U32))
    stack: bytes = wire(BYTES)


@row(0x07, "BAUD_REQUEST")
@dataclass(frozen=True)
class BaudRequest(Message):
    """Change the line's speed."""

    baud: int = wire(U32)


@row(0x87, "BAUD")
@dataclass(frozen=True)
class Baud(Message):
    """The board will change to ``baud`` when ``status`` is 0."""

    baud: int = wire(U32)
    status: int = wire(U8)


@row(0x08, "PING")
@dataclass(frozen=True)
class Ping(Message):
    """Is anyone there? Also the test frame of a new baud."""

    data: bytes = wire(BYTES)


@row(0x88, "PONG")
@dataclass(frozen=True)
class Pong(Message):
    """The data of PING."""

    data: bytes = wire(BYTES)


@row(0x89, "BOOT")
@dataclass(frozen=True)
class Boot(Message):
    """The board has started."""

    boot: int = wire(U32)
    reset_cause: int = wire(U8)
    flags: int = wire(U8)


@row(0x8E, "DAMAGED")
@dataclass(frozen=True)
class Damaged(Message):
    """A frame came that was none; ``seq`` is the number that the next good one should have: that of the lost one."""

    seq: int = wire(U16)


@row(0x8F, "LOG")
@dataclass(frozen=True)
class Log(Message):
    """What the firmware prints, UTF-8: lines or parts of some. It answers nothing and changes no state."""

    text: bytes = wire(BYTES)


@row(0x8A, "ERROR")
@dataclass(frozen=True)
class Error(Message):
    """What was wrong with the host's frame ``seq`` of type ``type``."""

    code: int = wire(U8)
    type: int = wire(U8)
    seq: int = wire(U16)
    text: str = wire(STR8)


@row(0x0B, "LAYERS_REQUEST")
@dataclass(frozen=True)
class LayersRequest(Message):
    """Run the sample that lies in the engine's inputs once more and tell of its layers from ``first`` on."""

    input_crc: int = wire(U32)
    first: int = wire(U16)


@row(0x8B, "LAYERS")
@dataclass(frozen=True)
class Layers(Message):
    """Layers ``first`` to ``first + len(layers) - 1`` of ``n_layers``."""

    input_crc: int = wire(U32)
    n_layers: int = wire(U16)
    first: int = wire(U16)
    layers: tuple[LayerRun, ...] = wire(List8(LAYER))


@row(0x0C, "LAYER_DATA_REQUEST")
@dataclass(frozen=True)
class LayerDataRequest(Message):
    """Run it once more and send ``bytes`` bytes from ``offset`` on of what that layer wrote."""

    input_crc: int = wire(U32)
    layer: int = wire(U16)
    offset: int = wire(U32)
    bytes: int = wire(U32)


@row(0x8C, "LAYER_DATA")
@dataclass(frozen=True)
class LayerData(Message):
    """``data`` at ``offset`` of a layer's ``total`` bytes."""

    input_crc: int = wire(U32)
    layer: int = wire(U16)
    total: int = wire(U32)
    offset: int = wire(U32)
    data: bytes = wire(BYTES)


@row(0x0D, "FRONT_END_REQUEST")
@dataclass(frozen=True)
class FrontEndRequest(Message):
    """Ask what is computed of a recording."""


@row(0x8D, "FRONT_END")
@dataclass(frozen=True)
class FrontEnd(Message):
    """How the board makes the network's input of a recording, and how it decides. ``window`` and ``hop`` in instants."""

    tables_sha256: bytes = wire(Fixed(32))
    sample_hz: int = wire(U32)
    window: int = wire(U32)
    hop: int = wire(U32)
    values: int = wire(U32)
    rows: int = wire(U32)
    row_dtype: int = wire(U8)
    n_stages: int = wire(U8)
    name: str = wire(STR8)
    rule: str = wire(STR8)


#: Their ERROR unknown_sample speaks of the engine's inputs, not of a sample under way.
ABOUT_LAYERS: Final = (LayersRequest.TYPE, LayerDataRequest.TYPE)

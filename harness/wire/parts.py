"""What messages hold lists of (tensors, slots, layers), and what stands in a hop. Part of the table in ``messages``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.wire.fields import F32, I32, STR8, U8, U16, U32, Fixed, List8, Struct, wire


@dataclass(frozen=True)
class TensorSpec:
    """One input or output as the board tells it. ``dims`` outermost first; ``real = scale * (raw - zero_point)``."""

    dtype: int = wire(U8)
    dims: tuple[int, ...] = wire(List8(U16))
    scale: float = wire(F32)
    zero_point: int = wire(I32)
    name: str = wire(STR8)


@dataclass(frozen=True)
class SlotStatus:
    """One taken slot. ``missing`` are the offsets of the chunks it still lacks, the first 8 at most."""

    sample: int = wire(U32)
    state: int = wire(U8)
    missing: tuple[int, ...] = wire(List8(U32))


@dataclass(frozen=True)
class LayerRun:
    """What one layer wrote and took: ``cycles`` as in RESULT (instructions on an emulator), ``crc`` of its ``bytes``."""

    op: int = wire(U16)
    bytes: int = wire(U32)
    cycles: int = wire(U32)
    crc: int = wire(U32)


@dataclass(frozen=True)
class Hop:
    """What stands before the samples of a hop of a recording."""

    recording: int = wire(U32)
    hop: int = wire(U32)
    asked: int = wire(U32)


#: Stages of a front end whose CRC-32 a report has room for.
MAX_STAGES: Final = 12


@dataclass(frozen=True)
class HopReport:
    """What stands before the raw outputs in the result of a hop; see "Recordings" in SPEC.md."""

    recording: int = wire(U32)
    hop: int = wire(U32)
    began: int = wire(U32)
    done: int = wire(U32)
    window_crc: int = wire(U32)
    features_crc: int = wire(U32)
    input_crc: int = wire(U32)
    front_end_cycles: int = wire(U32)
    network_cycles: int = wire(U32)
    decided: int = wire(I32)
    detected: int = wire(I32)
    score: int = wire(I32)
    stages: bytes = wire(Fixed(4 * MAX_STAGES))


HOP = Struct("hop", Hop)
HOP_REPORT = Struct("hop_report", HopReport)
TENSOR = Struct("tensor", TensorSpec)
SLOT = Struct("slot", SlotStatus)
LAYER = Struct("layer", LayerRun)

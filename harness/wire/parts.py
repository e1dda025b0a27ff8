"""What messages hold lists of: tensors, slots, layers. Part of the table in ``messages``."""

from __future__ import annotations

from dataclasses import dataclass

from harness.wire.fields import F32, I32, STR8, U8, U16, U32, List8, Struct, wire


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


TENSOR = Struct("tensor", TensorSpec)
SLOT = Struct("slot", SlotStatus)
LAYER = Struct("layer", LayerRun)

"""In what form the data of a CHUNK travels: the shortest that the caller allows and the board can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from harness.wire.codes import Capability, DType
from harness.wire.differences import decode_differences, encode_differences
from harness.wire.messages import Hello, TensorSpec
from harness.wire.rle import decode_fill_runs, decode_zero_runs, encode_fill_runs, encode_zero_runs

#: What a caller may ask for: the shortest form of each chunk, or always the same.
Wish = Literal["auto", "raw", "zero_runs", "fill_runs", "differences"]


class Encoding(IntEnum):
    """How the data of a CHUNK is written. All but RAW are capabilities of a board, by the same names."""

    RAW = 0
    ZERO_RUNS = 1
    FILL_RUNS = 2
    DIFFERENCES = 3


#: Those that a board without them need not know, in the order in which the first of the shortest is taken.
_COMPACT = (Encoding.ZERO_RUNS, Encoding.FILL_RUNS, Encoding.DIFFERENCES)
#: Neighbours one value, one pixel of three colours or one 32-bit number apart, whatever a tensor's shape says.
_USUAL_STRIDES = (1, 3, 4)
_ELEMENT_BYTES = {DType.FLOAT32: 4, DType.INT8: 1, DType.UINT8: 1, DType.INT16: 2, DType.INT32: 4}


def element_bytes(tensor: TensorSpec) -> int | None:
    """Size of one element, None for a dtype that we do not know."""
    return next((size for dtype, size in _ELEMENT_BYTES.items() if dtype == tensor.dtype), None)


def encode_chunk(
    data: bytes,
    allowed: Sequence[Encoding] = _COMPACT,
    strides: Sequence[int] = _USUAL_STRIDES,
    *,
    wanted: bool = False,
) -> tuple[Encoding, bytes]:
    """The shortest of raw and the ``allowed`` forms; raw when none is shorter. ``strides``: see ``encode_differences``.

    ``wanted`` prefers an allowed form when it is as long as raw. A chunk that it would make longer stays raw all the same:
    its frame might no longer fit.
    """
    best, least = Encoding.RAW, data
    for encoding in allowed:
        if encoding is Encoding.DIFFERENCES:
            encoded = encode_differences(data, strides)
        else:
            encoded = (encode_zero_runs if encoding is Encoding.ZERO_RUNS else encode_fill_runs)(data)
        if len(encoded) < len(least) + (wanted and best is Encoding.RAW):
            best, least = encoding, encoded
    return best, least


def decode_chunk(encoding: int, data: bytes, n_bytes: int) -> bytes | None:
    """The chunk of exactly ``n_bytes`` bytes, or None when ``data`` is not that in this encoding."""
    if encoding == Encoding.RAW:
        return data if len(data) == n_bytes else None
    if encoding == Encoding.ZERO_RUNS:
        return decode_zero_runs(data, n_bytes)
    if encoding == Encoding.FILL_RUNS:
        return decode_fill_runs(data, n_bytes)
    if encoding == Encoding.DIFFERENCES:
        return decode_differences(data, n_bytes)
    return None


@dataclass(frozen=True)
class Choice:
    """What one caller and one board leave to choose from; made once for a session."""

    allowed: tuple[Encoding, ...]
    strides: tuple[int, ...]
    wanted: bool

    @staticmethod
    def of(wish: Wish, hello: Hello) -> Choice:
        """``wish`` as far as the board can do it; a board that lacks the form that was named gets raw."""
        allowed = tuple(e for e in _COMPACT if wish in ("auto", e.name.lower()) and hello.capabilities & needed(e))
        return Choice(allowed, strides_of(hello.inputs), wanted=wish != "auto")

    def encode(self, data: bytes) -> tuple[Encoding, bytes]:
        """See ``encode_chunk``."""
        return encode_chunk(data, self.allowed, self.strides, wanted=self.wanted)


def needed(encoding: Encoding) -> Capability:
    """The capability of a board that reads it; none for raw."""
    return Capability(0) if encoding is Encoding.RAW else Capability[encoding.name]


def strides_of(tensors: Sequence[TensorSpec]) -> tuple[int, ...]:
    """Distances at which alike bytes may lie: the usual ones, and one step along the two dimensions before the innermost."""
    strides = dict.fromkeys(_USUAL_STRIDES)
    for tensor in tensors:
        step = element_bytes(tensor)
        for extent in (1, *tensor.dims[:0:-1][:2]):
            step = (step or 0) * extent
            if 1 <= step <= 0xFFFF:
                strides[step] = None
    return tuple(strides)

"""Differences (encoding 3): what a photograph gains from, decoded by a microcontroller in one pass without a table.

    stride:u16   a width of 0..8 bits for every 8 bytes, two a byte, the lower half first   the blocks, one after another

Every byte is replaced by its difference, modulo 256, to the byte ``stride`` before it, where the same colour of the
neighbouring pixel lies; among the first ``stride`` bytes the one just before stands in, and 0 for the very first.
Differences are folded to small numbers (0, -1, 1, -2, 2, ...) and each block of 8 (the last may be shorter) is written
with the bits that its largest needs, the lowest first; a block begins at a byte, so 8 values of w bits are w bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

_Bytes = npt.NDArray[np.uint8]

_BLOCK: Final = 8
_MAX_WIDTH: Final = 8
#: The size of a chunk is a u16 in HELLO, so no larger one exists.
_MAX_BYTES: Final = 0xFFFF
_BITS_OF = np.array([value.bit_length() for value in range(256)], np.uint8)


def encode_differences(data: bytes, strides: Iterable[int]) -> bytes:
    """``data`` with the stride of ``strides`` that makes it shortest (1..65535; 1 when there is none).

    May be longer than it was: by 2 and 1 in 16 at most, rounded up.
    """
    values = np.frombuffer(data, np.uint8)
    choices = [(stride, folded := _folded(values, stride), _widths(folded)) for stride in dict.fromkeys((*strides, 1))]
    stride, folded, widths = min(choices, key=lambda choice: int(choice[2].sum()))
    halves = np.zeros(2 * _width_bytes(len(data)), np.uint8)
    halves[: len(widths)] = widths
    bits = np.unpackbits(_blocks(folded), axis=1, bitorder="little").reshape(-1, _BLOCK, 8)
    if len(data) % _BLOCK:
        packed = _packed(bits[:-1], widths[:-1]) + _packed(bits[-1:, : len(data) % _BLOCK], widths[-1:])
    else:
        packed = _packed(bits, widths)
    return stride.to_bytes(2, "little") + (halves[::2] | halves[1::2] << 4).tobytes() + packed


def decode_differences(encoded: bytes, n_bytes: int) -> bytes | None:
    """The ``n_bytes`` bytes that ``encoded`` stands for; None when it is not exactly that many."""
    head = 2 + _width_bytes(n_bytes)
    stride = int.from_bytes(encoded[:2], "little")
    if n_bytes > _MAX_BYTES or len(encoded) < head or stride == 0:
        return None
    halves = np.frombuffer(encoded[2:head], np.uint8)
    widths = np.stack([halves & 15, halves >> 4], axis=1).reshape(-1)[: -(-n_bytes // _BLOCK)].astype(np.int64)
    values_of = np.full(len(widths), _BLOCK)
    if n_bytes % _BLOCK:
        values_of[-1] = n_bytes % _BLOCK
    sizes = (values_of * widths + 7) // 8
    if (widths > _MAX_WIDTH).any() or head + int(sizes.sum()) != len(encoded):
        return None
    packed = np.unpackbits(np.frombuffer(encoded[head:], np.uint8), bitorder="little")
    begins = np.repeat((np.cumsum(sizes) - sizes) * 8, values_of)
    width_of = np.repeat(widths, values_of)
    at = (begins + np.arange(n_bytes) % _BLOCK * width_of)[:, np.newaxis] + np.arange(8)
    known = np.arange(8) < width_of[:, np.newaxis]
    bits = np.zeros((n_bytes, 8), np.uint8)
    bits[known] = packed[at[known]]
    return _summed(np.packbits(bits, axis=1, bitorder="little").reshape(-1), stride).tobytes()


def _width_bytes(n_bytes: int) -> int:
    return -(-n_bytes // (2 * _BLOCK))


def _folded(values: _Bytes, stride: int) -> _Bytes:
    before = np.zeros_like(values)
    before[1:] = values[:-1]
    before[stride:] = values[: max(0, len(values) - stride)]
    difference = values - before
    return (difference << 1 ^ np.where(difference & 0x80, np.uint8(0xFF), np.uint8(0))).astype(np.uint8)


def _summed(folded: _Bytes, stride: int) -> _Bytes:
    difference = folded >> 1 ^ np.where(folded & 1, np.uint8(0xFF), np.uint8(0))
    head = np.cumsum(difference[:stride], dtype=np.uint8)
    # Behind it each byte goes on from the one ``stride`` before: a column each.
    rows = -(-len(folded) // stride)
    table = np.zeros(rows * stride, np.uint8)
    table[: len(folded)] = difference
    table[: len(head)] = head
    return np.cumsum(table.reshape(rows, stride), axis=0, dtype=np.uint8).reshape(-1)[: len(folded)]


def _blocks(folded: _Bytes) -> _Bytes:
    table = np.zeros((-(-len(folded) // _BLOCK), _BLOCK), np.uint8)
    table.reshape(-1)[: len(folded)] = folded
    return table


def _widths(folded: _Bytes) -> _Bytes:
    widths: _Bytes = _BITS_OF[_blocks(folded).max(axis=1)]
    return widths


def _packed(bits: _Bytes, widths: _Bytes) -> bytes:
    """The lowest ``widths[i]`` of the 8 bits of every value of block i. ``bits`` is [blocks, values, 8]."""
    kept = np.broadcast_to((np.arange(8) < widths[:, np.newaxis])[:, np.newaxis, :], bits.shape)
    return np.packbits(bits[kept], bitorder="little").tobytes()

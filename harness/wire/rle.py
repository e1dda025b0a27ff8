"""Zero runs (encoding 1): what a sparse image gains from, decoded by a microcontroller with two counters and no table.

A byte n below 0x80 is followed by n + 1 literal bytes (1..128); a byte n from 0x80 stands for n - 0x7E zero bytes
(2..129).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final, Literal

_MAX_LITERAL: Final = 128
_MAX_ZEROS: Final = 129
#: Runs of two zeros cost one byte either way and break a literal in two, so only three and more are worth a token.
_ZEROS = re.compile(rb"\0{3,}")


#: What a caller may ask for: the shorter form of each chunk, or always the same.
Wish = Literal["auto", "raw", "zero_runs"]


class Encoding(IntEnum):
    """How the data of a CHUNK is written."""

    RAW = 0
    ZERO_RUNS = 1


def encode_zero_runs(data: bytes) -> bytes:
    """``data`` as zero runs; may be longer than it was (by 1 in 128 at most)."""
    out = bytearray()
    at = 0
    for run in _ZEROS.finditer(data):
        _literal(out, data[at : run.start()])
        zeros = run.end() - run.start()
        while zeros >= 2:
            n = min(zeros, _MAX_ZEROS)
            # A lone zero cannot be a run: leave two for the next token instead.
            if zeros - n == 1:
                n -= 1
            out.append(n + 0x7E)
            zeros -= n
        at = run.end()
    _literal(out, data[at:])
    return bytes(out)


def decode_zero_runs(encoded: bytes, n_bytes: int) -> bytes | None:
    """The ``n_bytes`` bytes that ``encoded`` stands for; None when it stands for more or fewer or ends in mid-token."""
    out = bytearray()
    at = 0
    while at < len(encoded):
        n = encoded[at]
        at += 1
        if n >= 0x80:
            out += bytes(n - 0x7E)
        else:
            literal = encoded[at : at + n + 1]
            if len(literal) != n + 1:
                return None
            out += literal
            at += n + 1
        if len(out) > n_bytes:
            return None
    return bytes(out) if len(out) == n_bytes else None


def encode_chunk(data: bytes, *, zero_runs: bool = True, wanted: bool = False) -> tuple[Encoding, bytes]:
    """The shorter of the two forms; raw when they are equal or when the board cannot read zero runs.

    ``wanted`` prefers zero runs when they are equal. A chunk that they would make longer stays raw all the same: its
    frame might no longer fit.
    """
    if zero_runs:
        encoded = encode_zero_runs(data)
        if len(encoded) < len(data) + wanted:
            return Encoding.ZERO_RUNS, encoded
    return Encoding.RAW, data


def decode_chunk(encoding: int, data: bytes, n_bytes: int) -> bytes | None:
    """The chunk of exactly ``n_bytes`` bytes, or None when ``data`` is not that in this encoding."""
    if encoding == Encoding.RAW:
        return data if len(data) == n_bytes else None
    if encoding == Encoding.ZERO_RUNS:
        return decode_zero_runs(data, n_bytes)
    return None


def _literal(out: bytearray, data: bytes) -> None:
    for at in range(0, len(data), _MAX_LITERAL):
        part = data[at : at + _MAX_LITERAL]
        out.append(len(part) - 1)
        out += part

"""Runs (encodings 1 and 2): what a sparse image gains from, decoded by a microcontroller with two counters and no table.

A byte n below 0x80 is followed by n + 1 literal bytes (1..128); a byte n from 0x80 stands for n - 0x7E times the fill
(2..129): zero in encoding 1, the byte that goes before all tokens in encoding 2. An int8 image needs the second: its
background is the zero point, not zero.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Final

_MAX_LITERAL: Final = 128
_MAX_RUN: Final = 129


def encode_zero_runs(data: bytes) -> bytes:
    """``data`` as zero runs; may be longer than it was (by 1 in 128 at most)."""
    return _tokens(data, 0)


def decode_zero_runs(encoded: bytes, n_bytes: int) -> bytes | None:
    """The ``n_bytes`` bytes that ``encoded`` stands for; None when it stands for more or fewer or ends in mid-token."""
    return _untokened(encoded, 0, n_bytes)


def encode_fill_runs(data: bytes) -> bytes:
    """``data`` as runs of its most frequent byte; may be longer than it was (by 1, and 1 in 128 at most)."""
    fill = Counter(data).most_common(1)[0][0] if data else 0
    return bytes([fill]) + _tokens(data, fill)


def decode_fill_runs(encoded: bytes, n_bytes: int) -> bytes | None:
    """As ``decode_zero_runs``; None also when the fill is missing."""
    return _untokened(encoded[1:], encoded[0], n_bytes) if encoded else None


@lru_cache(maxsize=256)
def _runs_of(fill: int) -> re.Pattern[bytes]:
    # A run of two costs one byte either way and breaks a literal in two, so only three and more are worth a token.
    return re.compile(re.escape(bytes([fill])) + rb"{3,}")


def _tokens(data: bytes, fill: int) -> bytes:
    out = bytearray()
    at = 0
    for run in _runs_of(fill).finditer(data):
        _literal(out, data[at : run.start()])
        left = run.end() - run.start()
        while left >= 2:
            n = min(left, _MAX_RUN)
            # A lone byte cannot be a run: leave two for the next token instead.
            if left - n == 1:
                n -= 1
            out.append(n + 0x7E)
            left -= n
        at = run.end()
    _literal(out, data[at:])
    return bytes(out)


def _untokened(tokens: bytes, fill: int, n_bytes: int) -> bytes | None:
    out = bytearray()
    at = 0
    while at < len(tokens):
        n = tokens[at]
        at += 1
        if n >= 0x80:
            out += bytes([fill]) * (n - 0x7E)
        else:
            literal = tokens[at : at + n + 1]
            if len(literal) != n + 1:
                return None
            out += literal
            at += n + 1
        if len(out) > n_bytes:
            return None
    return bytes(out) if len(out) == n_bytes else None


def _literal(out: bytearray, data: bytes) -> None:
    for at in range(0, len(data), _MAX_LITERAL):
        part = data[at : at + _MAX_LITERAL]
        out.append(len(part) - 1)
        out += part

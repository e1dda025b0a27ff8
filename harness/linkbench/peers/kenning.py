"""Antmicro's Kenning over a UART: messages of 136 bytes at most behind a header of eight, three requests a sample.

Source: Kenning's documentation, "Kenning protocols" (antmicro.github.io/kenning/kenning-protocols.html), and where that leaves
something open kenning/protocols/{message,kenning_protocol,uart}.py of antmicro/kenning at 0368d7e7 and kenning_protocol.c of
antmicro/kenning-zephyr-runtime at 07b6a6c. Little endian:

    6 bits message type, 2 bits flow control | 1 byte checksum | 2 bytes flags | 4 bytes payload size | payload

    host -> board   REQUEST PING                          board -> host   TRANSMISSION PING, success
    host -> board   REQUEST DATA, in messages of 128      board -> host   TRANSMISSION DATA, success
    host -> board   REQUEST PROCESS    (inference)        board -> host   TRANSMISSION PROCESS, success
    host -> board   REQUEST OUTPUT                        board -> host   TRANSMISSION OUTPUT, the raw outputs

Each request waits for its transmission (request_blocking); the messages of one request follow each other without a wait.
The checksum is the XOR of all other bytes with 0x4B. It is sent, and neither side looks at it: receive_message drops what the
check came to, and the firmware makes none. A damaged message is taken as it is, and a lost byte leaves both sides waiting.

Since April 2026 both programs spend 38 bits on the type, a header of 12 bytes, which their documentation does not say. This is
the documented form, which is the faster one.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from functools import reduce
from operator import xor

from harness.linkbench.party import Action, Hear, Mark, Party, Say, Work, Workload

TITLE = "128-byte messages, three requests"
_HEADER = struct.Struct("<BBHI")
_PAYLOAD = 136 - _HEADER.size  # UARTProtocol's max_message_size
_MAGIC = 0x4B
_PING, _DATA, _PROCESS, _OUTPUT = 0, 2, 4, 5
_REQUEST, _TRANSMISSION = 0b00, 0b11
_SUCCESS, _FAIL, _HAS_PAYLOAD, _FIRST, _LAST, _IS_ZEPHYR = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 5, 1 << 7


def host(work: Workload) -> Party:
    """UARTProtocol: ping, then upload_input, request_processing and download_output for one sample at a time."""
    yield from _ask(_PING, flags=_SUCCESS)
    yield Mark()
    for sample in work.samples:
        yield from _ask(_DATA, sample)
        yield from _ask(_PROCESS)
        outputs = yield from _ask(_OUTPUT)
        work.answers.append(tuple(byte - 256 if byte > 127 else byte for byte in outputs))
        yield Mark()
    yield from _ask(_PING, flags=_FAIL)  # says goodbye


def device(work: Workload) -> Party:
    """Kenning's Zephyr runtime: one request at a time, each answered with a transmission of its own type."""
    data, outputs = b"", b""
    while True:
        kind, flags, payload = yield from _receive()
        answer = b""
        if kind == _DATA:
            data = payload[: work.sample_bytes].ljust(work.sample_bytes, b"\0")
        elif kind == _PROCESS:
            outputs = bytes(value & 0xFF for value in work.network(data))
            yield Work(work.inference_s)
        elif kind == _OUTPUT:
            answer = outputs
        for message in _messages(kind, _TRANSMISSION, answer, _SUCCESS | _IS_ZEPHYR):
            yield Say(message)
        if kind == _PING and flags & _FAIL:
            return


def _ask(kind: int, payload: bytes = b"", flags: int = 0) -> Generator[Action, bytes, bytes]:
    """A request, and what is transmitted upon it."""
    for message in _messages(kind, _REQUEST, payload, flags):
        yield Say(message)
    _, _, answer = yield from _receive()
    return answer


def _messages(kind: int, flow: int, payload: bytes, flags: int) -> list[bytes]:
    parts = [payload[at : at + _PAYLOAD] for at in range(0, len(payload), _PAYLOAD)] or [b""]
    made = []
    for i, part in enumerate(parts):
        marks = flags | (_HAS_PAYLOAD if part else 0) | (_FIRST if i == 0 else 0)
        marks |= _LAST if i == len(parts) - 1 else 0
        head = kind | flow << 6
        body = _HEADER.pack(head, 0, marks, len(part)) + part
        made.append(_HEADER.pack(head, reduce(xor, body, _MAGIC), marks, len(part)) + part)
    return made


def _receive() -> Generator[Action, bytes, tuple[int, int, bytes]]:
    """The messages of one request or transmission: type, flags of the last, and the payload of all."""
    payload = b""
    while True:
        head, _, flags, size = _HEADER.unpack((yield Hear(_HEADER.size)))
        if flags & _HAS_PAYLOAD:
            payload += yield Hear(size)
        if flags & _LAST:
            return head & 0x3F, flags, payload

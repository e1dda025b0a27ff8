"""Renders ``firmware/src/wire/messages.h`` from the message table: ``python -m harness.wire.cheader --write``.

Deterministic, without a date, so that ``--check`` (and a test) can compare the committed file byte by byte.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from pathlib import Path

from harness.wire.encodings import Encoding
from harness.wire.fields import PIECE, Struct
from harness.wire.framing import HELLO_MAX_FRAME, OVERHEAD
from harness.wire.messages import (
    FOLLOWS,
    HOP,
    HOP_REPORT,
    LAYER,
    MAX_CHIP_ID,
    MAX_LAYERS,
    MAX_MISSING,
    MAX_NOTICES,
    MAX_STAGES,
    NO_SAMPLE,
    PROTOCOL,
    SLOT,
    TABLE,
    TENSOR,
    BaudStatus,
    Capability,
    ClockSource,
    DType,
    ErrorCode,
    Flag,
    HopAsked,
    HopDone,
    ResetCause,
    ResultStatus,
    SlotState,
)

HEADER = Path(__file__).resolve().parents[2] / "firmware" / "src" / "wire" / "messages.h"

_CODES: tuple[tuple[str, str, type[IntEnum] | type[IntFlag]], ...] = (
    ("DTYPE", "dtype of a tensor", DType),
    ("RESET", "reset_cause", ResetCause),
    ("CLOCK", "clock_source of HELLO", ClockSource),
    ("FLAG", "flags of HELLO and BOOT, bits", Flag),
    ("WIRE_CAP", "capabilities of HELLO, bits", Capability),
    ("ERR", "code of ERROR", ErrorCode),
    ("RESULT_STATUS", "status of RESULT", ResultStatus),
    ("HOP_ASKED", "asked of a hop, bits", HopAsked),
    ("HOP_DONE", "done of a hop's report, bits", HopDone),
    ("SLOT_STATE", "state of a slot in STATUS", SlotState),
    ("BAUD_STATUS", "status of BAUD", BaudStatus),
    ("ENCODING", "encoding of CHUNK", Encoding),
)


def render() -> str:
    """The whole header."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "/* SPDX-License-Identifier: Apache-2.0"
    yield " * GENERATED from harness/wire/messages.py by `python -m harness.wire.cheader --write`; do not edit."
    yield " *"
    yield " * HIL_<MESSAGE>_AT_<FIELD> is the field's offset in the body (little endian). If its size varies,"
    yield " * HIL_<MESSAGE>_VARIES_AT is where its first varying field begins; else HIL_<MESSAGE>_BYTES is it. */"
    yield "#ifndef HIL_WIRE_MESSAGES_H"
    yield "#define HIL_WIRE_MESSAGES_H"
    yield ""
    yield "enum {"
    yield f"    HIL_WIRE_PROTOCOL = {PROTOCOL},"
    yield f"    HIL_WIRE_OVERHEAD = {OVERHEAD}, /* type, seq and crc: bytes of a frame beside its body */"
    yield f"    HIL_WIRE_HELLO_MAX_FRAME = {HELLO_MAX_FRAME}, /* largest unencoded frame before HELLO */"
    yield f"    HIL_WIRE_MAX_CHIP_ID = {MAX_CHIP_ID}, /* bytes of a chip's unique id in HELLO */"
    yield f"    HIL_WIRE_FOLLOWS = {FOLLOWS}, /* bit of an encoding: the sample goes on from the memory of the one before it */"
    yield f"    HIL_WIRE_MAX_MISSING = {MAX_MISSING}, /* offsets that a slot of STATUS lists at most */"
    yield f"    HIL_WIRE_MAX_NOTICES = {MAX_NOTICES}, /* bad frames in a row that are answered with DAMAGED */"
    yield f"    HIL_WIRE_MAX_LAYERS = {MAX_LAYERS}, /* layers that LAYERS lists at most */"
    yield f"    HIL_WIRE_MAX_STAGES = {MAX_STAGES}, /* stages of a front end that a hop's report has room for */"
    yield f"    HIL_WIRE_PIECE_LENGTH_BITS = {PIECE.LENGTH_BITS} /* lower bits of a piece's first two bytes; above: encoding */"
    yield "};"
    yield f"#define HIL_WIRE_NO_SAMPLE 0x{NO_SAMPLE:08X}u"
    yield ""
    yield "/* Types. Bit 7: from board to host. */"
    yield "enum {"
    yield from _commas([f"HIL_MSG_{entry.name} = 0x{entry.code:02X}" for entry in TABLE.values()])
    yield "};"
    for prefix, title, codes in _CODES:
        yield ""
        yield f"/* {title} */"
        yield "enum {"
        yield from _commas([f"HIL_{prefix}_{code.name} = {code.value}" for code in codes])
        yield "};"
    for entry in TABLE.values():
        if entry.codec.parts:
            yield ""
            yield from _body(entry.name, entry.codec)
    yield ""
    yield "/* One item of STATUS.slots, of LAYERS.layers, and of HELLO.inputs and outputs */"
    yield from _body("SLOT", SLOT)
    yield from _body("LAYER", LAYER)
    yield from _body("TENSOR", TENSOR)
    yield ""
    yield "/* Before the samples of a hop of a recording, and before the outputs in its result */"
    yield from _body("HOP", HOP)
    yield from _body("HOP_REPORT", HOP_REPORT)
    yield ""
    yield "#endif"


def _body(name: str, codec: Struct) -> Iterator[str]:
    fields = " ".join(f"{field}:{part.name}" for field, part in codec.parts)
    text = f"{name}: {fields} */"
    yield from textwrap.wrap(text, 120, initial_indent="/* ", subsequent_indent=" * ")
    items: list[str] = []
    at = 0
    for field, part in codec.parts:
        items.append(f"HIL_{name}_AT_{field.upper()} = {at}")
        if part.size is None:
            items.append(f"HIL_{name}_VARIES_AT = {at}")
            break
        at += part.size
    else:
        items.append(f"HIL_{name}_BYTES = {at}")
    yield "enum {"
    yield from _commas(items)
    yield "};"


def _commas(items: list[str]) -> Iterator[str]:
    for item in items[:-1]:
        yield f"    {item},"
    yield f"    {items[-1]}"


def main(arguments: list[str]) -> int:
    """``--write`` puts the header in its place, ``--check`` exits with 1 when the committed one differs."""
    if arguments == ["--write"]:
        HEADER.parent.mkdir(parents=True, exist_ok=True)
        HEADER.write_text(render())
        return 0
    if arguments == ["--check"]:
        if HEADER.is_file() and HEADER.read_text() == render():
            return 0
        sys.stderr.write(f"{HEADER} is not what the table says; run: python -m harness.wire.cheader --write\n")
        return 1
    sys.stderr.write("usage: python -m harness.wire.cheader --check | --write\n")
    return 3


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

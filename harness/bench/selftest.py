"""A small program that an emulator must run correctly before its word counts against a product.

Renode up to 1.15.3 computes SSUB8 followed by SEL wrongly, and with it every maximum in a pooling layer: a right product
fails there, each output wrong, nothing in a log. So each emulator runs ``program`` once before its unit is handed out, and
``judge`` compares what it left in memory. Source: ``firmware/selftest/selftest.S``.
"""

from __future__ import annotations

import struct

from harness.errors import BenchError

#: How long it may take, in the emulated core's time; it takes about a hundred instructions.
LASTS_S = 0.001
_CODE = bytes.fromhex(
    "5ff808704ef68850cef20000016841f470010160bff34f8fbff36f8f29a603cec0fa01f2a0fa81f204c703cec0fa01f2a0fa81f204c703ce"
    "2ffa80f204c72ffa90f204c721fa80f204c721fa90f204c707ce20fb012308c7c0ea014308c780fb013418c700f3070308c702f3070308c7"
    "90fbf2f308c7b0fa80f308c7b6ec030af0ee411ae0ee201ae7ec011ac0ee201ae7ec011af1eec01ae7ec011afdeec11ae7ec011ab4ee401a"
    "f1ee10fab4bf0120022001c746f66940c2f26810386030bffde700bf057f837ffb0183800080fb0180ff057ffe017f800080ff7f0380ff7f"
    "fdff018018fcffffdb0f4940a4709d3f79e9f6c2"
)
_DONE = 0x21686C69
#: What each word of the result is, by the architecture's manual (ARM DDI 0403E), and the operands in the source.
_EXPECTED = (
    ("SSUB8, SEL", 0x7F837F05),
    ("SSUB8, SEL", 0x7F05FF00),
    ("SXTB16", 0x007FFFFE),
    ("SXTB16, ROR", 0xFF800001),
    ("SXTAB16", 0x807E7FFE),
    ("SXTAB16, ROR", 0x7F7F8001),
    ("SMLAD", 0xC0027C0E),
    ("PKHBT", 0xFFFD8003),
    ("SMULL, low", 0x00077FF7),
    ("SMULL, high", 0xC0013FFC),
    ("SSAT", 0x0000007F),
    ("SSAT", 0xFFFFFF80),
    ("SDIV", 0xFFDF3B86),
    ("CLZ", 0x00000001),
    ("VFMA.F32", 0xC2EF2F06),
    ("VDIV.F32", 0x40237709),
    ("VSQRT.F32", 0x3FE2DFC5),
    ("VCVT.S32.F32", 0xFFFFFF85),
    ("VCMP.F32", 0x00000001),
)
RESULT_BYTES = 4 * (len(_EXPECTED) + 1)


def program(stack: int, at: int, result: int) -> bytes:
    """What to put at ``at``: a vector table and the code behind it. It leaves ``RESULT_BYTES`` at ``result``, then sleeps.

    ``at`` is where the core's vectors are, and a multiple of 128; ``stack`` is the initial stack pointer, not used.
    """
    return struct.pack("<3I", stack, at + 13, result) + _CODE


def judge(found: bytes, emulator: str, advice: str) -> None:
    """``BenchError`` when ``found`` is not what a Cortex-M4F leaves. ``advice``: which version to take instead."""
    words = struct.unpack(f"<{len(_EXPECTED) + 1}I", found)
    if words[-1] != _DONE:
        raise BenchError(
            f"{emulator} does not run a Cortex-M4F's code to its end: no verdict of it would mean anything",
            where="the self-test before the first sample", expected=f"{_DONE:#010x} behind the results",
            found=f"{words[-1]:#010x}", next_step=advice,
        )  # fmt: skip
    wrong = [(name, right, word) for (name, right), word in zip(_EXPECTED, words, strict=False) if word != right]
    if wrong:
        raise BenchError(
            f"{emulator} computes {wrong[0][0]} wrongly: right products would fail on it",
            where="the self-test before the first sample",
            expected="; ".join(f"{name} {right:#010x}" for name, right, _ in wrong[:3]),
            found="; ".join(f"{name} {word:#010x}" for name, _, word in wrong[:3]),
            next_step=advice,
        )

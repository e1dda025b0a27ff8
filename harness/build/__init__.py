"""Builds the firmware of one board with one model, reads what an image says of itself, names its addresses.

``build`` and ``native`` are all that most callers need; ``elf`` reads any image, built here or elsewhere.
"""

from __future__ import annotations

from harness.build.elf import Identity, loadable_segments, read_identity, verify_identity
from harness.build.firmware import FirmwareImage, build, native
from harness.build.symbols import Symbols

__all__ = [
    "FirmwareImage",
    "Identity",
    "Symbols",
    "build",
    "loadable_segments",
    "native",
    "read_identity",
    "verify_identity",
]

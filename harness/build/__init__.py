"""Builds the firmware of one board with one model, reads what an image says of itself, names its addresses.

``build`` and ``native`` are all that most callers need; ``elf`` reads any image, built here or elsewhere.

    firmware    model.c + board -> image, from the cache or new       budget     whether it fits, before any compiler runs
    cmake, compilers, inputs          how                             symbols    addresses by name, backtraces

The model's C is made in ``models.codegen``; nothing here knows an operator. Another engine is a folder in ``firmware/engines``.
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

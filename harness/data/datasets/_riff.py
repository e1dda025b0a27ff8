"""The samples of a .wav file: PCM of 16 bits or floats of 32, one channel; everything else is refused by its name.

Python's ``wave`` knows no floats, and takes a length that the file does not have. Format: Microsoft, Multimedia Programming
Interface 1.0 (1991), and mmreg.h for the tags.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.datasets import _common
from harness.errors import PlanError

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_TAGS = {2: "ADPCM", 6: "A-law", 7: "mu-law", 0x11: "IMA ADPCM", 0x55: "MP3"}


@dataclass(frozen=True)
class Wave:
    """``values`` [n], int16 or float32, at ``rate`` Hz."""

    rate: int
    values: npt.NDArray[np.generic]


def wave(path: Path) -> Wave:
    """What is in the file. ``PlanError`` naming it for what is no such recording, and for one that is cut short."""
    raw = _common.content(path)
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise _refused(path, "not a wav file", "RIFF....WAVE", raw[:12].hex(" ") or "an empty file")
    at, head, data = 12, b"", None
    while at + 8 <= len(raw) and data is None:
        kind, size = struct.unpack_from("<4sI", raw, at)
        at += 8
        if kind == b"fmt ":
            head = raw[at : at + size]
        elif kind == b"data":
            if size > len(raw) - at:
                raise _refused(
                    path, "the recording is cut short", f"{size} bytes, as it says", f"{len(raw) - at} bytes"
                )
            data = raw[at : at + size]
        at += size + size % 2
    if len(head) < 16 or data is None:
        raise _refused(path, "not a whole wav file", "the parts 'fmt ' and 'data'", f"{len(raw)} bytes without")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head)
    if tag == _EXTENSIBLE and len(head) >= 26:
        tag = int.from_bytes(head[24:26], "little")
    if rate == 0:
        raise _refused(path, "the recording has no rate", "1 Hz or more", "0 Hz", "write it anew")
    if channels != 1:
        raise _refused(
            path, "the recording is not mono", "1 channel", f"{channels}", "mix it down, or take one channel"
        )
    if (tag, bits) not in ((_PCM, 16), (_FLOAT, 32)):
        known = {_PCM: "whole numbers", _FLOAT: "floats"}.get(tag, _TAGS.get(tag, f"format {tag:#06x}"))
        raise _refused(
            path,
            "the recording has another kind of samples",
            "whole numbers of 16 bits, or floats of 32",
            f"{known} of {bits} bits",
            "write it anew as 16-bit PCM",
        )
    dtype = np.dtype("<i2" if tag == _PCM else "<f4")
    if not data or len(data) % dtype.itemsize:
        raise _refused(path, "the recording has no whole number of samples", "1 or more", f"{len(data)} bytes")
    return Wave(rate, np.frombuffer(data, dtype))


def _refused(
    path: Path, what: str, expected: str, found: str, next_step: str = "correct or remove the file"
) -> PlanError:
    return PlanError(what, where=str(path), expected=expected, found=found, next_step=next_step)

"""The files of Google's Speech Commands (v0.02 test files, v0.01 by word) that lie in HIL_DATA_DIR, with who spoke them.

A file's name begins with a number of its speaker; all of a speaker's files are of one part. Some files are there twice, byte for
byte: the first counts. Recordings shorter than a second are filled with zeros at the end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.data.datasets import _known, _riff
from harness.errors import PlanError

FOLDERS = ("speech-commands-v0.02", "speech-commands-v0.01-mini/speech_commands_v0.01")
SILENCE, UNKNOWN = "_silence_", "_unknown_"
RATE = LENGTH = 16000
TEST_SHARE = 0.4

_SPEAKER = re.compile(r"([0-9a-f]{8})_nohash_")


@dataclass(frozen=True)
class Clip:
    """One recording. ``word`` is its folder's name; ``speaker`` the file's own name for one without a speaker."""

    name: str
    word: str
    speaker: str
    path: Path

    def samples(self) -> npt.NDArray[np.int16]:
        """int16 [16000]. ``PlanError`` naming the file."""
        found = _riff.wave(self.path)
        if found.rate != RATE or found.values.dtype != np.int16 or len(found.values) > LENGTH:
            raise PlanError(
                "not a recording of Speech Commands",
                where=str(self.path),
                expected="one second at most of 16-bit numbers at 16000 Hz",
                found=f"{len(found.values)} of {found.values.dtype} at {found.rate} Hz",
                next_step="get the set again",
            )
        return np.pad(found.values.astype(np.int16), (0, LENGTH - len(found.values)))


def clips(split: str) -> Iterator[Clip]:
    """Those of a split, in an order that is the same everywhere and mixes the words. ``DataMissing`` where there are none."""
    roots = [
        _known.known(
            folder,
            "Speech Commands",
            next_step="set HIL_DATA_DIR to the folder that holds it, or take rendered words: leave out 'source'",
        )
        for folder in FOLDERS
    ]
    found: list[Clip] = []
    seen: set[str] = set()
    for root, folder in zip(roots, FOLDERS, strict=True):
        for path in sorted(root.glob("*/*.wav")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest in seen:
                continue
            seen.add(digest)
            named = _SPEAKER.search(path.name)
            name = f"{folder.partition('/')[0]}/{path.parent.name}/{path.name}"
            found.append(Clip(name, path.parent.name, named[1] if named else path.stem, path))
    for clip in sorted(found, key=lambda one: hashlib.sha256(one.name.encode()).digest()):
        if _is_test(clip.speaker) == (split == "test"):
            yield clip


def _is_test(speaker: str) -> bool:
    digest = hashlib.sha256(f"speaker:{speaker}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < int(TEST_SHARE * (1 << 64))

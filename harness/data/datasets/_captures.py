"""The 1000 captures of vowels drawn in the air that were published with the original project, read from their archive.

400 rows of ax, ay, az in mg and gx, gy, gz in mdps, 200 Hz, 200 captures of each letter. The archive says nothing of who drew
them. Every fourth capture (number 1, 5, 9, ... of each letter) is test, the others are train.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from harness.data.datasets import _known
from harness.errors import PlanError
from harness.text import printable

FOLDER = "vowels-imu"
FILE = "data_3e287b7_1000csv.tar.gz"
SHA256 = "e6aef17914412489b99edcad24feed685f172512c235deb01a302ea0389c1861"
SHAPE = (400, 6)
EVERY, TEST = 4, 1

_NAME = re.compile(r".*/([AEIOU])_(\d{4})\.csv")


def captures(split: str) -> Iterator[tuple[str, str, npt.NDArray[np.float32]]]:
    """(id, letter, float32 [400, 6]) of a split, the letters in turn. ``DataMissing`` or ``PlanError``."""
    path = _known.known(
        f"{FOLDER}/{FILE}",
        "the set of 1000 captures",
        next_step="set HIL_DATA_DIR to the folder that holds it, or take the synthetic captures: leave out 'source'",
    )
    content = _known.checked(path, SHA256)
    found: dict[tuple[int, str], bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            named = _NAME.fullmatch(member.name)
            if not named or (int(named[2]) % EVERY == TEST) != (split == "test"):
                continue
            file = archive.extractfile(member)
            assert file is not None
            found[int(named[2]), named[1]] = file.read()
    for (number, letter), text in sorted(found.items()):
        name = f"{letter}_{number:04d}"
        yield name, letter, _rows(text, f"{path}: {name}.csv")


def _rows(text: bytes, where: str) -> npt.NDArray[np.float32]:
    lines = text.decode("ascii").split()
    for number, line in enumerate(lines, start=1):
        if line.count(",") != SHAPE[1] - 1:
            raise PlanError(
                "a row has the wrong length",
                where=f"{where}:{number}",
                expected="6 cells",
                found=printable(line),
                next_step="get the archive again",
            )
    if len(lines) != SHAPE[0]:
        raise PlanError(
            "the capture has the wrong length",
            where=where,
            expected="400 rows",
            found=len(lines),
            next_step="get the archive again",
        )
    return np.array([line.split(",") for line in lines], dtype=np.float32)

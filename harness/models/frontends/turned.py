"""What a conversion notes in the .tflite about the order of axes: inputs that have their channels last now, and first in the
file that they come from.

It stands in the file's description, which converters and quantisers of others leave alone or drop; nothing computes with it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from harness.paths import read_file

_KEY = "channels_first"
MADE_BY = "hil"


def note(inputs: Mapping[str, tuple[int, ...]]) -> str:
    """The description of a .tflite whose inputs had these shapes; those that only moved axes of extent 1 are as they were."""
    moved = {name: list(shape) for name, shape in inputs.items() if is_turned(shape)}
    return f"{MADE_BY} {json.dumps({_KEY: moved})}" if moved else MADE_BY


def is_turned(shape: tuple[int, ...]) -> bool:
    """Whether values of a shape [1, C, ...] lie otherwise in memory with the channels last."""
    return len(shape) > 2 and shape[1] > 1 and any(extent > 1 for extent in shape[2:])


def read(path: Path) -> dict[str, tuple[int, ...]]:
    """Of each input that a conversion has turned, by name, its shape in the file that it comes from; {} where nothing says so."""
    try:
        text = schema.Model.GetRootAsModel(read_file(path), 0).Description()
        _, _, noted = (text or b"").decode().partition(f"{MADE_BY} ")
        found = json.loads(noted) if noted else {}
        return {str(name): tuple(int(extent) for extent in shape) for name, shape in found[_KEY].items()}
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError, struct.error):
        return {}  # a description may say anything, and a damaged file is told of by whoever reads its network

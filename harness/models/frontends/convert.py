"""Finds the front end of a model file by its suffix."""

from __future__ import annotations

import importlib
from pathlib import Path

from harness.errors import PlanError
from harness.models import tflite

# suffix -> module with a function convert(path) -> bytes; imported when asked for, since each needs an extra
_FRONT_ENDS = {
    ".onnx": "harness.models.frontends.onnx",
    ".keras": "harness.models.frontends.keras",
    ".h5": "harness.models.frontends.keras",
}


def known_suffixes() -> tuple[str, ...]:
    """The kinds of model files that ``convert`` takes."""
    return (".tflite", *sorted(_FRONT_ENDS))


def convert(path: Path) -> bytes:
    """The model as the content of a .tflite file; one that is a .tflite already is checked and passed on.

    Raises PlanError for an unknown suffix (with the known ones), an unreadable file, a missing extra (with the command
    that installs it), and for what the front end cannot translate, naming operator and layer.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise PlanError("the model file cannot be read", where=str(path), found="no such file")
    if suffix == ".tflite":
        tflite.read(path)
        return path.read_bytes()
    if suffix not in _FRONT_ENDS:
        raise PlanError(
            "the kind of model file is not known",
            where=str(path),
            expected=f"one of {', '.join(known_suffixes())}",
            found=suffix or "no suffix",
        )
    content: bytes = importlib.import_module(_FRONT_ENDS[suffix]).convert(path)
    tflite.parse(content, f"{path}, as a .tflite")  # a front end's mistake, or what it took from a damaged file
    return content

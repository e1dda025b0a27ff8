"""Front end for .onnx: read and folded (``onnx_graph``), translated (``onnx_lower``)."""

from __future__ import annotations

from pathlib import Path

from harness.models.frontends.onnx_graph import folded, read
from harness.models.frontends.onnx_lower import lowered


def convert(path: Path) -> bytes:
    """A float32 .tflite of an ONNX model. Raises PlanError as ``frontends.convert``."""
    return lowered(folded(read(path)))

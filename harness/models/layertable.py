"""The layer table of a generated model (``model.json``): what each layer is that a board tells of only by number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.disk.documents import parse_json
from harness.errors import PlanError
from harness.models.ir import Array
from harness.paths import read_file


@dataclass(frozen=True)
class TableLayer:
    """One layer in execution order. ``tensor`` is the index, in the model file, of what it writes; sizes in bytes.

    ``real = scale * (raw - zero_point)``; the scale is 0.0 for float32.
    """

    index: int
    name: str
    op: str
    op_code: int
    macs: int
    tensor: int
    tensor_name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    n_bytes: int

    def values(self, data: bytes) -> Array:
        """The raw values, of the layer's shape, in ``data`` as it travels (little endian)."""
        return np.frombuffer(data, np.dtype(self.dtype).newbyteorder("<")).reshape(self.shape)


@dataclass(frozen=True)
class LayerTable:
    """All layers of one model as one engine runs them."""

    engine: str
    engine_version: str
    model_sha256: str
    layers: tuple[TableLayer, ...]


def parse(text: str, *, where: str) -> LayerTable:
    """The table in the text of a model.json. PlanError when it is not JSON or lacks a key."""
    try:
        data = parse_json(text)
        return LayerTable(
            engine=str(data["engine"]),
            engine_version=str(data["engine_version"]),
            model_sha256=str(data["model_sha256"]),
            layers=tuple(_layer(entry) for entry in data["layers"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PlanError("model.json holds no layer table", where=where, found=repr(error)) from error


def read(path: Path) -> LayerTable:
    """``parse`` of a file; PlanError when it cannot be read."""
    try:
        text = read_file(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError("model.json cannot be read", where=str(path), found=str(error)) from error
    return parse(text, where=str(path))


def _layer(entry: dict[str, Any]) -> TableLayer:
    return TableLayer(
        index=int(entry["index"]),
        name=str(entry["name"]),
        op=str(entry["op"]),
        op_code=int(entry["op_code"]),
        macs=int(entry["macs"]),
        tensor=int(entry["tensor"]),
        tensor_name=str(entry["tensor_name"]),
        shape=tuple(int(extent) for extent in entry["shape"]),
        dtype=str(entry["dtype"]),
        scale=float(entry["scale"]),
        zero_point=int(entry["zero_point"]),
        n_bytes=int(entry["bytes"]),
    )

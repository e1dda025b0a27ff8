"""Writes the model.toml of a model that was just made, so that plans can name it. What it cannot know it leaves out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from harness.errors import PlanError
from harness.models import tflite
from harness.models.codegen.layout import short_name
from harness.models.ir import IrTensor
from harness.models.metadata import check_classes


def model_toml(model: Path, *, title: str, classes: Sequence[str] | None = None) -> str:
    """The text of a model.toml for a .tflite: name (the file's stem), hash, tensors, classes ("0", "1", ... if not given).

    Raises PlanError when there is not one class, by a name of its own, for each value of the first output.
    """
    graph = tflite.read(model)
    values = graph.tensor(graph.outputs[0]).elements
    names = list(classes) if classes is not None else [str(i) for i in range(values)]
    check_classes(names, str(model))
    if len(names) != values:
        raise PlanError("the class names do not match the output", where=str(model), expected=values, found=len(names))
    lines = [
        f"name = {_text(model.stem)}",
        f"title = {_text(title)}",
        f"file = {_text(model.name)}",
        f'sha256 = "{hashlib.sha256(model.read_bytes()).hexdigest()}"',
        f"classes = [{', '.join(map(_text, names))}]",
    ]
    for table, indices, called in (
        ("inputs", graph.inputs, graph.input_names),
        ("outputs", graph.outputs, graph.output_names),
    ):
        for index, name in zip(indices, called, strict=True):
            lines += ["", f"[[{table}]]", *_tensor(graph.tensor(index), short_name(name))]
    return "\n".join(lines) + "\n"


def _tensor(tensor: IrTensor, name: str) -> list[str]:
    lines = [f"name = {_text(name)}", f"shape = {list(tensor.shape)}", f'dtype = "{tensor.dtype}"']
    if tensor.quantization is not None:
        lines += [f"scale = {tensor.scale!r}", f"zero_point = {tensor.zero_point}"]
    return lines


def _text(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'

"""Writes the model.toml of a model that was just made or trained again. What it cannot know it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from harness.errors import PlanError
from harness.models.frontends.kept import as_tflite
from harness.models.metadata import (
    Facts,
    TensorFacts,
    check_classes,
    check_count,
    file_digest,
    read_facts,
    tensors,
    turned_inputs,
)
from harness.records import Tensor


def model_toml(model: Path, *, title: str, classes: Sequence[str] | None = None) -> str:
    """The text of a model.toml: what ``described`` says."""
    return toml_text(described(model, title=title, classes=classes))


def described(model: Path, *, title: str, classes: Sequence[str] | None = None) -> Facts:
    """What is known of a model's file: name (its stem), hash, tensors on a board, classes ("0", "1", ... if not given).

    Raises PlanError when there is not one class, by a name of its own, for each value of the first output.
    """
    inputs, outputs = tensors(as_tflite(model), str(model))
    names = list(classes) if classes is not None else [str(i) for i in range(outputs[0].elements)]
    check_classes(names, str(model))
    if len(names) != outputs[0].elements:
        raise PlanError(
            "the class names do not match the output", where=str(model), expected=outputs[0].elements, found=len(names)
        )
    return Facts(
        name=model.stem,
        title=title,
        file=model.name,
        sha256=file_digest(model, str(model)),
        classes=tuple(names),
        inputs=_stated(inputs, turned_inputs(model)),
        outputs=_stated(outputs),
    )


def updated(toml: Path, classes: Sequence[str] | None = None) -> tuple[Facts, Facts]:
    """What a model.toml says, and what it should say of the file that now has the name in it; nothing is written.

    Hash and tensors are the file's. Title, classes (but for ``classes``) and the rest stay; a figure of the old file says
    by its hash that it is. Raises PlanError when either file cannot be read, or when the classes are not one for each
    value of the first output.
    """
    old = read_facts(toml)
    digest = file_digest(toml.parent / old.file, str(toml))
    tflite = as_tflite(toml.parent / old.file)
    inputs, outputs = tensors(tflite, str(toml))
    shapes = {t.name: t.origin_shape for t in old.inputs if t.origin_shape} | turned_inputs(tflite)
    names = tuple(classes) if classes is not None else old.classes
    check_classes(names, str(toml))
    try:
        check_count(names, outputs, str(toml))
    except PlanError as error:
        error.next_step = "name them: --classes A,B,C"
        raise
    figures = old.figures
    if digest != old.sha256:
        figures = tuple(f if f.sha256 else f.model_copy(update={"sha256": old.sha256}) for f in figures)
    new = {"sha256": digest, "classes": names, "figures": figures}
    return old, old.model_copy(update=new | {"inputs": _stated(inputs, shapes), "outputs": _stated(outputs)})


def toml_text(facts: Facts) -> str:
    """The text of a model.toml. Reading it gives ``facts`` again."""
    top, tables = [], []
    for key, value in facts:
        if isinstance(value, BaseModel):
            tables += ["", f"[{key}]", *_lines(value)]
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for part in value:
                tables += ["", f"[[{key}]]", *_lines(part)]
        elif value is not None:
            top.append(f"{key} = {_value(value)}")
    return "\n".join([*top, *tables]) + "\n"


def _lines(part: BaseModel) -> Iterator[str]:
    """What is not said reads as its default."""
    for key, value in part:
        if value != type(part).model_fields[key].default:
            yield f"{key} = {_value(value)}"


def _stated(real: Sequence[Tensor], turned: Mapping[str, tuple[int, ...]] | None = None) -> tuple[TensorFacts, ...]:
    return tuple(
        TensorFacts(
            name=t.name,
            shape=t.shape,
            dtype=t.dtype,
            scale=t.scale,
            zero_point=t.zero_point,
            origin_shape=(turned or {}).get(t.name, ()),
        )
        for t in real
    )


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _escaped(ord(c)) for c in escaped) + '"'


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""How a plan, a test or a command says which model it means. Text alone: ``models.find`` looks where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# Names become parts of case ids, file names and JUnit class names: nothing that a shell or a path could take apart.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.\-]*$", max_length=80)]
#: The kinds of model files.
SUFFIXES = (".tflite", ".onnx", ".keras", ".h5")
FORM = "a name, a path from the plan's folder, or {file: net.tflite, classes: [a, b], name: net}"


class ModelSpec(BaseModel):
    """A model by name (``file`` empty: shipped, or of a folder ``models``) or by path; may be written as text alone.

    ``file``: a folder with a model.toml, a model.toml, or the model's file itself, from where the plan stands.
    ``classes``: names of the outputs, in their order; empty = what model.toml says, else the data set's.
    ``name``: what the case, the gates and the reports call it; of a path it is the last part without its suffix.
    ``origin``: what the network was converted from; empty = what model.toml says, else nothing is known of it.
    ``origin_optional``: where the package that runs the origin is missing, the case goes on without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())

    name: Name = Field(description="What the case, the gates and the reports call it; alone: which model it is.")
    file: str = Field(default="", description="Its file or folder, from where the plan stands.")
    classes: tuple[str, ...] = Field(
        default=(), description="Names of the outputs in their order; what model.toml says, else the data, if left out."
    )

    origin: str = Field(
        default="",
        description="What it was converted from: a .keras, .h5, .onnx or float .tflite, from where the plan stands. "
        "It runs on the host beside the board; what model.toml says if left out.",
    )
    origin_optional: bool = Field(
        default=False,
        description="Without the package that runs the origin the case goes on, and says nothing of the conversion.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if isinstance(value, str):
            return _said(value)
        if isinstance(value, Mapping):
            file = value.get("file", "")
            if "name" in value:
                return dict(value)
            if not isinstance(file, str):
                return {"name": "unnamed", **value}  # what is wrong is the file alone
            if not file.strip():
                raise ValueError("a model written as a mapping needs 'file', the path of the model, or its 'name'")
            return {"name": named_by(file), **value}
        return value

    @field_validator("classes")
    @classmethod
    def _each_its_own(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}")
        return names

    def text(self) -> str:
        """What is looked for."""
        return self.file or self.name


def is_path(text: str) -> bool:
    """Whether it is meant as a path: of several parts, or with the suffix of a model's file."""
    path = PurePath(text)
    return path.name != text or path.suffix.lower() in (*SUFFIXES, ".toml")


def named_by(text: str) -> str:
    """The name of the model at a path: ``../nets/KWS v2.tflite`` is ``kws_v2``. ``ValueError`` when nothing is left of it."""
    path = PurePath(text)
    if path.name == "model.toml":
        path = path.parent
    stem = path.stem if path.suffix.lower() in SUFFIXES else path.name
    name = re.sub(r"[^a-z0-9_.\-]+", "_", stem.lower()).lstrip("_.-")[:80]
    if not name:
        raise ValueError(f"no name can be made of the path {text!r}: write {{file: {text!r}, name: ...}}")
    return name


def _said(text: str) -> dict[str, Any]:
    if is_path(text):
        return {"name": named_by(text), "file": text}
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.\-]{0,79}", text):
        raise ValueError(f"a model is {FORM}; a name is of a-z, 0-9, '_', '.' and '-'")
    return {"name": text}

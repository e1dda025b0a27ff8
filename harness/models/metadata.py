"""What is known of a model: its model.toml, checked against the .tflite that it describes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.disk import documents
from harness.errors import PlanError
from harness.models import tflite
from harness.models.codegen.layout import short_name
from harness.models.ir import IrTensor
from harness.paths import read_file, shipped
from harness.records import DType, Tensor

_FILE = "model.toml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class TensorFacts(_Frozen):
    """One input or output as model.toml states it."""

    name: str
    shape: tuple[int, ...]
    dtype: Literal["float32", "int8"]
    scale: float = 0.0
    zero_point: int = 0


class Preprocessing(_Frozen):
    """Documentation: ``real = (value - offset) / divisor`` made the network's inputs of the raw data it was trained on.

    Nothing computes with it: datasets give real values, and ``data.encode`` quantises them.
    """

    divisor: float = Field(default=1.0, gt=0)
    offset: float = 0.0


class Training(_Frozen):
    """Where the weights come from. ``test_split`` was never used to fit or to choose anything."""

    dataset: str
    train_split: str
    test_split: str
    script: str


class Figure(_Frozen):
    """A number that the model reached on the host, and how."""

    metric: str
    value: float
    n: int
    dataset: str
    split: str
    how: str


class Facts(_Frozen):
    """The whole of a model.toml."""

    name: str
    title: str
    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    classes: tuple[str, ...]
    preprocessing: Preprocessing | None = None
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    training: Training | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Model:
    """A model whose metadata agrees with its file. ``inputs`` and ``outputs`` are the file's own."""

    name: str
    path: Path  # of the .tflite
    sha256: str  # of the .tflite, computed here
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    facts: Facts

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return self.facts.classes


def names() -> tuple[str, ...]:
    """The models that come with the project."""
    return tuple(sorted(path.parent.name for path in (shipped("fixtures") / "models").glob(f"*/{_FILE}")))


def load_model(name_or_path: str | Path) -> Model:
    """A shipped model by name, or any by the path of its folder or model.toml.

    Raises PlanError, naming both sides, for an unknown name (with the known ones), an unreadable or wrong model.toml, a
    file whose SHA-256 is another, and tensors that differ from the file's.
    """
    toml = _locate(name_or_path)
    facts = _facts(toml)
    path = toml.parent / facts.file
    try:
        found = hashlib.sha256(read_file(path)).hexdigest()
    except OSError as error:
        raise PlanError(
            "the model's file cannot be read", where=str(toml), expected=facts.file, found=error.strerror
        ) from error
    if found != facts.sha256:
        raise PlanError(
            f"{path.name} is not the file that {_FILE} describes",
            where=str(toml),
            expected=f"sha256 {facts.sha256}",
            found=f"sha256 {found}",
            next_step=f"restore the file, or update {_FILE} with the figures of the new one",
        )
    check_classes(facts.classes, str(toml))
    graph = tflite.read(path)
    inputs = tuple(_record(graph.tensor(i), n, toml) for i, n in zip(graph.inputs, graph.input_names, strict=True))
    outputs = tuple(_record(graph.tensor(i), n, toml) for i, n in zip(graph.outputs, graph.output_names, strict=True))
    _agree("inputs", facts.inputs, inputs, toml)
    _agree("outputs", facts.outputs, outputs, toml)
    if outputs and facts.classes and len(facts.classes) != outputs[0].elements:
        raise PlanError(
            "the class names do not match the output",
            where=str(toml),
            expected=f"{outputs[0].elements} classes, one per output value",
            found=f"{len(facts.classes)}",
        )
    return Model(facts.name, path, found, inputs, outputs, facts)


def check_classes(classes: Sequence[str], where: str) -> None:
    """PlanError when two outputs would have one name, or one has none: labels are found by them."""
    twice = sorted({name for name in classes if classes.count(name) > 1})
    if twice or not all(name.strip() and name.isprintable() for name in classes):
        raise PlanError(
            "the class names do not tell the outputs apart",
            where=where,
            expected="a name of its own for each output value",
            found=f"more than once: {', '.join(twice)}" if twice else "an empty or unprintable name",
        )


def _locate(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    for candidate in (path / _FILE, path if path.name == _FILE else None, path.parent / _FILE):
        looks_like_path = isinstance(name_or_path, Path) or len(path.parts) > 1 or path.is_dir() or path.suffix
        if candidate is not None and looks_like_path and candidate.is_file():
            return candidate
    shipped_toml = shipped("fixtures") / "models" / str(name_or_path) / _FILE
    if len(path.parts) == 1 and shipped_toml.is_file():
        return shipped_toml
    raise PlanError(
        f"there is no model {str(name_or_path)!r}",
        expected=f"one of {', '.join(names())}, or a folder with a {_FILE}",
        found=str(name_or_path),
    )


def _facts(toml: Path) -> Facts:
    try:
        return Facts.model_validate(documents.toml(toml))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PlanError(f"{_FILE} is wrong", where=str(toml), found=problems) from error
    except (OSError, ValueError) as error:
        raise PlanError(f"{_FILE} cannot be read", where=str(toml), found=str(error)) from error


def _record(tensor: IrTensor, name: str, toml: Path) -> Tensor:
    dtypes: dict[str, DType] = {
        "float32": "float32",
        "int8": "int8",
        "uint8": "uint8",
        "int16": "int16",
        "int32": "int32",
    }
    if tensor.dtype not in dtypes:
        raise PlanError(
            "the model's interface uses a data type that no board speaks",
            where=f"{toml}, tensor {name!r}",
            expected=f"one of {', '.join(dtypes)}",
            found=tensor.dtype,
        )
    return tensor.as_record(short_name(name), dtypes[tensor.dtype])


def _agree(side: str, stated: tuple[TensorFacts, ...], real: tuple[Tensor, ...], toml: Path) -> None:
    # Scales are float32 in the file and decimal in the TOML: they agree when they are the same float32.
    as_stated = tuple(Tensor(t.name, t.shape, t.dtype, float(np.float32(t.scale)), t.zero_point) for t in stated)
    if as_stated != real:
        raise PlanError(
            f"{_FILE} and the .tflite differ in their {side}",
            where=str(toml),
            expected=f"{_FILE}: {_listed(as_stated)}",
            found=f".tflite: {_listed(real)}",
        )


def _listed(tensors: tuple[Tensor, ...]) -> str:
    return ", ".join(f"{t.name} {t.describe()}" for t in tensors) or "none"

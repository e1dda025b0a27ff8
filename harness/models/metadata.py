"""What is known of a model: its model.toml, checked against the .tflite that it describes."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.disk import documents
from harness.errors import PlanError
from harness.models import tflite
from harness.models.codegen.layout import short_name
from harness.models.find import TOML, find
from harness.models.frontends import turned
from harness.models.frontends.kept import as_tflite
from harness.models.ir import IrTensor
from harness.paths import read_file
from harness.plans.modelspec import SUFFIXES, ModelSpec, named_by
from harness.records import DType, ModelFacts, Tensor


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class TensorFacts(_Frozen):
    """One input or output as model.toml states it."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    scale: float = 0.0
    zero_point: int = 0
    # Of an input whose channels the conversion moved behind its other axes: its shape in the file that it comes from.
    origin_shape: tuple[int, ...] = ()


class Preprocessing(_Frozen):
    """Documentation: ``real = (value - offset) / divisor`` made the network's inputs of the raw data it was trained on.

    Nothing computes with it: datasets give real values, and ``data.encode`` quantises them.
    """

    divisor: float = Field(default=1.0, gt=0)
    offset: float = 0.0
    front_end: str = ""  # of ``data.features``; its output is what divisor and offset are of
    layout: str = ""  # which value of a sample stands where in the input
    other_layouts: tuple[str, ...] = ()  # the same number of values in an order that the network was not trained on


class Training(_Frozen):
    """Where the weights come from. ``test_split`` was never used to fit or to choose anything."""

    dataset: str
    train_split: str
    test_split: str
    script: str
    seed: int | None = None
    dataset_sha256: str = ""  # of the training samples, as ``Dataset.sha256`` has it


class Figure(_Frozen):
    """A number that the model reached on the host, and how. ``sha256``: the file's, where it was an earlier one."""

    metric: str
    value: float
    n: int
    dataset: str
    split: str
    how: str
    low: float | None = None  # the 95 % interval's ends
    high: float | None = None
    seeds: tuple[float, ...] = ()  # what the same recipe reached from other seeds
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


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
    origin: str = ""  # what the file was converted from: a path from this folder


@dataclass(frozen=True)
class Model:
    """A model whose metadata, where it has any, agrees with its file. ``inputs`` and ``outputs`` are the file's own.

    ``classes``: names of the outputs, in order; empty when nobody named them: the data set's stand for them then.
    ``facts`` None = a bare file, without a model.toml.
    """

    name: str
    path: Path  # of the .tflite, which may be a conversion in the cache
    sha256: str  # of the .tflite, computed here
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    classes: tuple[str, ...]
    file: Path  # the user's own
    file_sha256: str
    facts: Facts | None = None
    origin: Path | None = None  # what it was converted from, where anybody says; ``origin_optional``: see ModelSpec
    origin_optional: bool = False
    # Inputs that have their channels last here and first in the file that they come from: their shapes there, by name.
    turned: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def record(self) -> ModelFacts:
        """What the record keeps of it."""
        file = (
            self.file.parent.resolve() / self.file.name
        )  # a link to it says more than what some tool's store calls it
        return ModelFacts(name=self.name, sha256=self.sha256, file=str(file), file_sha256=self.file_sha256)


def load_model(model: str | Path | ModelSpec, base: Path | None = None) -> Model:
    """The model that is meant, from the folder ``base`` (None: the working folder); see ``find`` for what is found where.

    A file that is no .tflite is converted. Raises PlanError, naming both sides, for an unknown name (with the known
    ones), a file that cannot be read or converted, an unreadable or wrong model.toml, a file whose SHA-256 is another,
    tensors that differ from the file's, and names of classes that are not one per output value. BenchError when a
    conversion cannot be kept.
    """
    spec = model if isinstance(model, ModelSpec) else None
    found = find(model.text() if isinstance(model, ModelSpec) else model, base)
    facts = read_facts(found) if found.name == TOML else None
    file = found if facts is None else found.parent / facts.file
    where = str(found)
    digest = file_digest(file, where)
    if facts is not None:
        check_current(facts, digest, found)
    path = as_tflite(file)
    inputs, outputs = tensors(path, where)
    if facts is not None:
        _agree("inputs", facts.inputs, inputs, found)
        _agree("outputs", facts.outputs, outputs, found)
    stated = facts.classes if facts is not None else ()
    classes = spec.classes if spec is not None and spec.classes else stated
    check_classes(classes, where)
    check_count(classes, outputs, where)
    name = spec.name if spec is not None else facts.name if facts is not None else named_by(str(file))
    sha256 = digest if path == file else file_digest(path, where)
    origin = origin_file(spec, base)
    if origin is None and facts is not None and facts.origin:
        origin = _origin(found.parent / facts.origin, where)
    optional = spec is not None and spec.origin_optional
    shapes = turned_inputs(path)
    if facts is not None:
        shapes |= {stated.name: stated.origin_shape for stated in facts.inputs if stated.origin_shape}
    return Model(name, path, sha256, inputs, outputs, classes, file, digest, facts, origin, optional, shapes)


def origin_file(spec: ModelSpec | None, base: Path | None) -> Path | None:
    """The file that a plan in the folder ``base`` names as what a model was converted from; None where it names none.

    PlanError when there is no such file, or it is none that runs on a host.
    """
    if spec is None or not spec.origin:
        return None
    return _origin((Path() if base is None else base) / spec.origin, f"the origin of model {spec.name!r}")


def _origin(path: Path, where: str) -> Path:
    if path.suffix.lower() not in SUFFIXES:
        raise PlanError(
            "no model runs on the host from this kind of file",
            where=where,
            expected=f"one of {', '.join(SUFFIXES)}",
            found=path.suffix or "no suffix",
            next_step="name the file that the network was converted from",
        )
    if not path.is_file():
        raise PlanError(
            "what the model was converted from is not there",
            where=where,
            expected=str(path),
            found="no such file",
            next_step="correct 'origin', or leave it out",
        )
    return path


def file_digest(file: Path, where: str) -> str:
    """SHA-256 of a model's file, hex. PlanError when it cannot be read."""
    try:
        return hashlib.sha256(read_file(file)).hexdigest()
    except OSError as error:
        raise PlanError(
            "the model's file cannot be read", where=where, expected=file.name, found=error.strerror
        ) from error


def check_current(facts: Facts, digest: str, toml: Path) -> None:
    """PlanError when the file is not the one that its model.toml describes."""
    if digest != facts.sha256:
        raise PlanError(
            f"{facts.file} is not the file that {TOML} describes",
            where=str(toml),
            expected=f"sha256 {facts.sha256}",
            found=f"sha256 {digest}",
            next_step=f"restore the file or, if this one is meant: hil model update {shlex.quote(str(toml.parent))}",
        )


def tensors(path: Path, where: str) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a .tflite. PlanError when it cannot be read or uses a data type that no board speaks."""
    graph = tflite.read(path)
    inputs = tuple(_record(graph.tensor(i), n, where) for i, n in zip(graph.inputs, graph.input_names, strict=True))
    outputs = tuple(_record(graph.tensor(i), n, where) for i, n in zip(graph.outputs, graph.output_names, strict=True))
    return inputs, outputs


def turned_inputs(path: Path) -> dict[str, tuple[int, ...]]:
    """Of each input of a .tflite that a conversion has turned to channels last, its shape before. See ``frontends.turned``."""
    return {short_name(name): shape for name, shape in turned.read(path).items()}


def check_count(classes: Sequence[str], outputs: Sequence[Tensor], where: str) -> None:
    """PlanError when there are names of classes, and not one per value of the first output."""
    if outputs and classes and len(classes) != outputs[0].elements:
        raise PlanError(
            "the class names do not match the output",
            where=where,
            expected=f"{outputs[0].elements} classes, one per output value",
            found=f"{len(classes)}",
        )


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


def read_facts(toml: Path) -> Facts:
    """What a model.toml says; whether it is true is not looked at. PlanError when it cannot be read or is wrong."""
    try:
        return Facts.model_validate(documents.toml(toml))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PlanError(f"{TOML} is wrong", where=str(toml), found=problems) from error
    except (OSError, ValueError) as error:
        raise PlanError(f"{TOML} cannot be read", where=str(toml), found=str(error)) from error


def _record(tensor: IrTensor, name: str, where: str) -> Tensor:
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
            where=f"{where}, tensor {name!r}",
            expected=f"one of {', '.join(dtypes)}",
            found=tensor.dtype,
        )
    return tensor.as_record(short_name(name), dtypes[tensor.dtype])


def _agree(side: str, stated: tuple[TensorFacts, ...], real: tuple[Tensor, ...], toml: Path) -> None:
    # Scales are float32 in the file and decimal in the TOML: they agree when they are the same float32.
    as_stated = tuple(Tensor(t.name, t.shape, t.dtype, float(np.float32(t.scale)), t.zero_point) for t in stated)
    if as_stated != real:
        raise PlanError(
            f"{TOML} and the .tflite differ in their {side}",
            where=str(toml),
            expected=f"{TOML}: {_listed(as_stated)}",
            found=f".tflite: {_listed(real)}",
        )


def _listed(tensors: tuple[Tensor, ...]) -> str:
    return ", ".join(f"{t.name} {t.describe()}" for t in tensors) or "none"

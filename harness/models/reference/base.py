"""The seam: what a reference gives, and how one is found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from harness.errors import HarnessBug, MisuseError, PlanError
from harness.records import Tensor

Array = npt.NDArray[Any]
Inputs = (
    Array | Sequence[Array]
)  # one array per input of the model, in the model's order; a bare array for the only one
_PACKAGE = "harness.models.reference"
_NO_REFERENCE = {"base"}
#: What runs a file where nobody says which reference is meant: whoever made the file measured with this one.
_OF_SUFFIX = {".tflite": "litert", ".onnx": "onnx", ".keras": "keras", ".h5": "keras"}


class ExtraMissing(PlanError):
    """The package that a reference runs on is not installed; the next step is the command that installs it."""


class Reference(Protocol):
    """A host implementation of a model's arithmetic. Safe to call again; keeps no state that changes results."""

    @property
    def engine(self) -> str:
        """What computes, for the record: ``litert BUILTIN_REF``."""
        ...

    @property
    def version(self) -> str:
        """The version of what computes."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """The suffixes of the files that it runs."""
        ...

    def inputs(self, model: Path) -> tuple[Tensor, ...]:
        """What ``run`` takes, in its order, each with a batch of 1. ``PlanError`` as ``run``."""
        ...

    def run(self, model: Path, inputs: Inputs) -> Array:
        """Raw outputs [N, values] in the output's dtype for raw inputs [N, ...] in the input's dtype.

        A model with several inputs takes one array for each; the values of several outputs follow each other. Where these are
        of different types, the array is [N] of a field for each; ``apart`` makes the outputs of either form.
        MisuseError when the inputs' dtype or size is not the model's; PlanError when the model cannot be run.
        """
        ...

    def run_layers(self, model: Path, inputs: Inputs) -> dict[int, Array]:
        """What ``run`` computes on the way: tensor index in the .tflite -> raw values [N, values]."""
        ...


def names() -> tuple[str, ...]:
    """The references known."""
    package = importlib.import_module(_PACKAGE)
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in found if name not in _NO_REFERENCE and not name.startswith("_")))


def load(name: str, follows: Sequence[bool] | None = None) -> Reference:
    """The reference of that name; PlanError listing the known ones otherwise.

    ``follows``: of which samples of ``run`` a network's memory goes on from the one before; None: each begins anew. PlanError
    where the reference has no memory to go on from.
    """
    if name not in names():
        raise PlanError(f"there is no reference {name!r}", expected=f"one of {', '.join(names())}", found=name)
    module = importlib.import_module(f"{_PACKAGE}.{name}")
    if follows is not None and not hasattr(module, "keeping"):
        raise PlanError(
            f"the reference {name!r} begins anew with each sample",
            expected="one that keeps a network's memory: litert or twin",
            found=name,
            next_step="say 'reference: litert', or 'state: {reset: each sample}'",
        )
    try:
        reference: Reference = module.reference() if follows is None else module.keeping(follows)
    except AttributeError as error:
        raise HarnessBug(f"the module of reference {name!r} has no function reference()") from error
    return reference


def of_file(path: Path) -> Reference:
    """The reference that a model's file is run with. PlanError for a kind of file that none runs."""
    name = _OF_SUFFIX.get(path.suffix.lower())
    if name is None:
        raise PlanError(
            "no reference runs this kind of file",
            where=str(path),
            expected=f"one of {', '.join(_OF_SUFFIX)}",
            found=path.suffix or "no suffix",
            next_step="name the file that the network was saved to",
        )
    return load(name)


def extent(size: object, where: str) -> int:
    """One extent of an input as a number. PlanError for an open one: a sample has one size."""
    if isinstance(size, int) and size > 0:
        return size
    raise PlanError(
        "an input of the model is open in more than its batch",
        where=where,
        expected="extents that are numbers",
        found=size,
        next_step="save the model with a fixed input",
    )


def checked(inputs: Array, tensor: Tensor) -> Array:
    """The inputs as [N, *tensor.shape[1:]], contiguous; MisuseError when dtype or size differ from the tensor's."""
    if inputs.ndim < 1 or inputs.dtype != np.dtype(tensor.dtype) or inputs.size != len(inputs) * tensor.elements:
        raise MisuseError(
            "the inputs do not fit the model",
            where=f"input {tensor.name!r}",
            expected=f"[N] of {tensor.describe()}",
            found=f"{inputs.dtype}{list(inputs.shape)}",
        )
    return np.ascontiguousarray(inputs).reshape(len(inputs), *tensor.shape[1:])


def checked_all(inputs: Inputs, tensors: tuple[Tensor, ...], where: str) -> list[Array]:
    """One checked array for each of a model's inputs, all with the same number of samples; MisuseError otherwise."""
    given = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    if len(given) != len(tensors):
        raise MisuseError(
            "the model has another number of inputs", where=where, expected=f"{len(tensors)} arrays", found=len(given)
        )
    arrays = [checked(array, tensor) for array, tensor in zip(given, tensors, strict=True)]
    if len({len(array) for array in arrays}) > 1:
        raise MisuseError(
            "the inputs differ in their number of samples", where=where, found=[len(array) for array in arrays]
        )
    return arrays


def joined(outputs: Sequence[Array]) -> Array:
    """What ``Reference.run`` gives, of an array [N, values] for each output in the model's order."""
    if len({values.dtype for values in outputs}) == 1:
        return np.concatenate(outputs, axis=1)
    fields = [(f"output {i}", values.dtype, values.shape[1:]) for i, values in enumerate(outputs)]
    both = np.empty(len(outputs[0]), np.dtype(fields))
    for (name, *_), values in zip(fields, outputs, strict=True):
        both[name] = values
    return both


def apart(values: Array, outputs: Sequence[Tensor]) -> tuple[Array, ...]:
    """What ``Reference.run`` gives as an array [N, values] for each output, in the model's order."""
    if values.dtype.names:
        return tuple(values[name] for name in values.dtype.names)
    edges = np.cumsum([tensor.elements for tensor in outputs])[:-1]
    return tuple(np.split(values.reshape(len(values), -1), edges, axis=1))

"""The data of a model with several inputs: the arrays of an archive, each told by its name or, alone of its size, by its shape."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.disk import archive
from harness.errors import PlanError
from harness.models import Model
from harness.plans.schema import Option
from harness.records import Tensor
from harness.scaffold.kinds import Data

_LABELS = "y"
#: Names that the form knows of itself.
_OTHERS = frozenset({_LABELS, "ids", "groups", "split", "classes"})

Arrays = Mapping[str, npt.NDArray[np.generic]]


def only_archive(model: Model, root: Path) -> Path:
    """The one archive in the project's folder or beside the model. ``PlanError`` when there is none, or more than one."""
    found = sorted({path.resolve() for folder in (root, model.file.parent) for path in folder.glob("*.npz")})
    if len(found) == 1:
        return found[0]
    raise PlanError(
        "several files may be the data" if found else "no data was found",
        where=str(root),
        expected=f"one archive with the model's {len(model.inputs)} inputs: {_described(model)}",
        found=", ".join(map(str, found)) or None,
        next_step=f"name it: hil init {model.file} DATA.npz; made by numpy.savez('data.npz', "
        + ", ".join(f"{tensor.name}=..." for tensor in model.inputs)
        + ", y=labels)",
    )


def named(model: Model, path: Path) -> Data:
    """The archive as the model's data, with labels where it has ``y``. ``PlanError`` when an input has no array, or two."""
    if path.suffix.lower() != ".npz" or not path.is_file():
        raise PlanError(
            f"a model with {len(model.inputs)} inputs takes its data from an archive",
            where=str(path),
            expected="a .npz file that is there",
            next_step=f"numpy.savez('data.npz', {', '.join(f'{t.name}=...' for t in model.inputs)}, y=labels)",
        )
    try:
        arrays: Arrays = archive.arrays(path)
    except archive.DamagedArchive as error:
        raise PlanError(
            "the archive cannot be read", where=str(path), expected="a .npz file of plain arrays", found=error
        ) from error
    inputs = {tensor.name: _array(tensor, model, arrays, path) for tensor in model.inputs}
    options: dict[str, Option] = {"inputs": inputs}
    if _LABELS not in arrays:
        options["unlabelled"] = True
    told = [f"input {name} is the array {key}, by its shape" for name, key in inputs.items() if name != key]
    return Data("npz", {"path": path}, options, notes=tuple(told))


def _array(tensor: Tensor, model: Model, arrays: Arrays, path: Path) -> str:
    if tensor.name in arrays:
        return tensor.name
    alike = [key for key, array in arrays.items() if key not in _OTHERS and array[:1].size == tensor.elements]
    rivals = [other for other in model.inputs if other.elements == tensor.elements]
    if len(alike) == len(rivals) == 1:
        return alike[0]
    raise PlanError(
        f"the archive has no array that is the model's input {tensor.name!r} alone",
        where=str(path),
        expected=_described(model),
        found=", ".join(f"{key} {list(array.shape)}" for key, array in arrays.items()),
        next_step="name the arrays as the model names its inputs: numpy.savez('data.npz', "
        + ", ".join(f"{one.name}=..." for one in model.inputs)
        + ")",
    )


def _described(model: Model) -> str:
    return ", ".join(f"{tensor.name} {tensor.describe()}" for tensor in model.inputs)
